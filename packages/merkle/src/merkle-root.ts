import { HASH_BYTES } from '@varve/crypto';
import { EMPTY_ROOT, leafHashInto, pairHashInto } from './tree-hash.ts';

const FIRST_LEAVES = 64;

/** Makes the root of an RFC 9162 tree whose leaves come one after another, of which it keeps the hashes. */
export class RootBuilder {
  #hashes = new Uint8Array(FIRST_LEAVES * HASH_BYTES);
  #count = 0;

  /** @param data - Of the next leaf, of any length, not yet hashed. */
  add(data: Uint8Array): void {
    const at = this.#count * HASH_BYTES;
    if (at === this.#hashes.length) {
      const grown = new Uint8Array(2 * at);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    leafHashInto(this.#hashes, data, at);
    this.#count += 1;
  }

  /** Root over the leaves so far, 32 bytes; SHA-256 of nothing for none. */
  root(): Uint8Array {
    const level = this.#hashes.slice(0, this.#count * HASH_BYTES);
    // Pairing from below and passing an odd last node on gives the RFC's split at the greatest power of two below n.
    let count = this.#count;
    while (count > 1) {
      for (let i = 0; 2 * i + 1 < count; i++) pairHashInto(level, level, 2 * i * HASH_BYTES, i * HASH_BYTES);
      if (count % 2 === 1)
        level.copyWithin(((count - 1) / 2) * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
      count = Math.ceil(count / 2);
    }
    return (count === 0 ? EMPTY_ROOT : level).slice(0, HASH_BYTES);
  }
}

/**
 * Root of the RFC 9162 tree over `leaves`.
 * @param leaves - Leaf data of any length, not yet hashed.
 * @returns 32 bytes; SHA-256 of nothing for no leaves.
 * @see RFC 9162 §2.1.1.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const builder = new RootBuilder();
  for (const leaf of leaves) builder.add(leaf);
  return builder.root();
}
