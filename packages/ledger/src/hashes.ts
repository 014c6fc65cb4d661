import { sha256 } from '@varve/crypto';
import { type CborValue, encodeCbor, fromHex, toHex } from '@varve/encoding';

/** 32 zero bytes: the parent of block 0, of configuration 0, and the root of an empty state. */
export const ZERO_HASH: Uint8Array = new Uint8Array(32);
/** `ZERO_HASH` in hexadecimal. */
export const ZERO_HASH_HEX: string = toHex(ZERO_HASH);

/** SHA-256 of the canonical CBOR of `value`. */
export function hashOf(value: CborValue): Uint8Array {
  return sha256(encodeCbor(value));
}

/** The 32 bytes of a hash in hexadecimal. */
export function hashBytes(hex: string): Uint8Array {
  return fromHex(hex);
}
