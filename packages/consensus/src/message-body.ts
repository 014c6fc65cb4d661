import { CborReader, EncodingError, type PayloadId } from '@varve/encoding';
import type { DecodeResult, Payload } from './contract.ts';

/** Finds a payload by its id. */
export type FindPayload = (id: PayloadId) => Payload | undefined;

/**
 * `Protocol.decode` for messages that are one CBOR item. Never throws.
 * @param read - Reads the item; ids of payloads that `find` does not have go to `missing`.
 * @param nonsenseIn - Why no correct node sends a well-formed message.
 */
export function decodeMessageBody<M>(
  body: Uint8Array,
  find: FindPayload,
  read: (reader: CborReader, find: FindPayload, missing: Set<PayloadId>) => M,
  nonsenseIn: (message: M) => string | undefined,
): DecodeResult<M> {
  try {
    const missing = new Set<PayloadId>();
    const reader = new CborReader(body);
    const message = read(reader, find, missing);
    reader.end();
    const nonsense = nonsenseIn(message);
    if (nonsense !== undefined) return { kind: 'malformed', reason: nonsense };
    if (missing.size > 0) return { kind: 'missing', payloads: [...missing] };
    return { kind: 'message', message };
  } catch (error) {
    if (error instanceof EncodingError) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}
