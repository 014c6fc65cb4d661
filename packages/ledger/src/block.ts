import { CborReader, encodeCbor } from '@varve/encoding';
import { LedgerError, readingAs } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';
import { payloadIdOf } from './payload.ts';

/** A header and what it orders; block 0 has no payload. */
export interface Block {
  readonly sealed: SealedHeader;
  readonly payload: Uint8Array | null;
}

/** FORMATS `block`: on the wire and in an export. */
export function encodeBlock(block: Block): Uint8Array {
  return encodeCbor([1, block.sealed.bytes, block.payload]);
}

/**
 * Decodes a block and checks that the payload is the header's.
 * @throws {LedgerError} `BLOCK_MALFORMED`, `HEADER_MALFORMED`.
 */
export function decodeBlock(bytes: Uint8Array): Block {
  return readingAs('BLOCK_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    reader.exactly(1);
    const sealed = decodeHeader(reader.byteString());
    const payload = reader.nullable((inner) => inner.byteString());
    reader.end();
    if ((payload === null) !== (sealed.header.height === 0)) {
      throw new LedgerError('BLOCK_MALFORMED', { reason: 'only block 0 has no payload' });
    }
    if (payload !== null && payloadIdOf(payload) !== sealed.header.payloadHash) {
      throw new LedgerError('BLOCK_MALFORMED', { reason: "the payload is not the header's" });
    }
    return { sealed, payload };
  });
}
