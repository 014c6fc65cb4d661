import type { Epoch, Payload } from '@varve/consensus';
import type { NodeId, PayloadId } from '@varve/encoding';

/** Votes in one message, at most. */
export const VOTES_MAX = 512;
/** Bytes of a signature, at most. */
const SIGNATURE_BYTES_MAX = 64;
/** Highest height and round: far beyond any chain, and far enough below 2^53 to count on. */
export const HEIGHT_MAX: number = 2 ** 52;
export const ROUND_MAX: number = 2 ** 40;

/** The two kinds of votes, in the order of their steps. */
export type VoteKind = 'prevote' | 'precommit';

/** A payload for `(height, round)`, signed by the proposer of that round. */
export interface Proposal {
  readonly kind: 'proposal';
  readonly height: number;
  readonly round: number;
  /** The round in which the proposer saw a polka for the payload; null for a payload that is new. */
  readonly validRound: number | null;
  /** Where the payload was first proposed: its number is that round + 1. */
  readonly epoch: Epoch;
  readonly payload: Payload;
  /** The proposer. */
  readonly voter: NodeId;
}

/** A vote for a payload, or, with `id` null, for none; signed by `voter`. */
export interface Vote {
  readonly kind: VoteKind;
  readonly height: number;
  readonly round: number;
  readonly id: PayloadId | null;
  readonly voter: NodeId;
}

/** A vote that anybody may pass on. */
export interface SignedVote extends Vote {
  readonly signature: Uint8Array;
}

/** What the sender knows of votes at its height; also tells where it stands. */
export interface Votes {
  readonly kind: 'votes';
  readonly height: number;
  readonly round: number;
  readonly votes: readonly SignedVote[];
}

/** Where the sender stands. It can hand out decisions of heights after `base`; `reply`: and where do you stand? */
export interface StatusReport {
  readonly kind: 'status';
  readonly height: number;
  readonly round: number;
  readonly base: number;
  readonly reply: boolean;
}

/** A decision with the precommits of `round` that made it. */
export interface Decided {
  readonly kind: 'decided';
  readonly height: number;
  readonly epoch: Epoch;
  readonly payload: Payload;
  readonly round: number;
  readonly precommits: readonly SignedVote[];
}

/** Up to where may anything be decided? `context` is the asker's number. */
export interface ReadRequest {
  readonly kind: 'readRequest';
  readonly context: number;
}

/**
 * Nothing above `barrier` can have been decided with the sender's precommit. `proof`: precommits or prevotes of a
 * quorum at that height, unless the sender has none.
 */
export interface ReadResponse {
  readonly kind: 'readResponse';
  readonly context: number;
  readonly ok: boolean;
  readonly barrier: number;
  readonly proof: readonly SignedVote[];
}

/** Everything two voters say to each other. */
export type TendermintMessage = Proposal | Vote | Votes | StatusReport | Decided | ReadRequest | ReadResponse;

/**
 * Why no correct node sends `message`, or `undefined`. Its numbers are already known to be unsigned safe integers.
 * Who is a member, and who proposes when, is the engine's to judge.
 */
export function nonsenseIn(message: TendermintMessage): string | undefined {
  switch (message.kind) {
    case 'readRequest':
      return undefined;
    case 'readResponse':
      if (message.barrier > HEIGHT_MAX) return 'height out of range';
      return message.proof.length > VOTES_MAX ? 'too many votes' : nonsenseInVotes(message.barrier, message.proof);
    case 'votes':
      if (message.votes.length > VOTES_MAX) return 'too many votes';
      return nonsenseInPlace(message) ?? nonsenseInVotes(message.height, message.votes);
    case 'decided':
      return nonsenseInPlace(message) ?? nonsenseInDecided(message);
    case 'proposal':
      return nonsenseInPlace(message) ?? nonsenseInProposal(message);
    default:
      return nonsenseInPlace(message);
  }
}

function nonsenseInPlace({ height, round }: { readonly height: number; readonly round: number }): string | undefined {
  if (height < 1 || height > HEIGHT_MAX) return 'height out of range';
  return round > ROUND_MAX ? 'round out of range' : undefined;
}

function nonsenseInVotes(height: number, votes: readonly SignedVote[]): string | undefined {
  for (const vote of votes) {
    if (vote.height !== height) return 'vote of another height';
    if (vote.round > ROUND_MAX) return 'round out of range';
    if (vote.signature.length > SIGNATURE_BYTES_MAX) return 'signature too long';
  }
  return undefined;
}

function nonsenseInProposal({ epoch, round, validRound, voter }: Proposal): string | undefined {
  if (validRound === null) {
    return epoch.number === round + 1 && epoch.node === voter ? undefined : 'a new payload of another epoch';
  }
  if (validRound >= round) return 'valid in a later round';
  return epoch.number >= 1 && epoch.number <= validRound + 1 ? undefined : 'valid before it was proposed';
}

function nonsenseInDecided({ epoch, height, payload, precommits, round }: Decided): string | undefined {
  if (epoch.number < 1 || epoch.number > round + 1) return 'decided before it was proposed';
  if (precommits.length > VOTES_MAX) return 'too many votes';
  let last = '';
  for (const vote of precommits) {
    if (vote.kind !== 'precommit' || vote.round !== round || vote.id !== payload.id) return 'a vote for something else';
    if (vote.voter <= last) return 'voters not ascending';
    last = vote.voter;
  }
  return nonsenseInVotes(height, precommits);
}
