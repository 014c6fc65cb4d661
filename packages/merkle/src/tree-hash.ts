import { HASH_BYTES, sha256, sha256Into } from '@varve/crypto';
import { concatBytes, Scratch } from '@varve/encoding';

/** Root of the tree without leaves: SHA-256 of nothing (RFC 9162 §2.1.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

const LEAF_PREFIX = Uint8Array.of(0);
/** Leaves with less data than this are put together with their prefix in memory that is there already. */
const LEAF_BYTES = 512;
const leaf = new Scratch(LEAF_BYTES);
leaf.bytes.set(LEAF_PREFIX);
const node = new Uint8Array(1 + 2 * HASH_BYTES);
node[0] = 1;

/** SHA-256(0x00 ‖ data): a leaf's hash. The prefix keeps it from ever passing for an inner node (RFC 9162 §2.1.1). */
export function leafHash(data: Uint8Array): Uint8Array {
  const hash = new Uint8Array(HASH_BYTES);
  leafHashInto(hash, data, 0);
  return hash;
}

/** Writes the same to `output`, from `at` on. */
export function leafHashInto(output: Uint8Array, data: Uint8Array, at: number): void {
  if (data.length >= LEAF_BYTES) return sha256Into(output, concatBytes(LEAF_PREFIX, data), at);
  leaf.bytes.set(data, 1);
  sha256Into(output, leaf.first(1 + data.length), at);
}

/** SHA-256(0x01 ‖ left ‖ right) of two hashes: an inner node's hash. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/** Writes to `output`, from `at` on, the same of two hashes that follow each other in `hashes` from `from` on. */
export function pairHashInto(output: Uint8Array, hashes: Uint8Array, from: number, at: number): void {
  for (let i = 0; i < 2 * HASH_BYTES; i++) node[1 + i] = hashes[from + i] as number;
  sha256Into(output, node, at);
}

/** Whether `value` is an array of 32 bytes; proofs come from strangers. */
export function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}
