import { CborReader, EncodingError } from '@varve/encoding';
import { SEQUENCE_TRANSACTIONS_MAX } from './limits.ts';
import { ApiError } from './problems.ts';

/** CBOR's tag of COSE_Sign1 (RFC 9052 §2). */
const COSE_SIGN1_TAG = 18;
const PROTECTED_BYTES = 38;
const SIGNATURE_BYTES = 64;
const EMPTY_MAP = 0xa0;

/**
 * The transactions of a CBOR sequence (RFC 8742), as views on `body`. Only the frame of each is read: whether what is
 * inside holds together is judged one by one at admission.
 * @throws {ApiError} `SEQUENCE_MALFORMED`, `TRANSACTIONS_TOO_MANY`.
 */
export function splitSequence(body: Uint8Array): Uint8Array[] {
  if (body.length === 0) throw new ApiError('SEQUENCE_MALFORMED', 'the body is empty');
  const reader = new CborReader(body);
  const transactions: Uint8Array[] = [];
  while (reader.offset < body.length) {
    if (transactions.length === SEQUENCE_TRANSACTIONS_MAX) {
      throw new ApiError('TRANSACTIONS_TOO_MANY', `more than ${SEQUENCE_TRANSACTIONS_MAX} transactions`);
    }
    const start = reader.offset;
    try {
      skipTransaction(reader);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      throw new ApiError('SEQUENCE_MALFORMED', `item ${transactions.length}, at byte ${start}: ${error.message}`);
    }
    transactions.push(body.subarray(start, reader.offset));
  }
  return transactions;
}

function skipTransaction(reader: CborReader): void {
  reader.tag(COSE_SIGN1_TAG);
  reader.array(4);
  reader.byteString(PROTECTED_BYTES);
  if (reader.peek() !== EMPTY_MAP) reader.unexpected('an empty unprotected header', reader.offset);
  reader.offset += 1;
  reader.byteString();
  reader.byteString(SIGNATURE_BYTES);
}
