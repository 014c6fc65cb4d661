import { crc32 } from 'node:zlib';
import { assert } from '@varve/consensus';
import { latin1 } from '@varve/encoding';
import { RECORD_KIND } from './record-kinds.ts';

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
/** How many records read or written stay in memory per generation; two generations are kept. */
const CACHE_ENTRIES_MAX = 8192;
/** Stands in the cache for a record that is not there. */
const ABSENT = new Uint8Array();
/** Larger records are not cached. */
const CACHE_RECORD_BYTES_MAX = 4096;

/** `body` with its checksum, as stored under `key`. */
export function checksummed(key: Uint8Array, body: Uint8Array): Uint8Array {
  const sum = crc32(body, crc32(key));
  const record = new Uint8Array(body.length + CHECKSUM_BYTES);
  record.set(body);
  for (let i = 0; i < CHECKSUM_BYTES; i++) record[body.length + i] = sum >>> (24 - 8 * i);
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

/**
 * Checksummed records over a store. Writes gather here and are visible to reads at once; the owner takes them as one
 * atomic batch, and reports when that batch is durable. At most one batch is out at a time.
 */
export class RecordStore {
  readonly #store: Store;
  #pending = new Map<string, StoreOperation>();
  #inFlight = new Map<string, StoreOperation>();
  #cache = new Map<string, Uint8Array>();
  #cacheOld = new Map<string, Uint8Array>();
  #pendingBytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The record's body, also when its write is not yet durable.
   * @throws {RecordDamaged}
   */
  get(key: Uint8Array): Uint8Array | undefined {
    const id = latin1(key);
    const written = this.#pending.get(id) ?? this.#inFlight.get(id);
    if (written) return written.value;
    const cached = this.#cache.get(id) ?? this.#cacheOld.get(id);
    if (cached) return cached === ABSENT ? undefined : cached;
    const record = this.#read(key);
    if (record === undefined) {
      this.#cachePut(id, ABSENT);
      return undefined;
    }
    const body = unchecked(key, record);
    this.#remember(id, body);
    return body;
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

  put(key: Uint8Array, body: Uint8Array): void {
    this.#pending.set(latin1(key), { key, value: body });
    this.#pendingBytes += key.length + body.length + CHECKSUM_BYTES;
  }

  delete(key: Uint8Array): void {
    this.#pending.set(latin1(key), { key, value: undefined });
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
    const operations: StoreOperation[] = [];
    for (const { key, value } of this.#inFlight.values()) {
      operations.push({ key, value: value && checksummed(key, value) });
    }
    return operations;
  }

  /** The batch taken last is durable: reads may go to the store again. */
  settle(): void {
    for (const [id, { value }] of this.#inFlight) {
      this.#cacheOld.delete(id);
      this.#cache.delete(id);
      if (value) this.#remember(id, value);
    }
    this.#inFlight = new Map();
  }

  /** Of what is there, only state is read again and again; everything else is read once, if ever. */
  #remember(id: string, body: Uint8Array): void {
    if (body.length > CACHE_RECORD_BYTES_MAX || id.charCodeAt(0) !== RECORD_KIND.state) return;
    this.#cachePut(id, body);
  }

  #cachePut(id: string, body: Uint8Array): void {
    if (this.#cache.size >= CACHE_ENTRIES_MAX) {
      this.#cacheOld = this.#cache;
      this.#cache = new Map();
    }
    this.#cache.set(id, body);
  }
}
