/** Bytes of one hash in the row. */
export const BLOCK_HASH_BYTES = 32;

/** Hashes of all blocks from 0 on, one after another in flat memory. */
export class BlockHashes {
  #bytes: Uint8Array;
  #length: number;

  /** @param bytes - 32 for each block. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
    this.#length = bytes.length;
  }

  /** Sets the hash of the block at `height`, the next or the newest. */
  set(height: number, hash: Uint8Array): void {
    const at = height * BLOCK_HASH_BYTES;
    if (at >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(at + BLOCK_HASH_BYTES, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(hash, at);
    this.#length = at + BLOCK_HASH_BYTES;
  }

  /** All, as one row of bytes. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
