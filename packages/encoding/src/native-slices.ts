/** Texts of bytes as Node makes them. */
interface Slices {
  readonly latin1: (bytes: Uint8Array) => string;
  readonly hex: (bytes: Uint8Array) => string;
}

interface BufferPrototype {
  latin1Slice?(this: Uint8Array): string;
  hexSlice?(this: Uint8Array): string;
}

/** The conversions beneath Node's `Buffer.toString`, which take any `Uint8Array`; `undefined` in browsers. */
export const slices: Slices | undefined = findSlices();

function findSlices(): Slices | undefined {
  const prototype = (globalThis as { Buffer?: { prototype: BufferPrototype } }).Buffer?.prototype;
  const { latin1Slice, hexSlice } = prototype ?? {};
  if (latin1Slice === undefined || hexSlice === undefined) return undefined;
  return { latin1: (bytes) => latin1Slice.call(bytes), hex: (bytes) => hexSlice.call(bytes) };
}
