/** Arrays up to this length share memory: memory of its own costs a small array ten times as much. */
const SHARED_BYTES_MAX = 512;

/** Bytes shared by what is let go soon. */
const SOON_BYTES = 8192;

/**
 * Memory that small arrays share, a piece at a time, which lasts as long as the last of its arrays. Those who keep what
 * they get have one of their own, with smaller pieces: one array that stays keeps the whole of its piece.
 */
export class SharedMemory {
  readonly #pieceBytes: number;
  #memory = new ArrayBuffer(0);
  #used = 0;

  /** @param pieceBytes - At least 512. */
  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  /** An array of zeros. */
  bytes(length: number): Uint8Array {
    if (length > SHARED_BYTES_MAX) return new Uint8Array(length);
    if (this.#used + length > this.#memory.byteLength) {
      this.#memory = new ArrayBuffer(this.#pieceBytes);
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

  /** Uses the place of an array again that nobody needs, where it was the last. */
  takeBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
    if (buffer !== this.#memory || byteOffset + byteLength !== this.#used) return;
    new Uint8Array(buffer, byteOffset, byteLength).fill(0);
    this.#used = byteOffset;
  }
}

const common = new SharedMemory(SOON_BYTES);

/** A copy of `bytes` in memory that whatever is let go soon shares. */
export function sharedCopy(bytes: Uint8Array): Uint8Array {
  return common.copy(bytes);
}

/** An array of zeros; see `sharedCopy`. */
export function sharedBytes(length: number): Uint8Array {
  return common.bytes(length);
}
