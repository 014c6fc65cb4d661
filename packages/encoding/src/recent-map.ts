/**
 * A map that forgets: it holds at most so many entries, and of more those that were not used for longest. Two generations: what was
 * used since the older one was full survives, the rest goes.
 */
export class RecentMap<V> {
  readonly #generationMax: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @param sizeMax - Upper bound of `size`, at least 2. */
  constructor(sizeMax: number) {
    this.#generationMax = Math.max(1, Math.floor(sizeMax / 2));
  }

  /** Number of entries held; one that was used in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** What was kept under a key, or `undefined`; that is a use. */
  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** @param value - Anything but `undefined`. */
  set(key: string, value: V): void {
    if (this.#young.size >= this.#generationMax && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
