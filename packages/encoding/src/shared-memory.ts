/** Copies up to this length share memory, 8 KiB at a time: memory of its own costs a small array ten times as much. */
const SHARED_BYTES_MAX = 512;
const MEMORY_BYTES = 8192;

let memory = new ArrayBuffer(MEMORY_BYTES);
let used = 0;

/**
 * A copy of `bytes`. Small ones share memory, which lasts as long as the last of its arrays: for what is let go soon,
 * or together.
 */
export function sharedCopy(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length > SHARED_BYTES_MAX) return new Uint8Array(bytes);
  if (used + length > MEMORY_BYTES) {
    memory = new ArrayBuffer(MEMORY_BYTES);
    used = 0;
  }
  const copy = new Uint8Array(memory, used, length);
  copy.set(bytes);
  used += length;
  return copy;
}
