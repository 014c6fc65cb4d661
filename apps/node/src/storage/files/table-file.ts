import { maskedCrc32c } from './crc32c.ts';
import { unpackSnappy } from './snappy.ts';

/** The tables of LevelDB: `doc/table_format.md`. */
const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
const [PLAIN, SNAPPY] = [0, 1] as const;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/**
 * Checks every block of a table against its checksum: data, filter and both indexes.
 * @returns What is wrong, or `undefined`.
 */
export function tableFault(bytes: Uint8Array): string | undefined {
  if (bytes.length < FOOTER_BYTES) return 'it is too short for a table';
  const footer = bytes.subarray(bytes.length - FOOTER_BYTES);
  if (MAGIC.some((byte, i) => footer[FOOTER_BYTES - 8 + i] !== byte)) return 'it does not end as a table does';
  const reader = new Reader(footer);
  for (const what of ['the index of indexes', 'the index']) {
    const handle = reader.handle();
    const content = handle && blockAt(bytes, handle);
    if (handle === undefined || content === undefined) return `${what} has a wrong checksum`;
    const handles = handlesIn(content);
    if (handles === undefined) return `${what} cannot be read`;
    for (const inner of handles) {
      if (!isWhole(bytes, inner)) return `the block at byte ${inner.offset} has a wrong checksum`;
    }
  }
  return undefined;
}

function isWhole(bytes: Uint8Array, { offset, size }: Handle): boolean {
  const end = offset + size + TRAILER_BYTES;
  if (end > bytes.length) return false;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end - 4, 4).getUint32(0, true);
  return stored === maskedCrc32c(bytes.subarray(offset, end - 4));
}

function blockAt(bytes: Uint8Array, handle: Handle): Uint8Array | undefined {
  if (!isWhole(bytes, handle)) return undefined;
  const end = handle.offset + handle.size;
  const content = bytes.subarray(handle.offset, end);
  if (bytes[end] === PLAIN) return content;
  return bytes[end] === SNAPPY ? unpackSnappy(content) : undefined;
}

/** The values of an index block: each is the handle of another block. */
function handlesIn(block: Uint8Array): Handle[] | undefined {
  if (block.length < 4) return undefined;
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4).getUint32(0, true);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) return undefined;
  const reader = new Reader(block.subarray(0, end));
  const handles: Handle[] = [];
  while (!reader.isDone) {
    const [shared, own, size] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared === undefined || own === undefined || size === undefined) return undefined;
    reader.skip(own);
    const next = reader.position + size;
    const handle = reader.handle();
    if (handle === undefined || reader.position > next) return undefined;
    reader.skip(next - reader.position);
    handles.push(handle);
  }
  return handles;
}

/** Reads LevelDB's variable-length integers. */
export class Reader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.position >= this.#bytes.length;
  }

  skip(count: number): void {
    this.position += count;
  }

  /** `undefined` where there is none; exact up to 2^53. */
  varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  handle(): Handle | undefined {
    const offset = this.varint();
    const size = this.varint();
    return offset === undefined || size === undefined ? undefined : { offset, size };
  }
}
