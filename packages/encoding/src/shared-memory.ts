/** Arrays up to this length share memory, 8 KiB at a time: memory of its own costs a small array ten times as much. */
const SHARED_BYTES_MAX = 512;
const MEMORY_BYTES = 8192;

let memory = new ArrayBuffer(MEMORY_BYTES);
let used = 0;

/**
 * A copy of `bytes`. Small ones share memory, which lasts as long as the last of its arrays: for what is let go soon,
 * or together.
 */
export function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

/** An array of zeros; see `sharedCopy`. */
export function sharedBytes(length: number): Uint8Array {
  if (length > SHARED_BYTES_MAX) return new Uint8Array(length);
  if (used + length > MEMORY_BYTES) {
    memory = new ArrayBuffer(MEMORY_BYTES);
    used = 0;
  }
  used += length;
  return new Uint8Array(memory, used - length, length);
}
