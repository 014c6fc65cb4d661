import { HASH_BYTES } from '@varve/crypto';
import { EMPTY_ROOT, leafHash, pairHash } from './tree-hash.ts';

/**
 * Root of the RFC 9162 tree over `leaves`.
 * @param leaves - Leaf data of any length, not yet hashed.
 * @returns 32 bytes; SHA-256 of nothing for no leaves.
 * @see RFC 9162 §2.1.1.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const level = new Uint8Array(leaves.length * HASH_BYTES);
  for (let i = 0; i < leaves.length; i++) level.set(leafHash(leaves[i] as Uint8Array), i * HASH_BYTES);
  // Pairing from below and passing an odd last node on gives the RFC's split at the greatest power of two below n.
  let count = leaves.length;
  while (count > 1) {
    for (let i = 0; 2 * i + 1 < count; i++) level.set(pairHash(level, 2 * i * HASH_BYTES), i * HASH_BYTES);
    if (count % 2 === 1) level.copyWithin(((count - 1) / 2) * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
    count = Math.ceil(count / 2);
  }
  return (count === 0 ? EMPTY_ROOT : level).slice(0, HASH_BYTES);
}
