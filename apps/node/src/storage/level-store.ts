import { randomInt } from 'node:crypto';
import { Level } from 'level';
import { isDiskFull, openingError, reasonOf, StoreError } from './errors.ts';
import { prepareFolder, requireDatabase } from './folder.ts';

/** One write of a batch. */
export type StoreOperation = {
  readonly key: Uint8Array;
  /** `undefined` deletes the key. */
  readonly value: Uint8Array | undefined;
};

/** What a synchronous reader needs of the database. */
export interface Store {
  /** The value of `key`, or `undefined`. */
  get(key: Uint8Array): Uint8Array | undefined;
}

/** The keys from `gte`, included, to `lt`, excluded; an absent bound is open. */
export type StoreRange = { readonly gte?: Uint8Array; readonly lt?: Uint8Array };

/** A key with its value. */
export type StoreEntry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * Fewer, larger tables: measured to halve the bytes written under load. Every node draws a size of its own: all of a network write the
 * same records, and would otherwise rewrite their tables in the same second, when a quorum is better off with one at a time.
 */
const WRITE_BUFFER_BYTES = { min: 12 * 1024 * 1024, max: 20 * 1024 * 1024 } as const;
const PAGE_ENTRIES = 1_000;
const PAGE_BYTES = 1024 * 1024;
// Kept in constants: the common types of `level` leave out what only its Node.js half understands.
const SYNCED: object = { sync: true };
const PAGED: object = { highWaterMarkBytes: PAGE_BYTES, fillCache: false };

type Database = Level<Uint8Array, Uint8Array>;
type Pages = { nextv(size: number): Promise<[Uint8Array, Uint8Array][]> };

/**
 * The one database of a node: bytes to bytes, keys in the order of their bytes.
 *
 * It adds no checksums and no journal; LevelDB's own do not protect against bit rot, so its user writes and checks
 * them. What it does promise: a resolved `commit` is on disk, all of it, and nothing follows a rejected one.
 */
export class LevelStore implements Store {
  readonly path: string;
  readonly #database: Database;
  #tail: Promise<unknown> = Promise.resolve();
  #failure: StoreError | undefined;
  #closed = false;

  private constructor(path: string, database: Database) {
    this.path = path;
    this.#database = database;
  }

  /**
   * Makes an empty database in a folder that is empty or does not exist. Only `init` calls this.
   * @throws {StoreError} `STORE_EXISTS`, `STORE_DISK_FULL`, `STORE_FORBIDDEN`, `STORE_DAMAGED`.
   */
  static async create(path: string): Promise<LevelStore> {
    await prepareFolder(path);
    return LevelStore.#open(path, true);
  }

  /**
   * Opens an existing database; never makes one.
   * @throws {StoreError} `STORE_MISSING`, `STORE_LOCKED`, `STORE_DAMAGED`, `STORE_DISK_FULL`, `STORE_FORBIDDEN`.
   */
  static async open(path: string): Promise<LevelStore> {
    await requireDatabase(path);
    return LevelStore.#open(path, false);
  }

  static async #open(path: string, isNew: boolean): Promise<LevelStore> {
    const database: Database = new Level(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      createIfMissing: isNew,
      errorIfExists: isNew,
      writeBufferSize: randomInt(WRITE_BUFFER_BYTES.min, WRITE_BUFFER_BYTES.max + 1),
    });
    try {
      await database.open();
    } catch (error) {
      throw openingError(path, error);
    }
    return new LevelStore(path, database);
  }

  /**
   * The value of `key`, or `undefined`; synchronous, and never a value of a batch that is still being written.
   * @returns Bytes that are the caller's own.
   * @throws {StoreError} `STORE_DAMAGED` when the read fails; `STORE_FAILED` after a rejected write; `STORE_CLOSED`.
   */
  get(key: Uint8Array): Uint8Array | undefined {
    this.#requireUsable();
    try {
      const value = this.#database.getSync(key);
      return value === undefined ? undefined : plain(value);
    } catch (error) {
      throw new StoreError('STORE_DAMAGED', { path: this.path, reason: reasonOf(error) }, { cause: error });
    }
  }

  /**
   * Writes all operations or none, in order, and resolves when they are on disk.
   *
   * A rejection means *unknown*: LevelDB may have written the batch, and after a full disk it acknowledges later
   * writes and loses them. So every later call of anything but `close` fails with `STORE_FAILED`.
   * @param operations - Must not change until the promise settles.
   * @throws {StoreError} `STORE_FAILED` or `STORE_DISK_FULL`; `STORE_CLOSED`.
   */
  async commit(operations: readonly StoreOperation[]): Promise<void> {
    this.#requireUsable();
    // One after the other: a batch behind a rejected one must not be written.
    const written = this.#tail.then(() => this.#write(operations));
    this.#tail = written.catch(() => undefined);
    await written;
  }

  /**
   * The entries of `range` in the order of their keys, as they were when the iteration began.
   * @throws {StoreError} as `get` does.
   */
  async *entries(range: StoreRange = {}): AsyncGenerator<StoreEntry, void, void> {
    for await (const page of this.pages(range)) yield* page;
  }

  /** As `entries`, many at a time, which is much faster for all records of a kind. */
  async *pages(range: StoreRange = {}): AsyncGenerator<readonly StoreEntry[], void, void> {
    this.#requireUsable();
    const iterator = this.#database.iterator({ ...range, ...PAGED });
    try {
      for (;;) {
        const page = await this.#page(iterator);
        if (page.length === 0) return;
        yield page.map(([key, value]): StoreEntry => [plain(key), plain(value)]);
      }
    } finally {
      await iterator.close();
    }
  }

  /** Waits for the batch being written, then closes; calling it again does nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
    await this.#database.close();
  }

  async #page(iterator: Pages): Promise<[Uint8Array, Uint8Array][]> {
    this.#requireUsable();
    try {
      return await iterator.nextv(PAGE_ENTRIES);
    } catch (error) {
      this.#requireUsable();
      throw new StoreError('STORE_DAMAGED', { path: this.path, reason: reasonOf(error) }, { cause: error });
    }
  }

  async #write(operations: readonly StoreOperation[]): Promise<void> {
    if (this.#failure) throw this.#laterFailure(this.#failure);
    if (operations.length === 0) return;
    try {
      const batch = this.#database.batch();
      for (const { key, value } of operations) {
        if (value === undefined) batch.del(key);
        else batch.put(key, value);
      }
      await batch.write(SYNCED);
    } catch (error) {
      const code = isDiskFull(error) ? 'STORE_DISK_FULL' : 'STORE_FAILED';
      this.#failure = new StoreError(code, { path: this.path, reason: reasonOf(error) }, { cause: error });
      throw this.#failure;
    }
  }

  #requireUsable(): void {
    if (this.#failure) throw this.#laterFailure(this.#failure);
    if (this.#closed) throw new StoreError('STORE_CLOSED', { path: this.path });
  }

  #laterFailure(first: StoreError): StoreError {
    return new StoreError('STORE_FAILED', { path: this.path, reason: first.message }, { cause: first });
  }
}

/** A view without Buffer's habits: `slice` of a Buffer shares memory. LevelDB's values own their memory. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
