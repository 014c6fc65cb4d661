/** Texts of bytes as Node makes them. */
interface Slices {
  readonly latin1: (bytes: Uint8Array) => string;
  readonly hex: (bytes: Uint8Array) => string;
}

interface BufferPrototype {
  latin1Slice?: NativeSlice;
  hexSlice?: NativeSlice;
}

type NativeSlice = (this: Uint8Array, start: number, end: number) => string;

/** V8 keeps arrays up to this length on its heap, and gives them memory of their own before native code reads them. */
const ON_HEAP_BYTES_MAX = 64;
const offHeap = new Uint8Array(new ArrayBuffer(2 * ON_HEAP_BYTES_MAX));

/** The conversions beneath Node's `Buffer.toString`, which take any `Uint8Array`; `undefined` in browsers. */
export const slices: Slices | undefined = findSlices();

function findSlices(): Slices | undefined {
  const prototype = (globalThis as { Buffer?: { prototype: BufferPrototype } }).Buffer?.prototype;
  const { latin1Slice, hexSlice } = prototype ?? {};
  if (latin1Slice === undefined || hexSlice === undefined) return undefined;
  return { latin1: (bytes) => sliced(bytes, latin1Slice), hex: (bytes) => sliced(bytes, hexSlice) };
}

/** A copy of a short array costs a tenth of what V8 would do for it, for good. */
function sliced(bytes: Uint8Array, slice: NativeSlice): string {
  const { length } = bytes;
  if (length > ON_HEAP_BYTES_MAX) return slice.call(bytes, 0, length);
  offHeap.set(bytes);
  return slice.call(offHeap, 0, length);
}
