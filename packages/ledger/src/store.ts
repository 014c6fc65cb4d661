import { crc32 } from 'node:zlib';
import { assert } from '@varve/consensus';
import { latin1 } from '@varve/encoding';

/** A key-value store with synchronous reads: LevelDB in the daemon, a simulated disk in the simulator. */
export interface Store {
  /** @throws an error with code `STORE_DAMAGED` where the record cannot be read. */
  get(key: Uint8Array): Uint8Array | undefined;
}

/** One write of an atomic batch; no value deletes the key. */
export interface StoreOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A stored record whose checksum is wrong: the disk changed it. */
export class RecordDamaged extends Error {
  override readonly name = 'RecordDamaged';
  readonly code = 'RECORD_DAMAGED';
  readonly key: Uint8Array;

  constructor(key: Uint8Array) {
    super(`RECORD_DAMAGED: ${String.fromCharCode(key[0] ?? 63)} ${Buffer.from(key.subarray(1)).toString('hex')}`);
    this.key = key;
  }
}

/** What `read` gives; nothing where a record that it needs is damaged. */
export function unlessDamaged<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RecordDamaged) return undefined;
    throw error;
  }
}

/** Bytes of the checksum after each record: CRC-32 over key and body, big-endian. */
const CHECKSUM_BYTES = 4;
/** `body` with its checksum, as stored under `key`. */
export function checksummed(key: Uint8Array, body: Uint8Array): Uint8Array {
  const record = new Uint8Array(body.length + CHECKSUM_BYTES);
  record.set(body);
  writeSum(record, body.length, crc32(body, crc32(key)));
  return record;
}

function writeSum(to: Uint8Array, at: number, sum: number): void {
  for (let i = 0; i < CHECKSUM_BYTES; i++) to[at + i] = sum >>> (24 - 8 * i);
}

/**
 * The body of a stored record.
 * @throws {RecordDamaged} when the checksum is not that of the key and body.
 */
export function unchecked(key: Uint8Array, record: Uint8Array): Uint8Array {
  const end = record.length - CHECKSUM_BYTES;
  if (end < 0) throw new RecordDamaged(key);
  const body = record.subarray(0, end);
  const sum = crc32(body, crc32(key));
  for (let i = 0; i < CHECKSUM_BYTES; i++) {
    if (record[end + i] !== ((sum >>> (24 - 8 * i)) & 0xff)) throw new RecordDamaged(key);
  }
  return body;
}

/**
 * Checksummed records over a store. Writes gather here and are visible to reads at once; the owner takes them as one
 * atomic batch, and reports when that batch is durable. At most one batch is out at a time.
 */
export class RecordStore {
  readonly #store: Store;
  #pending = new Map<string, StoreOperation>();
  #inFlight = new Map<string, StoreOperation>();
  #pendingBytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The record's body, also when its write is not yet durable.
   * @param id - `latin1(key)`, where the caller has it.
   * @throws {RecordDamaged}
   */
  get(key: Uint8Array, id: string = latin1(key)): Uint8Array | undefined {
    const written = this.#pending.get(id) ?? this.#inFlight.get(id);
    if (written) return written.value;
    const record = this.#read(key);
    return record && unchecked(key, record);
  }

  /** @param id - See `get`. */
  put(key: Uint8Array, body: Uint8Array, id: string = latin1(key)): void {
    this.#pending.set(id, { key, value: body });
    this.#pendingBytes += key.length + body.length + CHECKSUM_BYTES;
  }

  /** @param id - See `get`. */
  delete(key: Uint8Array, id: string = latin1(key)): void {
    this.#pending.set(id, { key, value: undefined });
    this.#pendingBytes += key.length;
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Bytes of the writes that wait, about. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** All writes since the last batch, with checksums. The previous batch must be settled. */
  takeBatch(): StoreOperation[] {
    assert(this.#inFlight.size === 0, 'at most one batch is in flight');
    this.#inFlight = this.#pending;
    this.#pending = new Map();
    this.#pendingBytes = 0;
    return batchOf(this.#inFlight.values());
  }

  /** The batch taken last is durable: reads may go to the store again. */
  settle(): void {
    this.#inFlight = new Map();
  }

  /** A store that cannot read the place where a record lies says so with `STORE_DAMAGED`: the record is what is lost. */
  #read(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#store.get(key);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'STORE_DAMAGED') throw new RecordDamaged(key);
      throw error;
    }
  }
}

/**
 * The same operations with checksums, keys and values in one piece of memory: one of its own for each costs ten times as
 * much, and what native code is to read must have memory outside of the heap.
 */
function batchOf(operations: Iterable<StoreOperation>): StoreOperation[] {
  const list = [...operations];
  let bytes = 0;
  for (const { key, value } of list) bytes += key.length + (value ? value.length + CHECKSUM_BYTES : 0);
  const memory = new Uint8Array(bytes);
  let at = 0;
  return list.map(({ key, value }) => {
    const start = at;
    const body = start + key.length;
    memory.set(key, start);
    at = body;
    if (value === undefined) return { key: memory.subarray(start, body), value: undefined };
    const end = body + value.length;
    memory.set(value, body);
    writeSum(memory, end, crc32(memory.subarray(start, end)));
    at = end + CHECKSUM_BYTES;
    return { key: memory.subarray(start, body), value: memory.subarray(body, at) };
  });
}
