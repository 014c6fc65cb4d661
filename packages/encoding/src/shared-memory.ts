/** Arrays up to this length share memory: memory of its own costs a small array ten times as much. */
const SHARED_BYTES_MAX = 512;
const MEMORY_BYTES = 8192;

/**
 * Memory that small arrays share, 8 KiB at a time, which lasts as long as the last of its arrays: for what is let go
 * soon, or about together. Those who keep what they get for longer have one of their own.
 */
export class SharedMemory {
  #memory = new ArrayBuffer(MEMORY_BYTES);
  #used = 0;

  /** An array of zeros. */
  bytes(length: number): Uint8Array {
    if (length > SHARED_BYTES_MAX) return new Uint8Array(length);
    if (this.#used + length > MEMORY_BYTES) {
      this.#memory = new ArrayBuffer(MEMORY_BYTES);
      this.#used = 0;
    }
    this.#used += length;
    return new Uint8Array(this.#memory, this.#used - length, length);
  }

  copy(bytes: Uint8Array): Uint8Array {
    const copy = this.bytes(bytes.length);
    copy.set(bytes);
    return copy;
  }
}

const common = new SharedMemory();

/** A copy of `bytes` in memory that whatever is let go soon shares. */
export function sharedCopy(bytes: Uint8Array): Uint8Array {
  return common.copy(bytes);
}

/** An array of zeros; see `sharedCopy`. */
export function sharedBytes(length: number): Uint8Array {
  return common.bytes(length);
}
