import { utf8Encode } from './bytes.ts';
import { EncodingError } from './errors.ts';
import { writeHex } from './hex.ts';
import { CBOR_DEPTH_MAX, type CborValue } from './reader.ts';
import { Scratch } from './scratch.ts';

const SHORT_TEXT_LENGTH = 64;
const CAPACITY = 4096;

/**
 * Writes canonical CBOR from left to right into memory that grows and is used again: records of a known shape need no
 * values to be made of. What throws leaves its beginning behind; `truncate` takes it back.
 */
export class CborWriter {
  #memory: Scratch;
  #length = 0;

  /** @param capacity - Bytes for which there is room before memory has to grow. */
  constructor(capacity: number = CAPACITY) {
    this.#memory = new Scratch(capacity);
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** What was written: a view, valid until more is written or something taken back. */
  get written(): Uint8Array {
    return this.#memory.first(this.#length);
  }

  /** Takes back what was written from `length` on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** @throws {EncodingError} `CBOR_UNENCODABLE` for a number that is no unsigned safe integer. */
  uint(value: number): void {
    this.#head(0, value);
  }

  byteString(bytes: Uint8Array): void {
    this.#string(2, bytes);
  }

  /**
   * A byte string given in hexadecimal.
   * @throws {EncodingError} `HEX_MALFORMED`.
   */
  hexString(hex: string): void {
    const size = hex.length >>> 1;
    this.#head(2, size);
    this.#reserve(size);
    writeHex(hex, this.#memory.bytes, this.#length);
    this.#length += size;
  }

  /** @throws {EncodingError} `CBOR_UNENCODABLE` for a lone surrogate. */
  text(text: string): void {
    // Most texts are short names: where all is ASCII the encoder's entry fee is saved.
    if (text.length > SHORT_TEXT_LENGTH) return this.#string(3, utf8Encode(text));
    const start = this.#length;
    this.#head(3, text.length);
    this.#reserve(text.length);
    const { bytes } = this.#memory;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#length = start;
        return this.#string(3, utf8Encode(text));
      }
      bytes[this.#length++] = code;
    }
  }

  /** The head of an array: so many items follow. */
  array(length: number): void {
    this.#head(4, length);
  }

  null(): void {
    this.#byte(0xf6);
  }

  /**
   * Any value of the profile.
   * @param depth - Arrays around it.
   * @throws {EncodingError} `CBOR_UNENCODABLE`, as `encodeCbor` does.
   */
  value(value: CborValue, depth: number = 0): void {
    if (typeof value === 'number') return this.#head(0, value);
    if (typeof value === 'string') return this.text(value);
    if (value === null) return this.null();
    if (typeof value === 'boolean') return this.#byte(value ? 0xf5 : 0xf4);
    if (value instanceof Uint8Array) return this.#string(2, value);
    if (depth >= CBOR_DEPTH_MAX) throw new EncodingError('CBOR_UNENCODABLE', { reason: 'nested too deeply' });
    this.#head(4, value.length);
    for (let i = 0; i < value.length; i++) this.value(value[i] as CborValue, depth + 1);
  }

  /** CBOR that was written before. */
  encoded(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#memory.bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Makes a byte string of all that was written from `start` on: CBOR within CBOR. */
  wrap(start: number): void {
    const end = this.#length;
    this.#head(2, end - start);
    const headBytes = this.#length - end;
    const { bytes } = this.#memory;
    // The head was written behind its content, since only now its length is known: they change places.
    for (let i = 0; i < headBytes; i++) HEAD[i] = bytes[end + i] as number;
    bytes.copyWithin(start + headBytes, start, end);
    for (let i = 0; i < headBytes; i++) bytes[start + i] = HEAD[i] as number;
  }

  #string(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    this.encoded(bytes);
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
    const { bytes } = this.#memory;
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes[this.#length++] = value >>> shift;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#memory.bytes[this.#length++] = byte;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    const { bytes } = this.#memory;
    if (needed <= bytes.length) return;
    this.#memory = new Scratch(Math.max(2 * bytes.length, needed));
    this.#memory.bytes.set(bytes.subarray(0, this.#length));
  }
}

/** Where `wrap` puts a head while it moves what follows. */
const HEAD = new Uint8Array(9);
