/** Views up to this length are kept. */
const VIEW_BYTES_MAX = 1024;

/**
 * Memory in which something is put together to be hashed, copied or summed, and which then serves again. Views of its
 * beginning are made once for each length: one made for each use costs as much as most uses.
 */
export class Scratch {
  /** All of it, outside of the heap, where native code can read it as it is. */
  readonly bytes: Uint8Array;
  #views: (Uint8Array | undefined)[] = [];

  /** @param capacity - Bytes. */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(capacity));
  }

  /** A view of the first `length` bytes, at most the capacity. */
  first(length: number): Uint8Array {
    if (length > VIEW_BYTES_MAX) return this.bytes.subarray(0, length);
    if (this.#views.length === 0) this.#views = new Array<undefined>(VIEW_BYTES_MAX + 1).fill(undefined);
    let view = this.#views[length];
    if (view === undefined) {
      view = this.bytes.subarray(0, length);
      this.#views[length] = view;
    }
    return view;
  }
}
