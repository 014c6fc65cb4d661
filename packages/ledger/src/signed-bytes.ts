import { fromHex } from '@varve/encoding';

/** Of a COSE_Sign1 message: the item of the protected header is at 2 to 42, that of the body begins at 43. */
const PROTECTED_ITEM = { start: 2, end: 42 } as const;
const BODY_ITEM_OFFSET = 43;
/** `84` (array of 4) and the text "Signature1". */
const HEAD = fromHex('84' + '6a' + '5369676e617475726531');
/** `external_aad`: the 10 bytes "varve/tx/1". */
const EXTERNAL_AAD = fromHex('4a' + '76617276652f74782f31');
const AAD_OFFSET = HEAD.length + PROTECTED_ITEM.end - PROTECTED_ITEM.start;
const BODY_ITEM_TARGET = AAD_OFFSET + EXTERNAL_AAD.length;
const SCRATCH_BYTES = 4096;

const scratch = begun(SCRATCH_BYTES);

/**
 * The Sig_structure of RFC 9052 §4.4, `["Signature1", protected, external_aad, payload]`, of a COSE_Sign1 message whose body
 * ends at `bodyEnd`: items stand in it as they stand in the message. Up to some length it is in memory that the
 * next call overwrites.
 */
export function signedBytesOf(message: Uint8Array, bodyEnd: number): Uint8Array {
  const length = BODY_ITEM_TARGET + bodyEnd - BODY_ITEM_OFFSET;
  const signed = length > SCRATCH_BYTES ? begun(length) : scratch.subarray(0, length);
  signed.set(message.subarray(PROTECTED_ITEM.start, PROTECTED_ITEM.end), HEAD.length);
  signed.set(message.subarray(BODY_ITEM_OFFSET, bodyEnd), BODY_ITEM_TARGET);
  return signed;
}

/** What is the same in all. */
function begun(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(HEAD);
  bytes.set(EXTERNAL_AAD, AAD_OFFSET);
  return bytes;
}
