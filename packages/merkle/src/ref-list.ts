import type { NodeRef } from './state-nodes.ts';

const CAPACITY = 64;
/** Room for more than this is let go: a whole state comes once, as one batch. */
const CAPACITY_KEPT_MAX = 65_536;

/** A list of references in flat memory that serves again: one that grows anew each time costs several times its length. */
export class RefList {
  #refs = new Int32Array(CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The reference at an index below `length`. */
  at(index: number): NodeRef {
    return this.#refs[index] as NodeRef;
  }

  push(ref: NodeRef): void {
    if (this.#length === this.#refs.length) {
      const grown = new Int32Array(2 * this.#length);
      grown.set(this.#refs);
      this.#refs = grown;
    }
    this.#refs[this.#length++] = ref;
  }

  clear(): void {
    if (this.#refs.length > CAPACITY_KEPT_MAX) this.#refs = new Int32Array(CAPACITY);
    this.#length = 0;
  }

  /** A copy. */
  toArray(): Int32Array {
    return this.#refs.slice(0, this.#length);
  }
}
