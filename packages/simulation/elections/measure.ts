import type { SimulatedNode } from '../src/world/node.ts';
import { ELECTION_MS, engineOf, LoadedWorld, termOf } from './loaded-world.ts';

/** Nothing that is measured here may take longer, milliseconds. */
const MEASURED_MS_MAX = 50 * ELECTION_MS;
/** What was on its way when the links broke still arrives. */
const ON_THE_WAY_MS_MAX = 3;
/** What is promised: typically, nearly always, and of a leader that lost its quorum; milliseconds. */
export const PROMISED = {
  failoverMedianMs: 2 * ELECTION_MS,
  failoverP99Ms: 5 * ELECTION_MS,
  stepDownMs: 2 * ELECTION_MS + ON_THE_WAY_MS_MAX,
} as const;
/** How long a node is cut off, and watched afterwards; milliseconds. */
const CUT_MS_MIN = 1000;
const CUT_MS_MAX = 2500;
const WATCHED_MS = 1500;

/** Ways in which a node is cut off from others: both ways, or one of them. */
export const CUTS = ['isolated', 'deaf', 'mute'] as const;
export type Cut = (typeof CUTS)[number];

/** The leader dies under load. Returns the virtual milliseconds until a block of a later term is durable somewhere. */
export function measureFailover(validators: number, seed: number): number {
  const loaded = new LoadedWorld(validators, seed, 'failover');
  const leader = leaderOf(loaded);
  const term = termOf(leader);
  leader.crash(loaded.dice.chance(0.5));
  let height = 0;
  return loaded.timeUntil(MEASURED_MS_MAX, () => {
    const { chain } = loaded.world;
    if (chain.height === height) return false;
    height = chain.height;
    return loaded.committedTerm > term;
  });
}

/** The leader cannot hear a quorum any more, or is not heard. Returns the virtual milliseconds until it leads no more. */
export function measureStepDown(validators: number, seed: number, cut: Cut): number {
  const loaded = new LoadedWorld(validators, seed, 'step down');
  const leader = leaderOf(loaded);
  // Fewer than a quorum stay in touch: with five validators one of the others may.
  const others = loaded.world.nodes.filter((node) => node !== leader);
  const near = loaded.dice.sample(others, loaded.dice.between(0, Math.floor((validators - 1) / 2) - 1));
  loaded.block(cutting(cut, leader, new Set(near.map(({ index }) => index))));
  return loaded.timeUntil(MEASURED_MS_MAX, () => engineOf(leader)?.role !== 'leader');
}

/** Who led before and after a follower was cut off and came back. */
export interface Rejoining {
  readonly before: string;
  readonly after: string;
}

/** A follower is cut off under load, and comes back. */
export function watchRejoining(validators: number, seed: number, cut: Cut): Rejoining {
  const loaded = new LoadedWorld(validators, seed, 'rejoin');
  const { world, dice } = loaded;
  const leader = leaderOf(loaded);
  const before = `${leader.name} in term ${termOf(leader)}`;
  const lonely = dice.pick(world.nodes.filter((node) => node !== leader));
  const reconnect = loaded.block(cutting(cut, lonely, new Set()));
  const cutMs = dice.between(CUT_MS_MIN, CUT_MS_MAX);
  const dropMs = dice.between(0, cutMs);
  world.run(dropMs);
  if (dice.chance(0.5)) world.connections.dropBlocked();
  world.run(cutMs - dropMs);
  reconnect();
  world.run(WATCHED_MS);
  loaded.demandOrder();
  const terms = new Set(world.nodes.map((node) => `${engineOf(node)?.leader} in term ${termOf(node)}`));
  return { before, after: [...terms].join(', ') };
}

function leaderOf({ leader }: LoadedWorld): SimulatedNode {
  if (leader === undefined) throw new Error('nobody leads');
  return leader;
}

/** Which links a cut of `node` takes away; those with `near` stay. */
function cutting(cut: Cut, node: SimulatedNode, near: ReadonlySet<number>): (from: number, to: number) => boolean {
  return (from, to) => {
    if (near.has(from) || near.has(to)) return false;
    const isToNode = to === node.index && cut !== 'mute';
    const isFromNode = from === node.index && cut !== 'deaf';
    return isToNode || isFromNode;
  };
}
