import type { Protocol } from '@varve/consensus';
import { utf8Encode } from '@varve/encoding';
import type { Operation } from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { tendermint } from '../../tendermint/src/index.ts';
import { Cluster, type TestNode } from './cluster.ts';

function create(path: string): Operation {
  return { module: 'coordination', method: 'create', arguments: [path, utf8Encode('value')] };
}

describe('a network of validators', () => {
  it.each([1, 3, 4])('commits and certifies with %i validators', (validators) => {
    const cluster = new Cluster({ validators }).start();
    cluster.until(() => cluster.leader !== undefined, 5000);
    for (const [i, node] of cluster.nodes.entries()) {
      const [admission] = cluster.submit(node, cluster.transaction([create(`/n${i}`)]).bytes);
      expect(admission).toMatchObject({ admitted: true, known: false });
    }
    cluster.until(() =>
      cluster.nodes.every(
        (node) =>
          node.validator?.ledger.finalHeight === node.validator?.ledger.tip.header.height &&
          (node.validator?.ledger.finalHeight ?? 0) > 0 &&
          node.validator?.status().pool.transactions === 0,
      ),
    );
    const hashes = new Set(cluster.nodes.map((node) => node.validator?.ledger.tip.hash));
    expect(hashes.size).toBe(1);
    expect(cluster.nodes.flatMap((node) => node.misbehaved)).toEqual([]);
  });

  it('hardly waits for a proposer that was away when the others began', () => {
    const cluster = new Cluster({ validators: 4, protocol: tendermint as Protocol<unknown> });
    const present = cluster.nodes.slice(0, 3);
    cluster.start(...present);
    cluster.until(() => present.every((node) => node.validator?.status().mode === 'validator'), 5000);
    const [first] = present as [TestNode, ...TestNode[]];
    const finalHeight = (node: TestNode): number => node.validator?.ledger.finalHeight ?? 0;
    const before = cluster.now;
    for (let at = 1; at <= 8; at++) {
      cluster.submit(first, cluster.transaction([create(`/away${at}`)]).bytes);
      cluster.until(() => present.every((node) => finalHeight(node) >= at), 2000);
    }
    // Two of eight turns are its own; a timeout is 500 ms.
    expect(cluster.now - before).toBeLessThan(500);
  });
});
