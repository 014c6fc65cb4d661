import { type CborValue, toHex } from '@varve/encoding';

/** A CBOR value as JSON: byte strings become hexadecimal. */
export function readable(value: CborValue): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  return Array.isArray(value) ? value.map(readable) : value;
}
