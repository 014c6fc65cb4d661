import { CborReader, CborWriter, concatBytes, encodeCbor, type PayloadId, utf8Encode, writeHex } from '@varve/encoding';
import type { EncodedList } from './encoded-list.ts';
import { readingAs } from './errors.ts';
import type { StateEntry } from './module.ts';
import type { ModuleEvent } from './outcome.ts';
import { RECORD_KIND } from './record-kinds.ts';
import { decodeStateEntry, writeStateEntry } from './state.ts';
import type { StateChange } from './state-overlay.ts';

export { RECORD_KIND } from './record-kinds.ts';
export { stateKey } from './state-key.ts';

const decoder = new TextDecoder();

function numbered(kind: number, number: number): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = kind;
  let rest = number;
  for (let i = 8; i > 0; i--) {
    key[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return key;
}

function tagged(kind: number, hex: string): Uint8Array {
  const key = new Uint8Array(1 + hex.length / 2);
  key[0] = kind;
  writeHex(hex, key, 1);
  return key;
}

export const metaKey = (name: string): Uint8Array => concatBytes(Uint8Array.of(RECORD_KIND.meta), utf8Encode(name));
export const TIP_KEY: Uint8Array = Uint8Array.of(RECORD_KIND.tip);
export const headerKey = (height: number): Uint8Array => numbered(RECORD_KIND.header, height);
export const heightOfKey = (hash: string): Uint8Array => tagged(RECORD_KIND.heightOf, hash);
export const certificateKey = (height: number): Uint8Array => numbered(RECORD_KIND.certificate, height);
export const payloadKey = (id: PayloadId): Uint8Array => tagged(RECORD_KIND.payload, id);
export const indexKey = (height: number): Uint8Array => numbered(RECORD_KIND.index, height);
export const undoKey = (height: number): Uint8Array => numbered(RECORD_KIND.undo, height);
/** Of the block that names it as the next. */
export const configurationKey = (height: number): Uint8Array => numbered(RECORD_KIND.configuration, height);
export const journalKey = (number: number): Uint8Array => numbered(RECORD_KIND.journal, number);

/** The last module that `parseStateKey` met, with the beginning of its keys: records come in order. */
let lastParsed = { module: '', prefix: new Uint8Array() };

/** The module and key of a state record's key; the key is a view. */
export function parseStateKey(key: Uint8Array): { readonly module: string; readonly key: Uint8Array } {
  const length = 2 + (key[1] ?? 0);
  if (!startsWith(key, lastParsed.prefix) || length !== lastParsed.prefix.length) {
    lastParsed = { module: decoder.decode(key.subarray(2, length)), prefix: key.slice(0, length) };
  }
  return { module: lastParsed.module, key: key.subarray(length) };
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** The number in a key made of a kind and a number. */
export function parseNumber(key: Uint8Array): number {
  let number = 0;
  for (let i = 1; i <= 8; i++) number = number * 256 + (key[i] ?? 0);
  return number;
}

/** Everything of one kind: from it, up to the next kind. */
export function kindRange(kind: number): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  return { gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) };
}

/** How far this store has come. */
export interface TipRecord {
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly finalHeight: number;
  /** Last engine index executed, of the instance that the configuration at the tip gives. */
  readonly applied: number;
}

export function encodeTip(tip: TipRecord): Uint8Array {
  return encodeCbor([tip.height, tip.blockHash, tip.finalHeight, tip.applied]);
}

export function decodeTip(bytes: Uint8Array): TipRecord {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(4);
    const tip = {
      height: reader.uint(),
      blockHash: reader.byteString(32),
      finalHeight: reader.uint(),
      applied: reader.uint(),
    };
    reader.end();
    return tip;
  });
}

/** What a block's execution left beside the state. */
export interface IndexRecord {
  readonly timerEvents: readonly ModuleEvent[];
  readonly leaves: readonly {
    readonly payloadIndex: number;
    readonly leaf: Uint8Array;
    readonly results: Uint8Array;
  }[];
}

const writer = new CborWriter();

/**
 * FORMATS `index`, of lists with the items of `IndexRecord`.
 * @returns A view, valid until the next record is encoded here.
 */
export function writtenIndex(timerEvents: EncodedList, leaves: EncodedList): Uint8Array {
  writer.truncate(0);
  writer.array(2);
  const start = writer.length;
  timerEvents.writeTo(writer);
  writer.wrap(start);
  leaves.writeTo(writer);
  return writer.written;
}

export function decodeIndex(bytes: Uint8Array): IndexRecord {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(2);
    const inner = new CborReader(reader.byteString());
    const timerEvents = inner.list((event) => {
      event.array(3);
      return { module: event.text(), topic: event.text(), value: event.value(2) };
    });
    inner.end();
    const leaves = reader.list((item) => {
      item.array(3);
      return { payloadIndex: item.uint(), leaf: item.byteString(), results: item.byteString() };
    });
    reader.end();
    return { timerEvents, leaves };
  });
}

/** One value that a block replaced; absent where the key was created. */
export interface UndoEntry {
  readonly module: string;
  readonly key: Uint8Array;
  readonly before: StateEntry | undefined;
}

/** FORMATS `undo`. @returns See `writtenIndex`. */
export function writtenUndo(changes: readonly StateChange[]): Uint8Array {
  writer.truncate(0);
  writer.array(changes.length);
  for (const { module, key, before } of changes) {
    writer.array(3);
    writer.text(module);
    writer.byteString(key);
    if (before === undefined) writer.null();
    else {
      const start = writer.length;
      writeStateEntry(writer, before);
      writer.wrap(start);
    }
  }
  return writer.written;
}

export function decodeUndo(bytes: Uint8Array): UndoEntry[] {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const entries = reader.list((item) => {
      item.array(3);
      const module = item.text();
      const key = item.byteString();
      const before = item.nullable((inner) => inner.byteString());
      return { module, key, before: before === null ? undefined : decodeStateEntry(before) };
    });
    reader.end();
    return entries;
  });
}
