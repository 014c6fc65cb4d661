import { CborReader, EncodingError, encodeCbor, type PayloadId } from '@varve/encoding';
import type { SignedVote } from './message.ts';
import { readSignatures, signaturesValue } from './vote-codec.ts';

/** What makes an entry a decision: `[1, round, [[voter, signature], …]]`, precommits for its payload. */
export function encodeProof(round: number, precommits: readonly SignedVote[]): Uint8Array {
  return encodeCbor([1, round, signaturesValue(precommits)]);
}

/** The round and the precommits of `encodeProof`; `undefined` for anything else. */
export function decodeProof(
  bytes: Uint8Array,
  height: number,
  id: PayloadId,
): { readonly round: number; readonly precommits: readonly SignedVote[] } | undefined {
  try {
    const reader = new CborReader(bytes);
    reader.array(3);
    reader.exactly(1);
    const round = reader.uint();
    const precommits = readSignatures(reader, { kind: 'precommit', height, round, id });
    reader.end();
    return { round, precommits };
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}
