import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { Scratch, toHex } from '@varve/encoding';
import { type Native, native } from './native.ts';

/** Length of every hash, bytes. */
export const HASH_BYTES = 32;
/** `sha256Parts` joins up to so many bytes in memory that is there already. */
const JOINED_BYTES = 320;

/** SHA-256 (FIPS 180-4) of one input, written to `output` from `at` on (0) when given, else to a new array. */
export type Sha256 = (bytes: Uint8Array, output?: Uint8Array, at?: number) => Uint8Array;

/**
 * SHA-256 by the fastest means of `accelerators`. All means give the same result; tests compare them.
 * @param accelerators - `{}` gives @noble/hashes.
 */
export function createSha256({ nodeCrypto }: Native): Sha256 {
  if (nodeCrypto === undefined) return (bytes, output, at) => written(nobleSha256(bytes), output, at);
  // OpenSSL uses what the processor has for SHA-256, libsodium does not. A text costs V8 a fraction of a Buffer.
  if (typeof nodeCrypto.hash === 'function')
    return (bytes, output, at = 0) =>
      codesInto(output ?? new Uint8Array(HASH_BYTES), at, nodeCrypto.hash('sha256', bytes, 'binary'));
  return (bytes, output, at) => written(nodeCrypto.createHash('sha256').update(bytes).digest(), output, at);
}

/** The code units of `text`, one for each byte. */
function codesInto(output: Uint8Array, at: number, text: string): Uint8Array {
  for (let i = 0; i < HASH_BYTES; i++) output[at + i] = text.charCodeAt(i);
  return output;
}

function written(digest: Uint8Array, output: Uint8Array | undefined, at = 0): Uint8Array {
  if (output === undefined) return new Uint8Array(digest);
  output.set(digest, at);
  return output;
}

const hash = createSha256(native);
const { nodeCrypto } = native;
const hashHex: (bytes: Uint8Array) => string =
  typeof nodeCrypto?.hash === 'function'
    ? (bytes) => nodeCrypto.hash('sha256', bytes, 'hex')
    : (bytes) => toHex(hash(bytes));

/**
 * SHA-256 of `bytes`.
 * @returns 32 bytes that nothing else holds.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash(bytes);
}

/**
 * Writes SHA-256 of `bytes` to `output`, for loops over many hashes: a fresh array for each costs a sixth more.
 * @param output - Has 32 bytes from `at` on, which must not overlap `bytes`.
 */
export function sha256Into(output: Uint8Array, bytes: Uint8Array, at: number = 0): void {
  hash(bytes, output, at);
}

/** SHA-256 of `bytes`: 64 lower-case hexadecimal digits. Cheaper than the bytes and `toHex`. */
export function sha256Hex(bytes: Uint8Array): string {
  return hashHex(bytes);
}

const joined = new Scratch(JOINED_BYTES);

/** SHA-256 of the concatenation of `parts`, which the caller need not make. */
export function sha256Parts(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const input = length <= JOINED_BYTES ? joined.first(length) : new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    input.set(part, offset);
    offset += part.length;
  }
  return hash(input);
}
