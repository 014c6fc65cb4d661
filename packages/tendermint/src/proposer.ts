import { assert, type Epoch } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';

/**
 * Who proposes in `(height, round)`: the voters take turns, by height and by round.
 * @param voters - In name order, at least one.
 * @param height - At least 1.
 * @param round - At least 0.
 */
export function proposerOf(voters: readonly NodeId[], height: number, round: number): NodeId {
  const proposer = voters[(((height - 1) % voters.length) + (round % voters.length)) % voters.length];
  assert(proposer !== undefined, 'somebody proposes');
  return proposer;
}

/** The epoch of what is first proposed in `(height, round)`: rounds count from 0, epochs from 1. */
export function epochOf(voters: readonly NodeId[], height: number, round: number): Epoch {
  return { number: round + 1, node: proposerOf(voters, height, round) };
}
