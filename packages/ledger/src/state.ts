import type { Parameters } from '@varve/consensus';
import { HASH_BYTES, sha256, sha256Into } from '@varve/crypto';
import { CborReader, CborWriter, encodeCbor, Scratch, sharedBytes, sharedCopy } from '@varve/encoding';
import { readingAs } from './errors.ts';
import { OperationFailed, type StateEntry } from './module.ts';

const entryWriter = new CborWriter();

/** FORMATS `state entry`: `[version, modifiedHeight, bytes]`. Its SHA-256 is the value in the state tree. */
export function encodeStateEntry(entry: StateEntry): Uint8Array {
  return sharedCopy(writtenStateEntry(entry));
}

/** The same as a view, valid until the next call. */
export function writtenStateEntry(entry: StateEntry): Uint8Array {
  entryWriter.truncate(0);
  writeStateEntry(entryWriter, entry);
  return entryWriter.written;
}

/** Writes the same inside another record. */
export function writeStateEntry(writer: CborWriter, { version, modifiedHeight, bytes }: StateEntry): void {
  writer.array(3);
  writer.uint(version);
  writer.uint(modifiedHeight);
  writer.byteString(bytes);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeStateEntry(bytes: Uint8Array): StateEntry {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    const entry = { version: reader.uint(), modifiedHeight: reader.uint(), bytes: reader.byteString() };
    reader.end();
    return entry;
  });
}

/** Modules whose CBOR is kept; names may come from strangers, so there is an end to them and to their length. */
const MODULES_KEPT = 64;
const MODULE_LENGTH_MAX = 32;
/** CBOR of `[module, key]` up to the head of the key, by module. */
const treeKeyStarts = new Map<string, Uint8Array>();
/** Keys up to this length have a head of one or two bytes. */
const KEY_BYTES_SHORT = 0xff;
const treeKeyInput = new Scratch(1 + (2 + 4 * MODULE_LENGTH_MAX) + 2 + KEY_BYTES_SHORT);

/** The key of `(module, key)` in the state tree: SHA-256 of CBOR `[module, key]`. */
export function stateTreeKey(module: string, key: Uint8Array): Uint8Array {
  // Every key of the state passes here at a start: the usual ones are written without the general encoder.
  const isUsual = typeof module === 'string' && module.length <= MODULE_LENGTH_MAX && key instanceof Uint8Array;
  if (!isUsual || key.length > KEY_BYTES_SHORT) return sha256(encodeCbor([module, key]));
  const start = treeKeyStarts.get(module) ?? keepTreeKeyStart(module);
  const input = treeKeyInput.bytes;
  input.set(start);
  let at = start.length;
  if (key.length < 24) input[at++] = 0x40 + key.length;
  else {
    input[at++] = 0x58;
    input[at++] = key.length;
  }
  input.set(key, at);
  const treeKey = sharedBytes(HASH_BYTES);
  sha256Into(treeKey, treeKeyInput.first(at + key.length));
  return treeKey;
}

function keepTreeKeyStart(module: string): Uint8Array {
  const start = encodeCbor([module, new Uint8Array()]).slice(0, -1);
  if (treeKeyStarts.size >= MODULES_KEPT) treeKeyStarts.clear();
  treeKeyStarts.set(module, start);
  return start;
}

/** The value of an entry in the state tree. */
export function stateTreeValue(entry: StateEntry): Uint8Array {
  return sha256(writtenStateEntry(entry));
}

/**
 * The entry after `bytes` are set where `previous` stood.
 * @throws {OperationFailed} `KEY_TOO_LONG`, `VALUE_TOO_LONG`.
 */
export function nextEntry(
  previous: StateEntry | undefined,
  key: Uint8Array,
  bytes: Uint8Array,
  height: number,
  parameters: Parameters,
): StateEntry {
  if (key.length > parameters.keyBytesMax) throw new OperationFailed('KEY_TOO_LONG');
  if (bytes.length > parameters.valueBytesMax) throw new OperationFailed('VALUE_TOO_LONG');
  return { version: previous ? previous.version + 1 : 0, modifiedHeight: height, bytes };
}
