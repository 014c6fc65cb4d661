import { CborReader, type CborValue } from './reader.ts';
import { sharedCopy } from './shared-memory.ts';
import { CborWriter } from './writer.ts';

/**
 * Canonical CBOR of `value`: shortest heads, definite lengths (RFC 8949 §4.2.1).
 * @throws {EncodingError} `CBOR_UNENCODABLE` for a number that is no unsigned safe integer, a lone surrogate, or more
 *   than `CBOR_DEPTH_MAX` levels of arrays.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  writer.truncate(0);
  writer.value(value);
  return sharedCopy(writer.written);
}

/**
 * The value of canonical CBOR. Byte strings are views on `bytes`.
 * @throws {EncodingError} `CBOR_MALFORMED` or `CBOR_UNEXPECTED`, also for anything after the value.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new CborReader(bytes);
  const value = reader.value();
  reader.end();
  return value;
}

const writer = new CborWriter();
