import { HASH_BYTES, sha256, sha256Parts } from '@varve/crypto';

/** Root of the tree without leaves: SHA-256 of nothing (RFC 9162 §2.1.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

const LEAF_PREFIX = Uint8Array.of(0);
const node = new Uint8Array(1 + 2 * HASH_BYTES);
node[0] = 1;

/** SHA-256(0x00 ‖ data): a leaf's hash. The prefix keeps it from ever passing for an inner node (RFC 9162 §2.1.1). */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256Parts(LEAF_PREFIX, data);
}

/** SHA-256(0x01 ‖ left ‖ right) of two hashes: an inner node's hash. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/** The same of two hashes that follow each other in `hashes` from `at` on. */
export function pairHash(hashes: Uint8Array, at: number): Uint8Array {
  for (let i = 0; i < 2 * HASH_BYTES; i++) node[1 + i] = hashes[at + i] as number;
  return sha256(node);
}

/** Whether `value` is an array of 32 bytes; proofs come from strangers. */
export function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}
