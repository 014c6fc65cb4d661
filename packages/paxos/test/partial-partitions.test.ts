import { names } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { paxos } from '../src/index.ts';
import { A, B, C, Cluster, D, E } from './harness.ts';

const ELECTION_MS = 400;
/** What ballot leader election promises: four timeouts. */
const LEADER_MS_MAX = 4 * ELECTION_MS;
const WATCH_MS = 10 * ELECTION_MS;

type Link = readonly [NodeId, NodeId];

/** All graphs on `ids`, but for the names of all nodes after the first. */
function shapesOf(ids: readonly NodeId[]): readonly (readonly Link[])[] {
  const [first = A, ...rest] = ids;
  const pairs = ids.flatMap((from, i) => ids.slice(i + 1).map((to): Link => [from, to]));
  const renamings = permutations(rest).map((order) => new Map([first, ...order].map((id, i) => [id, ids[i] ?? A])));
  const shapes = new Map<string, readonly Link[]>();
  for (let mask = 0; mask < 2 ** pairs.length; mask++) {
    const links = pairs.filter((_, i) => (mask & (1 << i)) !== 0);
    const named = renamings.map((renaming) => {
      const renamed = links.map((link) => link.map((id) => renaming.get(id) ?? '').sort());
      return renamed
        .map((link) => link.join('-'))
        .sort()
        .join(' ');
    });
    const canonical = named.sort()[0] ?? '';
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

/** Only `links` carry anything, in both directions. */
function keepOnly(cluster: Cluster, links: readonly Link[]): void {
  const kept = new Set(links.flatMap(([one, other]) => [`${one}>${other}`, `${other}>${one}`]));
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
  return 1 + peers.length >= paxos.quorum(cluster.ids.length);
}

interface Seen {
  /** Until something new was decided; infinite: not while it was watched. */
  readonly firstMs: number;
  /** Ballots that got a leader. */
  readonly ballots: number;
  readonly leads: boolean;
}

/** Everybody has something to order, as long as the partition lasts; then it heals, and there is progress in any case. */
function watch(cluster: Cluster, ms: number): Seen {
  const [start, ballots] = [cluster.now, cluster.leaders.size];
  cluster.run(20);
  const before = cluster.history.highest;
  let firstMs = Number.POSITIVE_INFINITY;
  while (cluster.now < start + ms) {
    cluster.withdraw().demandAll(1).run(20);
    if (cluster.history.highest > before) firstMs = Math.min(firstMs, cluster.now - start);
  }
  const seen = {
    firstMs,
    ballots: cluster.leaders.size - ballots,
    leads: cluster.ids.some((id) => cluster.status(id).role === 'leader'),
  };
  cluster.withdraw().recover().progress(1).check();
  return seen;
}

/** A leads, and everybody holds what it holds. */
function ledByA(n: number, seed: string): Cluster {
  const cluster = new Cluster({ n, seed, engine: { first: A } }).start();
  cluster.elect();
  cluster.progress(1).run(100);
  expect(cluster.leader()).toBe(A);
  return cluster;
}

describe('trap 21: partial partitions', () => {
  it.each([1, 2, 3, 4, 5])('quorum loss: only B is linked to all others, and A leads (seed %i)', (seed) => {
    const cluster = ledByA(5, `quorum loss/${seed}`);
    keepOnly(cluster, [
      [B, A],
      [B, C],
      [B, D],
      [B, E],
    ]);
    const seen = watch(cluster, WATCH_MS);
    expect(seen.firstMs).toBeLessThanOrEqual(LEADER_MS_MAX);
    expect(seen).toMatchObject({ ballots: 1, leads: true });
  });

  it.each([1, 2, 3, 4, 5])('constrained election: only B reaches a quorum, and its log is short (seed %i)', (seed) => {
    const cluster = ledByA(5, `constrained/${seed}`);
    cluster.partition([B]);
    cluster.demand(A, 5).run(100);
    keepOnly(cluster, [
      [B, C],
      [B, D],
      [B, E],
    ]);
    const missed = cluster.history.highest - cluster.host(B).delivered;
    expect(missed).toBeGreaterThan(0);
    const seen = watch(cluster, WATCH_MS);
    expect(seen.firstMs).toBeLessThanOrEqual(LEADER_MS_MAX);
    expect(seen).toMatchObject({ ballots: 1, leads: true });
  });

  it.each([1, 2, 3, 4, 5])('chain: each is linked to its neighbours only, and the end leads (seed %i)', (seed) => {
    const cluster = ledByA(5, `chain/${seed}`);
    keepOnly(cluster, [
      [A, B],
      [B, C],
      [C, D],
      [D, E],
    ]);
    const seen = watch(cluster, WATCH_MS);
    expect(seen.firstMs).toBeLessThanOrEqual(LEADER_MS_MAX);
    expect(seen.leads).toBe(true);
    expect(seen.ballots).toBeLessThanOrEqual(2);
  });

  it.each([
    { n: 3, shapes: 6 },
    { n: 4, shapes: 20 },
    { n: 5, shapes: 90 },
  ])('$shapes shapes of $n nodes: whoever and a quorum hear each other go on, and nobody else leads', (row) => {
    const all = shapesOf(names(row.n));
    expect(all).toHaveLength(row.shapes);
    let slowest = 0;
    for (const links of all) {
      const cluster = ledByA(row.n, links.join(' '));
      keepOnly(cluster, links);
      const canGoOn = cluster.ids.some((id) => hasQuorum(cluster, id));
      const seen = watch(cluster, WATCH_MS);
      expect(seen.leads, links.join(' ')).toBe(canGoOn);
      expect(Number.isFinite(seen.firstMs), links.join(' ')).toBe(canGoOn);
      expect(seen.ballots, links.join(' ')).toBeLessThanOrEqual(2);
      if (canGoOn) slowest = Math.max(slowest, seen.firstMs);
    }
    if (process.env.PAXOS_FIGURES === '1') console.log(`${row.n} nodes: ${slowest} ms`);
    expect(slowest).toBeLessThanOrEqual(LEADER_MS_MAX);
  });

  it('without their leader, a node that lags but alone reaches a quorum leads: all shapes of 4 nodes', () => {
    let slowest = 0;
    for (const links of shapesOf(names(5).slice(1))) {
      const cluster = ledByA(5, `led/${links.join(' ')}`);
      cluster.partition([B]);
      cluster.demand(A, 5).run(100);
      cluster.crash(A);
      cluster.boot(A);
      keepOnly(cluster, links);
      const canGoOn = cluster.ids.some((id) => hasQuorum(cluster, id));
      const seen = watch(cluster, WATCH_MS);
      expect(Number.isFinite(seen.firstMs), links.join(' ')).toBe(canGoOn);
      if (canGoOn) slowest = Math.max(slowest, seen.firstMs);
    }
    if (process.env.PAXOS_FIGURES === '1') console.log(`without the leader: ${slowest} ms`);
    expect(slowest).toBeLessThanOrEqual(LEADER_MS_MAX);
  });

  it('an idle leader that a quorum hears keeps its ballot, whatever other links are cut', () => {
    for (const links of shapesOf(names(5))) {
      const cluster = ledByA(5, `idle/${links.join(' ')}`);
      keepOnly(cluster, links);
      if (!hasQuorum(cluster, A)) continue;
      const ballots = cluster.leaders.size;
      cluster.run(WATCH_MS);
      expect(cluster.leaders.size, links.join(' ')).toBe(ballots);
      expect(cluster.status(A).role).toBe('leader');
    }
  });
});
