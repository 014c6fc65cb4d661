import type { Payload } from '@varve/consensus';
import { names, payloadOf } from '@varve/consensus/testing';
import { type NodeId, type PayloadId, utf8Encode } from '@varve/encoding';
import type { Decided, Proposal, SignedVote, VoteKind, Votes } from '../src/message.ts';
import { epochOf, proposerOf } from '../src/proposer.ts';

export const V: Payload = payloadOf('v');
export const W: Payload = payloadOf('w');

/** A vote with a signature that no test looks at. */
export function voteOf(kind: VoteKind, round: number, id: PayloadId | null, voter: NodeId, height = 1): SignedVote {
  return {
    kind,
    height,
    round,
    id,
    voter,
    signature: utf8Encode(`${kind} ${voter} ${height}/${round} ${id?.slice(0, 8)}`),
  };
}

export function votesOf(
  kind: VoteKind,
  round: number,
  id: PayloadId | null,
  voters: readonly NodeId[],
  height = 1,
): readonly SignedVote[] {
  return voters.map((voter) => voteOf(kind, round, id, voter, height));
}

export function bundle(votes: readonly SignedVote[], height = 1, round = 0): Votes {
  return { kind: 'votes', height, round, votes };
}

/** Of the proposer of `(height, round)` among `n`: a new payload, or with `validRound` one that had a polka. */
export function proposalOf(
  n: number,
  round: number,
  payload: Payload,
  { height = 1, validRound, first }: { height?: number; validRound?: number; first?: number } = {},
): Proposal {
  const voters = names(n);
  const epoch = epochOf(voters, height, first ?? validRound ?? round);
  const voter = proposerOf(voters, height, round);
  return { kind: 'proposal', height, round, validRound: validRound ?? null, epoch, payload, voter };
}

export function decidedOf(n: number, height: number, payload: Payload, voters: readonly NodeId[], round = 0): Decided {
  const precommits = votesOf('precommit', round, payload.id, voters, height);
  return { kind: 'decided', height, epoch: epochOf(names(n), height, round), payload, round, precommits };
}
