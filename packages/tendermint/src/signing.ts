import type { SignedBytes } from '@varve/consensus';
import { encodeCbor, fromHex, type InstanceId, type NodeId } from '@varve/encoding';
import type { Proposal, SignedVote, TendermintMessage, Vote } from './message.ts';

/** Domains of what is signed (FORMATS): no signature of one kind is one of another. */
export const VOTE_DOMAIN = 'varve/vote/1';
export const PROPOSAL_DOMAIN = 'varve/proposal/1';

/** `["varve/vote/1", instance, 1 | 2, index, round, payloadId | null]`. */
export function voteBytes(vote: Vote, instance: InstanceId): Uint8Array {
  const type = vote.kind === 'prevote' ? 1 : 2;
  const id = vote.id === null ? null : fromHex(vote.id);
  return encodeCbor([VOTE_DOMAIN, fromHex(instance), type, vote.height, vote.round, id]);
}

/** `["varve/proposal/1", instance, index, round, validRound | null, firstEpoch, payloadId]`. */
export function proposalBytes(proposal: Proposal, instance: InstanceId): Uint8Array {
  const { height, round, validRound, epoch, payload } = proposal;
  const firstEpoch = [epoch.number, epoch.node];
  return encodeCbor([PROPOSAL_DOMAIN, fromHex(instance), height, round, validRound, firstEpoch, fromHex(payload.id)]);
}

/** What the sender of `message` signs; the other kinds promise nothing. */
export function signBytes(message: TendermintMessage, instance: InstanceId): Uint8Array | undefined {
  switch (message.kind) {
    case 'proposal':
      return proposalBytes(message, instance);
    case 'prevote':
    case 'precommit':
      return voteBytes(message, instance);
    default:
      return undefined;
  }
}

/** Every vote of others inside `message`. */
export function statements(
  message: TendermintMessage,
  instance: InstanceId,
): readonly (SignedBytes & { readonly voter: NodeId })[] {
  return votesIn(message).map((vote) => ({
    voter: vote.voter,
    bytes: voteBytes(vote, instance),
    signature: vote.signature,
  }));
}

function votesIn(message: TendermintMessage): readonly SignedVote[] {
  switch (message.kind) {
    case 'votes':
      return message.votes;
    case 'decided':
      return message.precommits;
    case 'readResponse':
      return message.proof;
    default:
      return [];
  }
}
