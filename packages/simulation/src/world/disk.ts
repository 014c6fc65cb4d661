import { latin1 } from '@varve/encoding';
import type { Store, StoreOperation } from '@varve/ledger/chain';

interface StoredRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a batch replaced, so that it can be lost afterwards. */
type Replaced = Map<string, StoredRecord | undefined>;

/** Newest batches that a fault can still take away. */
const BATCHES_REMEMBERED = 64;

/** A range of keys, as LevelDB takes them. */
export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

/** What one node's disk holds durably, and the ways in which a disk forgets. Batches are atomic, as LevelDB's are. */
export class SimulatedDisk implements Store {
  /** By first byte, which is a record's kind: a start reads some kinds whole, and others not at all. */
  readonly #kinds = new Map<number, Map<string, StoredRecord>>();
  #recent: Replaced[] = [];
  /** Whether a fault changed what it holds. */
  isDamaged = false;
  /** Batches that became durable in all. */
  commits = 0;

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#find(latin1(key))?.value;
  }

  /** A batch is durable. */
  commit(operations: readonly StoreOperation[]): void {
    this.commits += 1;
    const replaced: Replaced = new Map();
    for (const { key, value } of operations) {
      const id = latin1(key);
      const records = this.#recordsOf(id);
      if (!replaced.has(id)) replaced.set(id, records.get(id));
      if (value) records.set(id, { key, value });
      else records.delete(id);
    }
    this.#recent.push(replaced);
    if (this.#recent.length > BATCHES_REMEMBERED) this.#recent.shift();
  }

  /** Entries in [gte, lt), ascending. */
  *entries(range: KeyRange): Generator<[Uint8Array, Uint8Array]> {
    const from = latin1(range.gte);
    const to = latin1(range.lt);
    const kinds = [...this.#kinds.keys()].filter((kind) => kind >= (range.gte[0] ?? 0) && kind <= (range.lt[0] ?? 0));
    for (const kind of kinds.sort((a, b) => a - b)) {
      const records = this.#kinds.get(kind) ?? new Map<string, StoredRecord>();
      for (const id of ascending(records.keys(), from, to)) {
        const record = records.get(id);
        if (record) yield [record.key, record.value];
      }
    }
  }

  /** A copy, as a backup would be. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk();
    for (const [kind, records] of this.#kinds) copy.#kinds.set(kind, new Map(records));
    copy.#recent = this.#recent.map((batch) => new Map(batch));
    copy.commits = this.commits;
    copy.isDamaged = this.isDamaged;
    return copy;
  }

  /** How many batches `loseBatch` and `loseTail` can still take. */
  get batches(): number {
    return this.#recent.length;
  }

  /** Forgets the batch `back` before the newest, as a damaged log file does; what was written over it later stays. */
  loseBatch(back: number): void {
    this.isDamaged = true;
    const at = this.#recent.length - 1 - back;
    const lost = this.#recent[at];
    if (lost === undefined) return;
    this.#recent.splice(at, 1);
    for (const [id, before] of lost) {
      const later = this.#recent.slice(at).find((batch) => batch.has(id));
      // A later batch would bring back what this one wrote.
      if (later) later.set(id, before);
      else this.#put(id, before);
    }
  }

  /** Forgets the newest `count` batches. */
  loseTail(count: number): void {
    this.isDamaged = true;
    for (let i = 0; i < count; i++) {
      const lost = this.#recent.pop();
      for (const [id, before] of lost ?? []) this.#put(id, before);
    }
  }

  /** Keys of one kind, ascending. */
  keysOf(kind: number): Uint8Array[] {
    return [...this.entries({ gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) })].map(([key]) => key);
  }

  /** Flips one bit of a stored record. Returns whether there is one. */
  flip(key: Uint8Array, bit: number): boolean {
    const id = latin1(key);
    const record = this.#find(id);
    if (record === undefined || record.value.length === 0) return false;
    this.isDamaged = true;
    const value = new Uint8Array(record.value);
    const at = (bit >> 3) % value.length;
    value[at] = (value[at] ?? 0) ^ (1 << (bit & 7));
    this.#put(id, { key: record.key, value });
    return true;
  }

  #find(id: string): StoredRecord | undefined {
    return this.#kinds.get(id.charCodeAt(0))?.get(id);
  }

  #put(id: string, record: StoredRecord | undefined): void {
    if (record) this.#recordsOf(id).set(id, record);
    else this.#recordsOf(id).delete(id);
  }

  #recordsOf(id: string): Map<string, StoredRecord> {
    const kind = id.charCodeAt(0);
    let records = this.#kinds.get(kind);
    if (records === undefined) {
      records = new Map();
      this.#kinds.set(kind, records);
    }
    return records;
  }
}

/** Those of `ids` in [from, to), ascending. Most were written in that order, and looking is cheaper than sorting. */
function ascending(ids: Iterable<string>, from: string, to: string): string[] {
  const found: string[] = [];
  let isSorted = true;
  let last = '';
  for (const id of ids) {
    if (id < from || id >= to) continue;
    if (id < last) isSorted = false;
    last = id;
    found.push(id);
  }
  return isSorted ? found : found.sort();
}
