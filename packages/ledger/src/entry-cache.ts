import { RecentMap } from '@varve/encoding';
import type { StateEntry } from './module.ts';

/** Entries kept. */
const ENTRIES_MAX = 16_384;
/** Entries with larger values are not kept. */
const VALUE_BYTES_MAX = 1024;

/** State entries that were read or written not long ago, decoded, by `StateKey.id`. */
export class EntryCache {
  readonly #entries = new RecentMap<StateEntry>(ENTRIES_MAX);

  get(id: string): StateEntry | undefined {
    return this.#entries.get(id);
  }

  set(id: string, entry: StateEntry): void {
    if (entry.bytes.length > VALUE_BYTES_MAX) this.#entries.delete(id);
    else this.#entries.set(id, entry);
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }
}
