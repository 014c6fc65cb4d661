import { EncodingError } from './errors.ts';
import { slices } from './native-slices.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether both arrays hold the same bytes. Not constant time: for public values only. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytewise order, a proper prefix first. Returns a negative number, zero or a positive number. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** One array with the bytes of all `parts` in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** A copy that does not keep the (perhaps much larger) buffer of `bytes` alive. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** A text of code units 0 to 255, one for each byte: a key for maps. */
export function latin1(bytes: Uint8Array): string {
  if (slices) return slices.latin1(bytes);
  if (bytes.length <= CODES_MAX) return fromCharCodes(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += CODES_MAX) text += fromCharCodes(bytes.subarray(at, at + CODES_MAX));
  return text;
}

/** How many arguments one call may take, well below every engine's limit. */
const CODES_MAX = 4096;

/** `apply` takes any array-like, which its type does not say; spreading would iterate, many times slower. */
function fromCharCodes(codes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, codes);
}

/** V8 keeps arrays up to this length on its heap. */
const SHORT_TEXT_LENGTH = 64;

/**
 * UTF-8 of `text`.
 * @throws {EncodingError} `CBOR_UNENCODABLE` for a lone surrogate, which UTF-8 cannot carry.
 */
export function utf8Encode(text: string): Uint8Array {
  const short = text.length <= SHORT_TEXT_LENGTH ? asciiEncode(text) : undefined;
  if (short) return short;
  if (!text.isWellFormed()) throw new EncodingError('CBOR_UNENCODABLE', { reason: 'lone surrogate' });
  return encoder.encode(text);
}

/** ASCII of `text`, or `undefined`: most texts are names and paths, not worth the encoder's entry fee. */
function asciiEncode(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return undefined;
    bytes[i] = code;
  }
  return bytes;
}

/** Text of valid UTF-8, or `undefined`; a byte order mark is kept as a character. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
