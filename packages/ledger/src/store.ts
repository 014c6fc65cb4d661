import { crc32 } from 'node:zlib';
import { assert } from '@varve/consensus';
import { latin1 } from '@varve/encoding';
import { CHECKSUM_BYTES, RecordBatch, type StoreOperation, writeSum } from './record-batch.ts';

export type { StoreOperation } from './record-batch.ts';

/** A key-value store with synchronous reads: LevelDB in the daemon, a simulated disk in the simulator. */
export interface Store {
  /** @throws an error with code `STORE_DAMAGED` where the record cannot be read. */
  get(key: Uint8Array): Uint8Array | undefined;
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

/** `body` with its checksum, as stored under `key`. */
export function checksummed(key: Uint8Array, body: Uint8Array): Uint8Array {
  const record = new Uint8Array(body.length + CHECKSUM_BYTES);
  record.set(body);
  writeSum(record, body.length, crc32(body, crc32(key)));
  return record;
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

const NOTHING_WRITTEN = new RecordBatch();

/**
 * Checksummed records over a store. Writes gather here and are visible to reads at once; the owner takes them as one
 * atomic batch, and reports when that batch is durable. At most one batch is out at a time.
 */
export class RecordStore {
  readonly #store: Store;
  #pending = new RecordBatch();
  #inFlight = NOTHING_WRITTEN;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The record's body, also when its write is not yet durable.
   * @param id - `latin1(key)`, where the caller has it.
   * @throws {RecordDamaged}
   */
  get(key: Uint8Array, id: string = latin1(key)): Uint8Array | undefined {
    if (this.#pending.has(id)) return this.#pending.body(id);
    if (this.#inFlight.has(id)) return this.#inFlight.body(id);
    const record = this.#read(key);
    return record && unchecked(key, record);
  }

  /** @param body - Is copied. */
  put(key: Uint8Array, body: Uint8Array): void {
    this.write(latin1(key), body);
  }

  delete(key: Uint8Array): void {
    this.write(latin1(key), undefined);
  }

  /**
   * The same where the key is at hand as a text.
   * @param id - `latin1` of the key.
   * @param body - Is copied; none deletes the key.
   */
  write(id: string, body: Uint8Array | undefined): void {
    if (body === undefined) this.#pending.delete(id);
    else this.#pending.put(id, body);
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Bytes of the writes that wait, about. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** All writes since the last batch, with checksums. The previous batch must be settled. */
  takeBatch(): StoreOperation[] {
    assert(this.#inFlight.size === 0, 'at most one batch is in flight');
    this.#inFlight = this.#pending;
    this.#pending = new RecordBatch(this.#inFlight.length);
    return this.#inFlight.operations();
  }

  /** The batch taken last is durable: reads may go to the store again. */
  settle(): void {
    this.#inFlight = NOTHING_WRITTEN;
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
