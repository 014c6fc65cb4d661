/** Nodes of a full chunk. */
const CHUNK_NODES_LOG2 = 13;
const CHUNK_NODES = 2 ** CHUNK_NODES_LOG2;
/** Only the first chunk starts small: most trees of tests and simulations hold a few dozen keys. */
const FIRST_CHUNK_NODES = 32;

/**
 * Nodes of one size in flat memory, named by numbers from 1 on; 0 names none. Released ones are used again, the newest
 * first. Memory grows by chunks, so that growth never copies more than half of one, and never shrinks.
 */
export class NodeSlab {
  /** Length of a node in 32-bit words. */
  readonly width: number;
  readonly #words: Int32Array[] = [];
  readonly #bytes: Uint8Array[] = [];
  /** The lowest number that was never given out. */
  #fresh = 1;
  /** The node released last; the first word of each such node names the one before. */
  #released = 0;
  #count = 0;

  constructor(width: number) {
    this.width = width;
  }

  /** Nodes in use. */
  get count(): number {
    return this.#count;
  }

  /** Memory taken, in use or not. */
  get allocatedBytes(): number {
    return this.#words.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  /** A node whose words may be anything. Arrays got from `words` and `bytes` before are no longer to be used. */
  allocate(): number {
    this.#count += 1;
    const id = this.#released;
    if (id !== 0) {
      this.#released = this.words(id)[this.at(id)] as number;
      return id;
    }
    const fresh = this.#fresh++;
    const chunk = fresh >>> CHUNK_NODES_LOG2;
    const words = this.#words[chunk];
    if (words === undefined || this.at(fresh) >= words.length) this.#grow(chunk);
    return fresh;
  }

  release(id: number): void {
    this.words(id)[this.at(id)] = this.#released;
    this.#released = id;
    this.#count -= 1;
  }

  /** The chunk that holds a node, from word `at(id)` on. */
  words(id: number): Int32Array {
    return this.#words[id >>> CHUNK_NODES_LOG2] as Int32Array;
  }

  /** The same memory by bytes: the node begins at byte `4 * at(id)`. */
  bytes(id: number): Uint8Array {
    return this.#bytes[id >>> CHUNK_NODES_LOG2] as Uint8Array;
  }

  /** Place of a node in its chunk, in words. */
  at(id: number): number {
    return (id & (CHUNK_NODES - 1)) * this.width;
  }

  #grow(chunk: number): void {
    const old = this.#words[chunk];
    const nodes = chunk > 0 ? CHUNK_NODES : old === undefined ? FIRST_CHUNK_NODES : (2 * old.length) / this.width;
    const words = new Int32Array(nodes * this.width);
    if (old !== undefined) words.set(old);
    this.#words[chunk] = words;
    this.#bytes[chunk] = new Uint8Array(words.buffer);
  }
}
