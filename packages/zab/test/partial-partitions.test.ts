import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { A, B, C, Cluster, D, E } from './harness.ts';

const ELECTION_MS = 400;
/** What did not come within so many election timeouts does not come. */
const STUCK_MS = 50 * ELECTION_MS;

type Link = readonly [NodeId, NodeId];

/** Only `links` carry anything, both ways. */
function keepOnly(cluster: Cluster, links: readonly Link[]): void {
  const kept = new Set(links.flatMap(([one, other]) => [`${one}>${other}`, `${other}>${one}`]));
  cluster.cut.clear();
  for (const from of cluster.ids) {
    for (const to of cluster.ids) if (from !== to && !kept.has(`${from}>${to}`)) cluster.cut.add(`${from}>${to}`);
  }
}

/** `leader` leads 5 nodes that all hold the same. */
function ledBy(leader: NodeId): Cluster {
  const cluster = new Cluster({ n: 5, seed: `partial/${leader}`, engine: { first: leader } }).start();
  cluster.progress(1).run(100);
  expect(cluster.leader()).toBe(leader);
  return cluster;
}

/** Everybody has something to order while the partition lasts; then it heals, and there is progress in any case. */
function watch(cluster: Cluster, ms: number): { readonly firstMs: number; readonly epochs: number } {
  const start = cluster.now;
  cluster.run(20);
  const [before, epochs] = [cluster.history.highest, cluster.leaders.size];
  let firstMs = Number.POSITIVE_INFINITY;
  while (cluster.now < start + ms) {
    cluster.withdraw().demandAll(1).run(20);
    if (cluster.history.highest > before) firstMs = Math.min(firstMs, cluster.now - start);
  }
  const seen = { firstMs, epochs: cluster.leaders.size - epochs };
  cluster.withdraw().recover().progress(1).check();
  return seen;
}

/** Every node but `hub` hears `hub` alone. */
const star = (hub: NodeId): readonly Link[] => [A, B, C, D, E].filter((id) => id !== hub).map((id): Link => [hub, id]);

describe('trap 21: partial partitions of 5 nodes', () => {
  it('21: quorum loss: the leader loses its quorum and one node alone still hears one: stuck', () => {
    // Votes reach the others through the hub only, and not its own alone makes a quorum: nobody follows whom it elects.
    for (const [leader, hub] of [
      [E, A],
      [E, C],
      [A, E],
      [C, D],
    ] as const) {
      const cluster = ledBy(leader);
      keepOnly(cluster, star(hub));
      expect(watch(cluster, STUCK_MS)).toEqual({ firstMs: Number.POSITIVE_INFINITY, epochs: 0 });
    }
  });

  it('21: quorum loss: where the hub leads, it goes on without a pause', () => {
    const cluster = ledBy(C);
    keepOnly(cluster, star(C));
    const seen = watch(cluster, 8 * ELECTION_MS);
    expect(seen.epochs).toBe(0);
    expect(seen.firstMs).toBeLessThanOrEqual(ELECTION_MS);
  });

  it('21: constrained election: the leader is gone and the one node with a quorum has a poorer history: stuck', () => {
    for (const hub of [A, B, C, D]) {
      const cluster = ledBy(E);
      cluster.partition([hub]);
      cluster.demand(E, 5).run(100);
      cluster.crash(E);
      keepOnly(cluster, star(hub));
      expect(watch(cluster, STUCK_MS)).toEqual({ firstMs: Number.POSITIVE_INFINITY, epochs: 0 });
    }
  });

  it('21: chain: who leads with two neighbours goes on; else it is stuck', () => {
    const chains: readonly (readonly NodeId[])[] = [
      [A, B, C, D, E],
      [E, D, C, B, A],
      [A, E, B, D, C],
    ];
    for (const chain of chains) {
      const links = chain.slice(1).map((id, i): Link => [chain[i] ?? A, id]);
      for (const leader of chain) {
        const cluster = ledBy(leader);
        keepOnly(cluster, links);
        const seen = watch(cluster, STUCK_MS);
        expect(seen.epochs).toBe(0);
        if (leader === chain[0] || leader === chain[4]) expect(seen.firstMs).toBe(Number.POSITIVE_INFINITY);
        else expect(seen.firstMs).toBeLessThanOrEqual(ELECTION_MS);
      }
    }
  });
});
