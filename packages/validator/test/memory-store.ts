import { toHex } from '@varve/encoding';
import type { Store, StoreOperation } from '@varve/ledger/chain';

/** A disk in memory: what was committed, in key order on request. */
export class MemoryStore implements Store {
  readonly records = new Map<string, { readonly key: Uint8Array; value: Uint8Array }>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.records.get(toHex(key))?.value;
  }

  commit(operations: readonly StoreOperation[]): void {
    for (const { key, value } of operations) {
      if (value === undefined) this.records.delete(toHex(key));
      else this.records.set(toHex(key), { key, value });
    }
  }

  /** Entries in [gte, lt), ascending. */
  *entries(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Generator<[Uint8Array, Uint8Array]> {
    const from = toHex(range.gte);
    const to = toHex(range.lt);
    const hits = [...this.records.entries()].filter(([id]) => id >= from && id < to);
    hits.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, { key, value }] of hits) yield [key, value];
  }

  /** A copy, as a backup would be. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    for (const [id, { key, value }] of this.records) copy.records.set(id, { key, value });
    return copy;
  }
}
