import type { Epoch } from '@varve/consensus';
import { sha256Hex } from '@varve/crypto';
import { CborReader, encodeCbor, type PayloadId } from '@varve/encoding';
import { epochValue, readEpoch } from './epoch-codec.ts';
import { readingAs } from './errors.ts';

/** What an engine orders: transactions built for one slot of its log. */
export interface PayloadContent {
  readonly index: number;
  readonly epoch: Epoch;
  /** Block time as the builder proposes it, Unix milliseconds. */
  readonly time: number;
  /** Each exactly as received. */
  readonly transactions: readonly Uint8Array[];
}

/** SHA-256 of a payload. */
export function payloadIdOf(bytes: Uint8Array): PayloadId {
  return sha256Hex(bytes) as PayloadId;
}

/** FORMATS `payload`. */
export function encodePayload(content: PayloadContent): Uint8Array {
  return encodeCbor([1, content.index, epochValue(content.epoch), content.time, content.transactions]);
}

/**
 * Decodes a payload; its transactions stay bytes.
 * @throws {LedgerError} `PAYLOAD_MALFORMED`.
 */
export function decodePayload(bytes: Uint8Array): PayloadContent {
  return readingAs('PAYLOAD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(5);
    reader.exactly(1);
    const index = reader.uint();
    const epoch = readEpoch(reader);
    const time = reader.uint();
    const transactions = reader.list((inner) => inner.byteString());
    reader.end();
    return { index, epoch, time, transactions };
  });
}
