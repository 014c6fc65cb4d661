import type { ProtocolName } from '@varve/consensus';
import { ELECTION_MS, engineOf, LoadedWorld, termOf } from '../elections/loaded-world.ts';
import type { SimulatedNode } from '../src/world/node.ts';

const VALIDATORS = 5;
/** Of them, who hear each other, can order: more than half. */
const QUORUM = 3;
/** How long the graph stays, and how long progress afterwards may take; milliseconds. */
export const WATCH_MS: number = 25 * ELECTION_MS;
const HEAL_MS_MAX = 50 * ELECTION_MS;
/** What was on its way when the links broke may still make a block final. */
const ON_THE_WAY_MS = 20;
/** How long the node with the short log missed what the others committed. */
const LAG_MS_MIN = 200;
const LAG_MS_MAX = 350;

/**
 * Graphs on five nodes in which leader-based protocols differ (Ng, Haridi and Carbone 2023, §2):
 * - `quorum-loss`: one follower is linked to all others, and nobody else to anybody else;
 * - `constrained-election`: the leader is gone; one follower is linked to the other three, and missed what was committed
 *   last; nobody else is linked to anybody;
 * - `chain`: each is linked to its neighbours, and the leader is at an end.
 */
export const GRAPHS = ['quorum-loss', 'constrained-election', 'chain'] as const;
export type Graph = (typeof GRAPHS)[number];

/** What happened while a graph stayed; milliseconds from its beginning, infinite for what did not happen. */
export interface Partial {
  /** Until somebody whom a quorum hears leads. */
  readonly leaderMs: number;
  /** Until something became final that was not on its way before. */
  readonly firstMs: number;
  /** The longest time in which nothing became final. */
  readonly gapMs: number;
  /** Terms, ballots, epochs or rounds that began. */
  readonly epochs: number;
  /** From the return of all links to the next final block. */
  readonly healMs: number;
}

/** Cuts five nodes at work into a graph, and heals it. */
export function measurePartial(protocol: ProtocolName, graph: Graph, seed: number): Partial {
  const loaded = new LoadedWorld(VALIDATORS, seed, graph, protocol);
  const { world, dice } = loaded;
  const leader = loaded.leader ?? dice.pick(world.nodes);
  const [hub = leader, ...others] = dice.sample(
    world.nodes.filter((node) => node !== leader),
    VALIDATORS - 1,
  );
  const rejoin = loaded.block(
    (from, to) => graph === 'constrained-election' && (from === hub.index || to === hub.index),
  );
  if (graph === 'constrained-election') world.run(dice.between(LAG_MS_MIN, LAG_MS_MAX));
  const links = linksOf(graph, leader, hub, others);
  const isLinked = (a: number, b: number): boolean => links.some((link) => link.has(a) && link.has(b));
  const heal = loaded.block((from, to) => !isLinked(from, to));
  rejoin();
  const epoch = highestEpoch(loaded);
  const watched = watch(loaded, ({ index }) => {
    return 1 + links.filter((link) => link.has(index)).length >= QUORUM;
  });
  const epochs = highestEpoch(loaded) - epoch;
  heal();
  const { finalHeight } = world.chain;
  const healMs = loaded.timeUntil(HEAL_MS_MAX, () => world.chain.finalHeight > finalHeight);
  return { ...watched, epochs, healMs };
}

function linksOf(
  graph: Graph,
  leader: SimulatedNode,
  hub: SimulatedNode,
  others: readonly SimulatedNode[],
): readonly ReadonlySet<number>[] {
  const link = (a: SimulatedNode, b: SimulatedNode): ReadonlySet<number> => new Set([a.index, b.index]);
  switch (graph) {
    case 'quorum-loss':
      return [leader, ...others].map((node) => link(hub, node));
    case 'constrained-election':
      return others.map((node) => link(hub, node));
    default: {
      const chain = [leader, hub, ...others];
      return chain.slice(1).map((node, i) => link(chain[i] ?? leader, node));
    }
  }
}

function watch(
  { world }: LoadedWorld,
  reachesQuorum: (node: SimulatedNode) => boolean,
): Pick<Partial, 'leaderMs' | 'firstMs' | 'gapMs'> {
  const began = world.scheduler.now;
  let height = world.chain.finalHeight;
  let leaderMs = Number.POSITIVE_INFINITY;
  let firstMs = Number.POSITIVE_INFINITY;
  let gapMs = 0;
  let lastMs = 0;
  world.run(WATCH_MS, () => {
    const now = world.scheduler.now - began;
    const leads = (node: SimulatedNode): boolean => engineOf(node)?.role === 'leader' && reachesQuorum(node);
    if (leaderMs > now && world.nodes.some(leads)) leaderMs = now;
    if (world.chain.finalHeight === height) return false;
    height = world.chain.finalHeight;
    if (now > ON_THE_WAY_MS) firstMs = Math.min(firstMs, now);
    gapMs = Math.max(gapMs, now - lastMs);
    lastMs = now;
    return false;
  });
  return { leaderMs, firstMs, gapMs: Math.max(gapMs, WATCH_MS - lastMs) };
}

function highestEpoch({ world }: LoadedWorld): number {
  return Math.max(...world.nodes.map(termOf));
}
