import { crc32 } from 'node:zlib';
import { Scratch } from '@varve/encoding';

/** One write of an atomic batch; no value deletes the key. */
export interface StoreOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Bytes of the checksum after each record: CRC-32 over key and body, big-endian. */
export const CHECKSUM_BYTES = 4;
const CAPACITY_MIN = 512;
const CAPACITY_MAX: number = 1024 * 1024;
/** Records up to this length are put together where their checksum is taken without a view made for them. */
const SHORT_BYTES = 1024;
const short = new Scratch(SHORT_BYTES);

/** Writes a checksum behind a body. */
export function writeSum(to: Uint8Array, at: number, sum: number): void {
  for (let i = 0; i < CHECKSUM_BYTES; i++) to[at + i] = sum >>> (24 - 8 * i);
}

/**
 * Writes that become durable together. All of them stand in one piece of memory, each as key, body and checksum, from
 * the moment they are made: arrays of its own cost a record ten times as much, and what native code is to read must have
 * memory outside of the heap.
 */
export class RecordBatch {
  #memory: Uint8Array;
  #length = 0;
  /** Of each key, a code unit for a byte, its latest write. */
  readonly #writes = new Map<string, number>();
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** @param expectedBytes - About how much will be written. */
  constructor(expectedBytes: number = 0) {
    this.#memory = new Uint8Array(Math.min(Math.max(expectedBytes, CAPACITY_MIN), CAPACITY_MAX));
  }

  /** Keys that are written. */
  get size(): number {
    return this.#writes.size;
  }

  /** Bytes written, those included that a later and longer or shorter write of the same key made void. */
  get length(): number {
    return this.#length;
  }

  has(id: string): boolean {
    return this.#writes.has(id);
  }

  /** A copy of the body under a key that is written, without the checksum; `undefined` where the key is deleted. */
  body(id: string): Uint8Array | undefined {
    const write = this.#writes.get(id) as number;
    const start = (this.#starts[write] as number) + id.length;
    const end = this.#ends[write] as number;
    return start === end ? undefined : this.#memory.slice(start, end - CHECKSUM_BYTES);
  }

  /** @param id - The key, a code unit for each byte. */
  put(id: string, body: Uint8Array): void {
    const bodyEnd = id.length + body.length;
    const length = bodyEnd + CHECKSUM_BYTES;
    const start = this.#begin(id, length);
    if (length <= SHORT_BYTES) {
      writeCodes(short.bytes, 0, id);
      short.bytes.set(body, id.length);
      writeSum(short.bytes, bodyEnd, crc32(short.first(bodyEnd)));
      this.#memory.set(short.first(length), start);
    } else {
      writeCodes(this.#memory, start, id);
      this.#memory.set(body, start + id.length);
      writeSum(this.#memory, start + bodyEnd, crc32(this.#memory.subarray(start, start + bodyEnd)));
    }
  }

  /** See `put`. */
  delete(id: string): void {
    const start = this.#begin(id, id.length);
    writeCodes(this.#memory, start, id);
  }

  /** The latest write of each key, in the order of first writes. Nothing must be written afterwards. */
  operations(): StoreOperation[] {
    // Whoever keeps a record keeps all of the memory.
    if (2 * this.#length < this.#memory.length) this.#memory = this.#memory.slice(0, this.#length);
    const { buffer } = this.#memory;
    const operations = new Array<StoreOperation>(this.#writes.size);
    let count = 0;
    this.#writes.forEach((write, id) => {
      const start = this.#starts[write] as number;
      const bodyStart = start + id.length;
      const end = this.#ends[write] as number;
      const value = bodyStart === end ? undefined : new Uint8Array(buffer, bodyStart, end - bodyStart);
      operations[count++] = { key: new Uint8Array(buffer, start, id.length), value };
    });
    return operations;
  }

  /** Makes room for a write: that of an earlier one of the same key and length, else at the end. @returns Where it begins. */
  #begin(id: string, length: number): number {
    const earlier = this.#writes.get(id);
    if (earlier !== undefined) {
      const at = this.#starts[earlier] as number;
      if ((this.#ends[earlier] as number) - at === length) return at;
    }
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#memory.length) {
      const grown = new Uint8Array(Math.max(2 * this.#memory.length, this.#length));
      grown.set(this.#memory.subarray(0, start));
      this.#memory = grown;
    }
    this.#writes.set(id, this.#starts.length);
    this.#starts.push(start);
    this.#ends.push(this.#length);
    return start;
  }
}

function writeCodes(to: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) to[at + i] = text.charCodeAt(i);
}
