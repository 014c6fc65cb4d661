import type { Epoch } from '@varve/consensus';
import {
  type CborReader,
  type CborValue,
  fromHex,
  type NodeId,
  nodeId,
  type PayloadId,
  payloadId,
  toHex,
} from '@varve/encoding';
import { type SignedVote, VOTES_MAX } from './message.ts';

/** `payloadId | null`. */
export function idValue(id: PayloadId | null): CborValue {
  return id === null ? null : fromHex(id);
}

/** See `idValue`. */
export function readId(reader: CborReader): PayloadId | null {
  return reader.nullable(readPayloadId);
}

/** A payload's id, which may not be null. */
export function readPayloadId(reader: CborReader): PayloadId {
  return payloadId(toHex(reader.byteString(32)));
}

/** An epoch as two items. */
export function readEpoch(reader: CborReader): Epoch {
  return { number: reader.uint(), node: nodeId(reader.text()) };
}

/** `[1 prevote | 2 precommit, round, id | null, voter, signature]`; the height stands outside. */
export function voteValue(vote: SignedVote): CborValue {
  return [vote.kind === 'prevote' ? 1 : 2, vote.round, idValue(vote.id), vote.voter, vote.signature];
}

/** See `voteValue`. */
export function readVote(reader: CborReader, height: number): SignedVote {
  const start = reader.offset;
  reader.array(5);
  const type = reader.uint();
  if (type !== 1 && type !== 2) reader.unexpected('kind of vote', start);
  const kind = type === 1 ? 'prevote' : 'precommit';
  const round = reader.uint();
  const id = readId(reader);
  const voter = nodeId(reader.text());
  return { kind, height, round, id, voter, signature: reader.byteString() };
}

/** Votes that agree on everything but voter and signature: `[[voter, signature], …]`. */
export function signaturesValue(votes: readonly SignedVote[]): CborValue {
  return votes.map(({ voter, signature }) => [voter, signature]);
}

/** The votes of `signaturesValue` for what they all say. */
export function readSignatures(reader: CborReader, said: Omit<SignedVote, 'voter' | 'signature'>): SignedVote[] {
  return reader.list((r) => {
    r.array(2);
    const voter: NodeId = nodeId(r.text());
    return { ...said, voter, signature: r.byteString() };
  }, VOTES_MAX);
}
