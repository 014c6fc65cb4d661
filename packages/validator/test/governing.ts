import type { Parameters } from '@varve/consensus';
import { configurationHashOf, encodeConfiguration, type Operation } from '@varve/ledger';
import type { Ledger } from '@varve/ledger/chain';
import { expect } from 'vitest';
import type { Cluster, TestNode } from './cluster.ts';

export function ledgerOf(node: TestNode): Ledger {
  if (node.validator === undefined) throw new Error(`${node.name} is down`);
  return node.validator.ledger;
}

/** Makes operations final, as the admin of the one organization. */
export function agree(cluster: Cluster, operations: readonly Operation[]): void {
  const transaction = cluster.transaction(operations, cluster.admin);
  cluster.submit(cluster.node(0), transaction.bytes);
  cluster.until(() => cluster.node(0).validator?.transactionState(transaction.id).state === 'final');
  expect(cluster.node(0).validator?.transactionState(transaction.id)).toMatchObject({ outcome: { code: 'OK' } });
}

/** Proposes the configuration that follows, with other parameters; one organization decides at once. */
export function nextConfiguration(cluster: Cluster, parameters: Partial<Parameters> = {}): Operation {
  const { configuration } = ledgerOf(cluster.node(0));
  const next = encodeConfiguration({
    ...configuration,
    number: configuration.number + 1,
    parentHash: configurationHashOf(configuration),
    parameters: { ...configuration.parameters, ...parameters },
  });
  return { module: 'governance', method: 'propose', arguments: [next, true] };
}
