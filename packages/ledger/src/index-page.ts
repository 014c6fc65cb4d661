import { HASH_BYTES } from '@varve/crypto';
import { type TransactionId, writeHex } from '@varve/encoding';
import type { IndexLayout } from './index-layout.ts';
import type { Place } from './places.ts';
import { RECORD_KIND } from './record-kinds.ts';

const HEIGHT_BYTES = 5;
const LEAF_BYTES = 3;
/** Id, height, and position among the leaves. */
export const ENTRY_BYTES: number = HASH_BYTES + HEIGHT_BYTES + LEAF_BYTES;
/** The first and the last block whose transactions the segment holds. */
const HEAD_BYTES = 2 * HEIGHT_BYTES;

/** Blocks from `first` to `last`. */
export interface Heights {
  readonly first: number;
  readonly last: number;
}

/** A page as it is stored: the entries of those ids of a segment that begin alike, in the order of the chain. */
export interface IndexPage extends Heights {
  /** One after another, each `ENTRY_BYTES`. */
  readonly entries: Uint8Array;
}

/** Of the record that counts the segments. */
export const INDEX_KEY: Uint8Array = Uint8Array.of(RECORD_KIND.places);

export function pageKey(level: number, number: number, page: number): Uint8Array {
  const key = new Uint8Array(10);
  key[0] = RECORD_KIND.places;
  key[1] = level;
  const view = new DataView(key.buffer);
  view.setUint32(2, number);
  view.setUint32(6, page);
  return key;
}

/** `undefined` for any other key of its kind. */
export function parsePageKey(key: Uint8Array): { level: number; number: number; page: number } | undefined {
  if (key.length !== 10) return undefined;
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return { level: view.getUint8(1), number: view.getUint32(2), page: view.getUint32(6) };
}

/** @returns `undefined` where no page has this length. */
export function decodePage(body: Uint8Array): IndexPage | undefined {
  if (body.length < HEAD_BYTES || (body.length - HEAD_BYTES) % ENTRY_BYTES !== 0) return undefined;
  return {
    first: readUint(body, 0, HEIGHT_BYTES),
    last: readUint(body, HEIGHT_BYTES, HEIGHT_BYTES),
    entries: body.subarray(HEAD_BYTES),
  };
}

/** Makes the entry of a transaction. */
export function writeEntry(to: Uint8Array, at: number, id: TransactionId, height: number, leafIndex: number): void {
  writeHex(id, to, at);
  writeUint(to, at + HASH_BYTES, HEIGHT_BYTES, height);
  writeUint(to, at + HASH_BYTES + HEIGHT_BYTES, LEAF_BYTES, leafIndex);
}

export function placeIn(entries: Uint8Array, at: number): Place {
  return {
    height: readUint(entries, at + HASH_BYTES, HEIGHT_BYTES),
    leafIndex: readUint(entries, at + HASH_BYTES + HEIGHT_BYTES, LEAF_BYTES),
  };
}

/** First 32 bits of the id of an entry, unsigned. */
export function prefixAt(entries: Uint8Array, at: number): number {
  return (
    (((entries[at] as number) << 24) |
      ((entries[at + 1] as number) << 16) |
      ((entries[at + 2] as number) << 8) |
      (entries[at + 3] as number)) >>>
    0
  );
}

/** Whether the entry is of this id. */
export function isOf(entries: Uint8Array, at: number, id: Uint8Array): boolean {
  for (let i = 0; i < HASH_BYTES; i++) if (entries[at + i] !== id[i]) return false;
  return true;
}

/**
 * Entries spread over neighbouring pages of a level, in the order in which they came.
 * @param sources - Entries that all belong to these pages.
 * @param count - Pages; a power of two.
 * @returns A page for each, as it is stored.
 */
export function spread(
  layout: IndexLayout,
  level: number,
  sources: readonly Uint8Array[],
  count: number,
  heights: Heights,
): Uint8Array[] {
  const sizes = new Uint32Array(count).fill(HEAD_BYTES);
  for (const entries of sources) {
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const page = layout.pageOf(prefixAt(entries, at), level) & (count - 1);
      sizes[page] = (sizes[page] as number) + ENTRY_BYTES;
    }
  }
  const pages = Array.from(sizes, (size) => {
    const page = new Uint8Array(size);
    writeUint(page, 0, HEIGHT_BYTES, heights.first);
    writeUint(page, HEIGHT_BYTES, HEIGHT_BYTES, heights.last);
    return page;
  });
  sizes.fill(HEAD_BYTES);
  for (const entries of sources) {
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const number = layout.pageOf(prefixAt(entries, at), level) & (count - 1);
      const page = pages[number] as Uint8Array;
      const to = sizes[number] as number;
      for (let i = 0; i < ENTRY_BYTES; i++) page[to + i] = entries[at + i] as number;
      sizes[number] = to + ENTRY_BYTES;
    }
  }
  return pages;
}

function writeUint(to: Uint8Array, at: number, size: number, value: number): void {
  for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) to[at + i] = rest % 256;
}

function readUint(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] as number);
  return value;
}
