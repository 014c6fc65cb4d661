import { names } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { raft } from '../src/index.ts';
import { A, B, Cluster } from './harness.ts';

const ELECTION_MS = 400;
/** The slowest that was ever seen took 1,500 ms; the bound is the one that ballot leader election promises, and one more. */
const RECOVERY_MS_MAX = 5 * ELECTION_MS;
const WATCH_MS = 8 * ELECTION_MS;
/** What did not come within so many election timeouts does not come. */
const STUCK_MS = 50 * ELECTION_MS;

type Link = readonly [NodeId, NodeId];

/** All graphs on `ids`, but for the names of all nodes after the first. */
function shapesOf(ids: readonly NodeId[]): readonly (readonly Link[])[] {
  const [first = A, ...rest] = ids;
  const pairs = ids.flatMap((from, i) => ids.slice(i + 1).map((to): Link => [from, to]));
  const renamings = permutations(rest).map((order) => new Map([first, ...order].map((id, i) => [id, ids[i] ?? A])));
  const nameOf = (links: readonly Link[], renaming: ReadonlyMap<NodeId, NodeId>) => {
    const renamed = links.map((link) => link.map((id) => renaming.get(id) ?? '').sort());
    return renamed.map((link) => link.join('-')).sort();
  };
  const shapes = new Map<string, readonly Link[]>();
  for (let mask = 0; mask < 2 ** pairs.length; mask++) {
    const links = pairs.filter((_, i) => (mask & (1 << i)) !== 0);
    const canonical = renamings.map((renaming) => nameOf(links, renaming).join(' ')).sort()[0] ?? '';
    if (!shapes.has(canonical)) shapes.set(canonical, links);
  }
  return [...shapes.values()];
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

const bothWays = (links: readonly Link[]) =>
  links.flatMap(([one, other]): Link[] => [
    [one, other],
    [other, one],
  ]);

/** Only `oneWay` links carry anything. */
function keepOnly(cluster: Cluster, oneWay: readonly Link[]): void {
  const kept = new Set(oneWay.map(([from, to]) => `${from}>${to}`));
  cluster.cut.clear();
  for (const from of cluster.ids) {
    for (const to of cluster.ids) if (from !== to && !kept.has(`${from}>${to}`)) cluster.cut.add(`${from}>${to}`);
  }
}

/** Whether `id` and a quorum hear each other. */
function hasQuorum(cluster: Cluster, id: NodeId): boolean {
  const peers = cluster.ids.filter(
    (to) => to !== id && !cluster.cut.has(`${id}>${to}`) && !cluster.cut.has(`${to}>${id}`),
  );
  return 1 + peers.length >= raft.quorum(cluster.ids.length);
}

interface Seen {
  /** Until something new was committed; infinite: not while it was watched. */
  readonly firstMs: number;
  /** Terms gone through. */
  readonly terms: number;
  readonly leads: boolean;
}

/** Everybody has something to order, as long as the partition lasts; then it heals, and there is progress in any case. */
function watch(cluster: Cluster, ms: number): Seen {
  const highestTerm = () => Math.max(...cluster.ids.map((id) => cluster.status(id).epoch.number));
  const [start, term] = [cluster.now, highestTerm()];
  cluster.run(20);
  const before = cluster.history.highest;
  let firstMs = Number.POSITIVE_INFINITY;
  while (cluster.now < start + ms) {
    cluster.withdraw().demandAll(1).run(20);
    if (cluster.history.highest > before) firstMs = Math.min(firstMs, cluster.now - start);
  }
  const leads = cluster.ids.some((id) => cluster.status(id).role === 'leader');
  const terms = highestTerm() - term;
  cluster.withdraw().recover().progress(1).check();
  return { firstMs, terms, leads };
}

/** A leads, and everybody holds what it holds. */
function ledByA(n: number, seed: string): Cluster {
  const cluster = new Cluster({ n, seed, engine: { first: A } }).start();
  cluster.elect();
  cluster.progress(1).run(100);
  expect(cluster.leader()).toBe(A);
  return cluster;
}

/** While somebody and a quorum hear each other: order within `RECOVERY_MS_MAX` and no churn. Else: nothing, and no leader. */
function expectOrderly(seen: Seen, canGoOn: boolean): void {
  expect(seen.terms).toBeLessThanOrEqual(1);
  expect(seen.leads).toBe(canGoOn);
  if (canGoOn) expect(seen.firstMs).toBeLessThanOrEqual(RECOVERY_MS_MAX);
  else expect(seen.firstMs).toBe(Number.POSITIVE_INFINITY);
}

describe('trap 21: partial partitions', () => {
  it.each([
    { n: 3, shapes: 6 },
    { n: 4, shapes: 20 },
    { n: 5, shapes: 90 },
  ])(
    '21: $shapes shapes of $n nodes: where one node and a quorum hear each other, it goes on soon',
    ({ n, shapes }) => {
      const all = shapesOf(names(n));
      expect(all).toHaveLength(shapes);
      for (const links of all) {
        const cluster = ledByA(n, links.join(' '));
        keepOnly(cluster, bothWays(links));
        const canGoOn = cluster.ids.some((id) => hasQuorum(cluster, id));
        expectOrderly(watch(cluster, WATCH_MS), canGoOn);
      }
    },
  );

  it.each([3, 4, 5])(
    '21: an idle leader of %i keeps its term while a quorum hears it, whatever other links are cut',
    (n) => {
      for (const links of shapesOf(names(n))) {
        const cluster = ledByA(n, `idle/${links.join(' ')}`);
        keepOnly(cluster, bothWays(links));
        if (!hasQuorum(cluster, A)) continue;
        cluster.run(WATCH_MS);
        expect([cluster.leader(), cluster.leaders.size]).toEqual([A, 1]);
      }
    },
  );

  it('21: every set of one-way links of 3 nodes: where one node and a quorum hear each other, it goes on soon', () => {
    const ids = names(3);
    const all = ids.flatMap((from) => ids.filter((to) => to !== from).map((to): Link => [from, to]));
    for (let mask = 0; mask < 2 ** all.length; mask++) {
      const cluster = ledByA(3, `one way/${mask}`);
      const links = all.filter((_, i) => mask & (1 << i));
      keepOnly(cluster, links);
      const canGoOn = cluster.ids.some((id) => hasQuorum(cluster, id));
      expectOrderly(watch(cluster, WATCH_MS), canGoOn);
    }
  });

  it.each([
    { n: 4, shapes: 6, stuck: ['b,c b,d'] },
    { n: 5, shapes: 20, stuck: ['b,c b,d', 'b,c b,d b,e'] },
  ])('21: $shapes shapes of $n nodes without their leader: Raft is stuck where only a laggard has a quorum', (row) => {
    const all = shapesOf(names(row.n).slice(1));
    expect(all).toHaveLength(row.shapes);
    const stuck: string[] = [];
    for (const links of all) {
      const cluster = ledByA(row.n, links.join(' '));
      cluster.partition([B]);
      cluster.demand(A, 5).run(100);
      cluster.crash(A);
      cluster.boot(A);
      keepOnly(cluster, bothWays(links));
      const withQuorum = cluster.ids.filter((id) => hasQuorum(cluster, id));
      // B's log is behind: nobody votes for it. And no other node reaches enough voters.
      const isStuck = `${withQuorum}` === B;
      if (isStuck) stuck.push(links.join(' '));
      expectOrderly(watch(cluster, isStuck ? STUCK_MS : WATCH_MS), withQuorum.length > 0 && !isStuck);
    }
    expect(stuck).toEqual(row.stuck);
  });
});
