import { HASH_BYTES } from '@varve/crypto';

/** Hashes per full chunk: 128 KiB. */
const CHUNK_HASHES = 4096;
const FIRST_CHUNK_HASHES = 64;

/** A growing list of hashes in flat memory: 32 bytes each, with no object per hash. */
export class HashSlab {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** Number of hashes. */
  get length(): number {
    return this.#length;
  }

  /** Appends a copy of `hash`. */
  push(hash: Uint8Array): void {
    const chunkIndex = Math.floor(this.#length / CHUNK_HASHES);
    const offset = (this.#length % CHUNK_HASHES) * HASH_BYTES;
    let chunk = this.#chunks[chunkIndex];
    if (chunk === undefined || offset >= chunk.length) {
      chunk = grown(chunk, chunkIndex);
      this.#chunks[chunkIndex] = chunk;
    }
    chunk.set(hash, offset);
    this.#length += 1;
  }

  /** A view of the hash at `index`, valid until `truncate`; `undefined` from `length` on. */
  at(index: number): Uint8Array | undefined {
    if (index >= this.#length) return undefined;
    const offset = (index % CHUNK_HASHES) * HASH_BYTES;
    return this.#chunks[Math.floor(index / CHUNK_HASHES)]?.subarray(offset, offset + HASH_BYTES);
  }

  /** Forgets the hashes from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
    this.#chunks.length = Math.min(this.#chunks.length, Math.ceil(this.#length / CHUNK_HASHES));
  }
}

/** Only the first chunk starts small: a level high up in a tree holds few hashes. */
function grown(chunk: Uint8Array | undefined, chunkIndex: number): Uint8Array {
  if (chunkIndex > 0) return new Uint8Array(CHUNK_HASHES * HASH_BYTES);
  if (chunk === undefined) return new Uint8Array(FIRST_CHUNK_HASHES * HASH_BYTES);
  const larger = new Uint8Array(2 * chunk.length);
  larger.set(chunk);
  return larger;
}
