import type { StateEntry } from './module.ts';

/** Entries of each generation; two are kept. */
const GENERATION_MAX = 8192;
/** Entries with larger values are not kept. */
const VALUE_BYTES_MAX = 1024;

/** State entries that were read not long ago, decoded, by `StateKey.id`. */
export class EntryCache {
  #young = new Map<string, StateEntry>();
  #old = new Map<string, StateEntry>();

  get(id: string): StateEntry | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  set(id: string, entry: StateEntry): void {
    if (entry.bytes.length > VALUE_BYTES_MAX) return this.delete(id);
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, entry);
  }

  delete(id: string): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }
}
