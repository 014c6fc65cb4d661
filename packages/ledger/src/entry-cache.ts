import { RecentMap, SharedMemory } from '@varve/encoding';
import type { StateEntry } from './module.ts';

/** Entries kept. */
const ENTRIES_MAX = 32_768;
/** Entries with larger values are not kept. */
const VALUE_BYTES_MAX = 1024;
/** Values next to each other in time share so much memory, of which none goes before all do. */
const SHARED_BYTES = 2048;

/** State entries that were read or written not long ago, decoded, by `StateKey.id`. */
export class EntryCache {
  readonly #entries = new RecentMap<StateEntry>(ENTRIES_MAX);
  readonly #values = new SharedMemory(SHARED_BYTES);

  get(id: string): StateEntry | undefined {
    return this.#entries.get(id);
  }

  /** @param entry - Its value is copied: it may be part of a payload, all of which would be kept with it. */
  set(id: string, { version, modifiedHeight, bytes }: StateEntry): void {
    if (bytes.length > VALUE_BYTES_MAX) this.#entries.delete(id);
    else this.#entries.set(id, { version, modifiedHeight, bytes: this.#values.copy(bytes) });
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }
}
