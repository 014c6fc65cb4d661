import { utf8Decode } from './bytes.ts';
import { EncodingError } from './errors.ts';

/** What our records are made of (FORMATS, Values): no maps, floats, tags, negative numbers or undefined. */
export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[];

/** The greatest nesting of arrays that a reader accepts (FORMATS, Values). */
export const CBOR_DEPTH_MAX = 8;

/** Major types of RFC 8949 §3.1, as the top three bits of an initial byte. */
const UNSIGNED = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const TAG = 6;

/** The least argument worth so many bytes: below it a shorter form exists. */
const ARGUMENT_LEAST: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x1_0000, 8: 0x1_0000_0000 };

const SHORT_TEXT_BYTES = 32;
/** For short texts of each length their character codes, used again and again. */
const SHORT_CODES: readonly number[][] = Array.from({ length: SHORT_TEXT_BYTES + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
);

/** An array that grows by pushing takes room for 17 items with the first; few have as many. */
const SHORT_LIST_LENGTH = 16;

function roomFor<T>(size: number): T[] {
  return size <= SHORT_LIST_LENGTH ? new Array<T>(size) : [];
}

/**
 * Reads canonical CBOR of a known shape from left to right, without building values that nobody asked for.
 * Byte strings come back as views on the input. Every method throws `EncodingError`: `CBOR_MALFORMED` where the
 * bytes are not canonical (RFC 8949 §4.2.1), `CBOR_UNEXPECTED` where they are of another shape.
 */
export class CborReader {
  readonly bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** An unsigned integer of at most 2^53 − 1. */
  uint(): number {
    return this.#head(UNSIGNED, 'unsigned integer');
  }

  /** A byte string; `length` demands its exact number of bytes. */
  byteString(length?: number): Uint8Array {
    return this.#take(this.byteStringLength(length));
  }

  /** The head of a byte string, whose content is the next to be read: its length, which `length` demands exactly. */
  byteStringLength(length?: number): number {
    const start = this.offset;
    const size = this.#head(BYTES, 'byte string');
    if (length !== undefined && size !== length) this.unexpected(`byte string of ${length} bytes`, start);
    if (size > this.bytes.length - this.offset) this.malformed('unexpected end', this.bytes.length);
    return size;
  }

  /** The head of a text, whose content is the next to be read: its length. It has yet to be judged as UTF-8. */
  textLength(): number {
    const size = this.#head(TEXT, 'text');
    if (size > this.bytes.length - this.offset) this.malformed('unexpected end', this.bytes.length);
    return size;
  }

  /** Valid UTF-8 text. */
  text(): string {
    const start = this.offset;
    const size = this.textLength();
    const text = this.#ascii(size) ?? utf8Decode(this.#take(size));
    if (text === undefined) this.malformed('invalid UTF-8', start);
    return text;
  }

  /** The head of an array; returns its number of items, or demands it to be `length`. */
  array(length?: number): number {
    const start = this.offset;
    const size = this.#head(ARRAY, 'array');
    if (length !== undefined && size !== length) this.unexpected(`array of ${length} items`, start);
    // Every item takes at least a byte: a longer array cannot be complete, and must not be allocated for.
    if (size > this.bytes.length - this.offset) this.malformed('array longer than the input', start);
    return size;
  }

  /** Items of an array, each read by `item`. */
  list<T>(item: (reader: CborReader, index: number) => T, lengthMax: number = Number.MAX_SAFE_INTEGER): T[] {
    const start = this.offset;
    const size = this.array();
    if (size > lengthMax) this.unexpected(`array of at most ${lengthMax} items`, start);
    const items = roomFor<T>(size);
    for (let i = 0; i < size; i++) items[i] = item(this, i);
    return items;
  }

  /** `null` where the input has null, else what `item` reads. */
  nullable<T>(item: (reader: CborReader) => T): T | null {
    if (this.peek() !== 0xf6) return item(this);
    this.offset += 1;
    return null;
  }

  /** Any value of the profile; `depth` counts the arrays around it. Byte strings are views on the input. */
  value(depth: number = 0): CborValue {
    const initial = this.peek();
    switch (initial >> 5) {
      case UNSIGNED:
        return this.uint();
      case BYTES:
        return this.byteString();
      case TEXT:
        return this.text();
      case ARRAY:
        if (depth >= CBOR_DEPTH_MAX) this.malformed('nested too deeply', this.offset);
        return this.#values(depth + 1);
      default:
        return initial === 0xf6 ? this.nullable(() => null) : this.boolean();
    }
  }

  #values(depth: number): CborValue[] {
    const size = this.array();
    const items = roomFor<CborValue>(size);
    for (let i = 0; i < size; i++) items[i] = this.value(depth);
    return items;
  }

  boolean(): boolean {
    const start = this.offset;
    const byte = this.peek();
    if (byte !== 0xf4 && byte !== 0xf5) this.unexpected('boolean', start);
    this.offset += 1;
    return byte === 0xf5;
  }

  /** Demands the unsigned integer `value`: versions and kinds. */
  exactly(value: number): void {
    const start = this.offset;
    if (this.uint() !== value) this.unexpected(String(value), start);
  }

  /** Demands the text `value`: domains of signed strings. */
  exactText(value: string): void {
    const start = this.offset;
    if (this.text() !== value) this.unexpected(`"${value}"`, start);
  }

  /** Demands the tag `value` (RFC 8949 §3.4). Only COSE messages have one. */
  tag(value: number): void {
    const start = this.offset;
    if (this.#head(TAG, 'tag') !== value) this.unexpected(`tag ${value}`, start);
  }

  /** The next initial byte, without reading it. */
  peek(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) this.malformed('unexpected end', this.offset);
    return byte;
  }

  /** Demands that nothing follows. */
  end(): void {
    if (this.offset !== this.bytes.length) this.malformed('trailing bytes', this.offset);
  }

  malformed(reason: string, offset: number): never {
    throw new EncodingError('CBOR_MALFORMED', { reason, offset });
  }

  unexpected(expected: string, offset: number): never {
    throw new EncodingError('CBOR_UNEXPECTED', { expected, offset });
  }

  /** A short text of ASCII, or `undefined` and nothing is read: most are names, not worth the decoder's entry fee. */
  #ascii(size: number): string | undefined {
    const end = this.offset + size;
    if (size > SHORT_TEXT_BYTES || end > this.bytes.length) return undefined;
    const codes = SHORT_CODES[size] as number[];
    for (let i = 0; i < size; i++) {
      const byte = this.bytes[this.offset + i] as number;
      if (byte > 0x7f) return undefined;
      codes[i] = byte;
    }
    this.offset = end;
    return String.fromCharCode(...codes);
  }

  #take(size: number): Uint8Array {
    const end = this.offset + size;
    if (end > this.bytes.length) this.malformed('unexpected end', this.bytes.length);
    const view = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return view;
  }

  /** Reads an initial byte of major type `major` and its shortest-form argument. */
  #head(major: number, expected: string): number {
    const start = this.offset;
    const initial = this.peek();
    if (initial >> 5 !== major) this.unexpected(expected, start);
    const info = initial & 31;
    this.offset += 1;
    if (info < 24) return info;
    if (info > 27) this.malformed('indefinite or reserved length', start);
    const width = 1 << (info - 24);
    const end = this.offset + width;
    if (end > this.bytes.length) this.malformed('unexpected end', this.bytes.length);
    let value = 0;
    for (; this.offset < end; this.offset++) value = value * 256 + (this.bytes[this.offset] as number);
    if (value > Number.MAX_SAFE_INTEGER) this.malformed('integer above 2^53 - 1', start);
    if (value < (ARGUMENT_LEAST[width] as number)) this.malformed('argument not in shortest form', start);
    return value;
  }
}
