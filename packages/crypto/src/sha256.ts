import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@varve/encoding';
import { type Native, native } from './native.ts';

/** Length of every hash, bytes. */
export const HASH_BYTES = 32;
/** Up to this input length libsodium is faster than OpenSSL, whose calls have a high entry fee. */
const SODIUM_INPUT_BYTES_MAX = 320;
/** V8 keeps arrays up to this length on its heap, and must move each of them before native code can see it. */
const ON_HEAP_BYTES_MAX = 64;

/** SHA-256 (FIPS 180-4) of one input, written to `output` when given, else to a new array. */
export type Sha256 = (bytes: Uint8Array, output?: Uint8Array) => Uint8Array;

/**
 * SHA-256 by the fastest means of `accelerators`. All means give the same result; tests compare them.
 * @param accelerators - `{}` gives @noble/hashes.
 */
export function createSha256(accelerators: Native): Sha256 {
  const long = createLongSha256(accelerators);
  const { sodium } = accelerators;
  if (sodium === undefined) return long;
  const result = new Uint8Array(new ArrayBuffer(2 * HASH_BYTES), 0, HASH_BYTES);
  const input = new ArrayBuffer(2 * ON_HEAP_BYTES_MAX);
  const inputs = Array.from({ length: ON_HEAP_BYTES_MAX + 1 }, (_, length) => new Uint8Array(input, 0, length));
  return (bytes, output) => {
    if (bytes.length > SODIUM_INPUT_BYTES_MAX) return long(bytes, output);
    const copied = inputs[bytes.length];
    copied?.set(bytes);
    sodium.crypto_hash_sha256(output ?? result, copied ?? bytes);
    return output ?? new Uint8Array(result);
  };
}

function createLongSha256({ nodeCrypto }: Native): Sha256 {
  if (nodeCrypto === undefined) return (bytes, output) => written(nobleSha256(bytes), output);
  const digest =
    typeof nodeCrypto.hash === 'function'
      ? (bytes: Uint8Array) => nodeCrypto.hash('sha256', bytes, 'buffer')
      : (bytes: Uint8Array) => nodeCrypto.createHash('sha256').update(bytes).digest();
  return (bytes, output) => written(digest(bytes), output);
}

function written(digest: Uint8Array, output: Uint8Array | undefined): Uint8Array {
  if (output === undefined) return new Uint8Array(digest);
  output.set(digest);
  return output;
}

const hash = createSha256(native);

/**
 * SHA-256 of `bytes`.
 * @returns 32 bytes that nothing else holds.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash(bytes);
}

/**
 * Writes SHA-256 of `bytes` to `output`, for loops over many hashes: a fresh array for each costs a sixth more.
 * @param output - 32 bytes; a view on a larger buffer that the caller keeps is fastest. Must not overlap `bytes`.
 */
export function sha256Into(output: Uint8Array, bytes: Uint8Array): void {
  hash(bytes, output);
}

/** SHA-256 of `bytes`: 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return toHex(hash(bytes));
}

const joined = new Uint8Array(SODIUM_INPUT_BYTES_MAX);
/** The beginning of `joined`, by length: a view made for each call costs as much as hashing it. */
const joinedViews: Uint8Array[] = Array.from({ length: joined.length + 1 }, (_, length) => joined.subarray(0, length));

/** SHA-256 of the concatenation of `parts`, which the caller need not make. */
export function sha256Parts(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const input = joinedViews[length] ?? new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    input.set(part, offset);
    offset += part.length;
  }
  return hash(input);
}
