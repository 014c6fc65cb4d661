import { EntryCache } from './entry-cache.ts';
import type { StateEntry } from './module.ts';
import { decodeStateEntry, writtenStateEntry } from './state.ts';
import type { StateHistory } from './state-history.ts';
import type { StateKey } from './state-key.ts';
import type { StateCell } from './state-overlay.ts';
import { RecordDamaged, type RecordStore } from './store.ts';

/** The newest state: its records in the store, and the tree over them in memory. */
export class StateRecords {
  readonly #records: RecordStore;
  readonly #trees: StateHistory;
  readonly #entries = new EntryCache();

  constructor(records: RecordStore, trees: StateHistory) {
    this.#records = records;
    this.#trees = trees;
  }

  /**
   * Most keys that are asked for and not there are about to be created: the tree knows them without the store.
   * @throws {RecordDamaged} also where the tree has a key and the store does not.
   */
  entry(key: StateKey): StateEntry | undefined {
    const cached = this.#entries.get(key.id);
    if (cached) return cached;
    if (!this.#trees.has(key)) return undefined;
    const body = this.#records.get(key.recordKey, key.id);
    if (body === undefined) throw new RecordDamaged(key.recordKey);
    const entry = decodeStateEntry(body);
    this.#entries.set(key.id, entry);
    return entry;
  }

  /** Writes what a block changed. @returns The root of the tree after it, 32 bytes. */
  apply(changes: readonly StateCell[]): Uint8Array {
    for (const cell of changes) {
      const { before, after, id } = cell;
      const value = after && writtenStateEntry(after);
      this.#records.write(id, value);
      this.#trees.stage(cell, value);
      // What was just created is seldom read again soon.
      if (after && before) this.#entries.set(id, after);
      else this.#entries.delete(id);
    }
    return this.#trees.commit().root;
  }
}
