import { utf8Encode } from './bytes.ts';
import { EncodingError } from './errors.ts';
import { CBOR_DEPTH_MAX, CborReader, type CborValue } from './reader.ts';
import { sharedCopy } from './shared-memory.ts';

/**
 * Canonical CBOR of `value`: shortest heads, definite lengths (RFC 8949 §4.2.1).
 * @throws {EncodingError} `CBOR_UNENCODABLE` for a number that is no unsigned safe integer, a lone surrogate, or more
 *   than `CBOR_DEPTH_MAX` levels of arrays.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  writer.reset();
  writer.value(value, 0);
  return writer.finish();
}

/**
 * Length of the canonical CBOR of `value`, bytes, without making it.
 * @throws {EncodingError} as `encodeCbor` does.
 */
export function cborLength(value: CborValue): number {
  writer.reset();
  writer.value(value, 0);
  return writer.length;
}

/**
 * The value of canonical CBOR. Byte strings are views on `bytes`.
 * @throws {EncodingError} `CBOR_MALFORMED` or `CBOR_UNEXPECTED`, also for anything after the value.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new CborReader(bytes);
  const value = reader.value();
  reader.end();
  return value;
}

const SHORT_TEXT_LENGTH = 64;

/** One growing buffer, reused: records are small and encoding is synchronous. */
class Writer {
  #buffer = new Uint8Array(4096);
  #length = 0;

  reset(): void {
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  finish(): Uint8Array {
    return sharedCopy(this.#buffer.subarray(0, this.#length));
  }

  value(value: CborValue, depth: number): void {
    if (typeof value === 'number') return this.#head(0, value);
    if (typeof value === 'string') return this.#text(value);
    if (value === null) return this.#byte(0xf6);
    if (typeof value === 'boolean') return this.#byte(value ? 0xf5 : 0xf4);
    if (value instanceof Uint8Array) return this.#string(2, value);
    if (depth >= CBOR_DEPTH_MAX) throw new EncodingError('CBOR_UNENCODABLE', { reason: 'nested too deeply' });
    this.#head(4, value.length);
    for (const item of value) this.value(item, depth + 1);
  }

  /** Most texts are short names: where all is ASCII the encoder's entry fee is saved. */
  #text(text: string): void {
    if (text.length > SHORT_TEXT_LENGTH) return this.#string(3, utf8Encode(text));
    const start = this.#length;
    this.#head(3, text.length);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#length = start;
        return this.#string(3, utf8Encode(text));
      }
      this.#buffer[this.#length++] = code;
    }
  }

  #string(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #head(major: number, argument: number): void {
    if (!Number.isSafeInteger(argument) || argument < 0 || Object.is(argument, -0)) {
      throw new EncodingError('CBOR_UNENCODABLE', { reason: `not an unsigned safe integer: ${argument}` });
    }
    const top = major << 5;
    if (argument < 24) return this.#byte(top | argument);
    if (argument < 0x100) return this.#argument(top | 24, argument, 1);
    if (argument < 0x1_0000) return this.#argument(top | 25, argument, 2);
    if (argument < 0x1_0000_0000) return this.#argument(top | 26, argument, 4);
    this.#argument(top | 27, Math.floor(argument / 0x1_0000_0000), 4);
    this.#bigEndian(argument % 0x1_0000_0000, 4);
  }

  #argument(initial: number, argument: number, width: number): void {
    this.#byte(initial);
    this.#bigEndian(argument, width);
  }

  /** The low `width` bytes of `value`, at most 4. */
  #bigEndian(value: number, width: number): void {
    this.#reserve(width);
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) this.#buffer[this.#length++] = value >>> shift;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + size));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

const writer = new Writer();
