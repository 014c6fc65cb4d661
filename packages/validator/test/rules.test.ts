import { fromHex, nodeId } from '@varve/encoding';
import type { Operation } from '@varve/ledger';
import { readySignBytes } from '@varve/modules';
import { describe, expect, it } from 'vitest';
import { Cluster, type TestNode } from './cluster.ts';
import { agree, ledgerOf, nextConfiguration } from './governing.ts';

const RULES_NEXT = 2;

function coordination(path: string): Operation {
  return { module: 'coordination', method: 'create', arguments: [path, new Uint8Array()] };
}

/** Every seat says that its program knows the next rules. */
function readiness(cluster: Cluster): Operation[] {
  const { configuration, tip, chainId } = ledgerOf(cluster.node(0));
  return configuration.validators.map((validator) => {
    const { header, hash } = tip;
    const signed = { chainId, validator, rules: RULES_NEXT, height: header.height, blockHash: hash };
    const signer = cluster.nodes.find(({ name }) => nodeId(name) === validator.name)?.signer;
    const proof = signer?.sign(readySignBytes(signed)) ?? new Uint8Array();
    const keys = [validator.signingKey, validator.networkKey].map(fromHex);
    const candidate = [validator.name, validator.organization, ...keys];
    const block = fromHex(hash);
    return {
      module: 'governance',
      method: 'ready',
      arguments: [candidate, RULES_NEXT, header.height, block, proof],
    };
  });
}

/** A network whose programs know the next rules */
function network(): { readonly cluster: Cluster; readonly observer: TestNode } {
  const cluster = new Cluster({ validators: 4 });
  const observer = cluster.add('observer');
  for (const node of cluster.nodes) node.rulesKnown = RULES_NEXT;
  return { cluster, observer };
}

describe('rules that a program does not know', () => {
  it.each(['a validator', 'an observer'])('end %s before the first block under them, until it is upgraded', (which) => {
    const { cluster, observer } = network();
    const old = which === 'an observer' ? observer : cluster.node(3);
    old.rulesKnown = 1;
    cluster.start().until(() => cluster.leader !== undefined);
    agree(cluster, readiness(cluster));
    agree(cluster, [nextConfiguration(cluster, { rules: RULES_NEXT })]);
    const last = ledgerOf(cluster.node(0)).configurations.newest.first - 1;
    cluster.until(() => old.halted !== undefined);
    expect(old.halted).toMatchObject({ code: 'RULES_UNKNOWN' });
    expect(old.halted?.detail).toMatch(/blocks from \d+ on are executed by version 2 of the rules.* knows 1: install/);
    agree(cluster, [coordination('/after')]);
    expect(old.validator?.status()).toMatchObject({ durableHeight: last, finalHeight: last });

    cluster.kill(old);
    expect(() => cluster.start(old)).toThrow('RULES_UNKNOWN');
    old.rulesKnown = RULES_NEXT;
    cluster.start(old);
    const { hash } = ledgerOf(cluster.node(0)).tip;
    cluster.until(() => ledgerOf(old).tip.hash === hash && old.validator?.status().finalHeight === last + 1);
    expect(old.validator?.status().mode).toBe(which === 'an observer' ? 'observer' : 'validator');
  });

  it('are refused at the start of a chain that begins with them', () => {
    const { cluster, observer } = network();
    observer.rulesKnown = 0;
    expect(() => cluster.start(observer)).toThrow('RULES_UNKNOWN');
  });

  it('do not rule before every seat said that it knows them', () => {
    const { cluster } = network();
    cluster.start().until(() => cluster.leader !== undefined);
    const transaction = cluster.transaction([nextConfiguration(cluster, { rules: RULES_NEXT })], cluster.admin);
    cluster.submit(cluster.node(0), transaction.bytes);
    const state = () => cluster.node(0).validator?.transactionState(transaction.id);
    cluster.until(() => state()?.state === 'final');
    expect(state()).toMatchObject({ outcome: { code: 'SEAT_NOT_READY' } });
  });
});
