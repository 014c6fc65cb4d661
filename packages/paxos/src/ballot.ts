import { EPOCH_ZERO, type Epoch } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';

/** At the contract a ballot is an epoch. The one before any is that of block 0. */
export type Ballot = Epoch;

/** Promised by who has promised nothing. */
export const BALLOT_ZERO: Ballot = EPOCH_ZERO;

/**
 * The lowest ballot of `node` above `number`. Each voter has every n-th number for its own (Lamport 2001, §2.5), so a
 * number alone already tells whose ballot it is.
 * @param voters - In name order.
 */
export function nextBallot(voters: readonly NodeId[], node: NodeId, number: number): Ballot {
  const rank = voters.indexOf(node);
  const rounds = Math.floor((number - 1 - rank) / voters.length) + 1;
  return { number: Math.max(0, rounds) * voters.length + rank + 1, node };
}

/** Whether `ballot` is one that a voter may have. */
export function isBallotOf(voters: readonly NodeId[], ballot: Ballot): boolean {
  if (ballot.number === 0) return ballot.node === '';
  return voters[(ballot.number - 1) % voters.length] === ballot.node;
}
