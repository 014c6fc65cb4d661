import { EncodingError } from './errors.ts';
import { slices } from './native-slices.ts';

const pairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal without prefix, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  if (slices) return slices.hex(bytes);
  let text = '';
  for (const byte of bytes) text += pairs[byte] as string;
  return text;
}

/**
 * Whether `text` is lower-case hexadecimal of whole bytes.
 * @param bytes - When given, the exact number of bytes.
 */
export function isHex(text: string, bytes?: number): boolean {
  if (bytes === undefined ? text.length % 2 !== 0 : text.length !== 2 * bytes) return false;
  return /^[0-9a-f]*$/.test(text);
}

/**
 * The bytes that `text` spells.
 * @throws {EncodingError} `HEX_MALFORMED` unless it is lower-case hexadecimal of whole bytes.
 */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >>> 1);
  writeHex(text, bytes, 0);
  return bytes;
}

/**
 * Writes the bytes that `text` spells.
 * @param to - Has room for them from `at` on.
 * @throws {EncodingError} as `fromHex` does.
 */
export function writeHex(text: string, to: Uint8Array, at: number): void {
  const size = text.length >>> 1;
  let bad = text.length & 1;
  for (let i = 0; i < size; i++) {
    const high = DIGITS[text.charCodeAt(2 * i)] ?? BAD;
    const low = DIGITS[text.charCodeAt(2 * i + 1)] ?? BAD;
    bad |= (high | low) & BAD;
    to[at + i] = (high << 4) | low;
  }
  if (bad !== 0) throw new EncodingError('HEX_MALFORMED', { text: text.slice(0, 80) });
}

const BAD = 0x100;
/** Value of each lower-case digit by character code, `BAD` for all else. */
const DIGITS: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value < 0 ? BAD : value;
});
