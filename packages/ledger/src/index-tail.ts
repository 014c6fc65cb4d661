import { fromHex, type TransactionId } from '@varve/encoding';
import { ENTRY_BYTES, isOf, placeIn, prefixAt, writeEntry } from './index-page.ts';
import type { Place } from './places.ts';

const CAPACITY_MIN = 1024;
/** A table is doubled when more of it is taken. */
const LOAD_MAX = 0.5;

/** Entries of the newest blocks in memory, in the order of the chain. */
export class IndexTail {
  #entries = new Uint8Array(CAPACITY_MIN * LOAD_MAX * ENTRY_BYTES);
  /** Open addressing by the first bits of an id: number of an entry, counted from 1. */
  #slots = new Uint32Array(CAPACITY_MIN);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** A view, valid until something is added or cleared. */
  get entries(): Uint8Array {
    return this.#entries.subarray(0, this.#count * ENTRY_BYTES);
  }

  add(id: TransactionId, height: number, leafIndex: number): void {
    if (this.#count >= LOAD_MAX * this.#slots.length) this.#grow();
    const at = this.#count * ENTRY_BYTES;
    writeEntry(this.#entries, at, id, height, leafIndex);
    this.#count += 1;
    this.#enter(prefixAt(this.#entries, at), this.#count);
  }

  find(id: TransactionId): Place | undefined {
    const bytes = fromHex(id);
    const mask = this.#slots.length - 1;
    for (let slot = prefixAt(bytes, 0) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] as number;
      if (number === 0) return undefined;
      const at = (number - 1) * ENTRY_BYTES;
      if (isOf(this.#entries, at, bytes)) return placeIn(this.#entries, at);
    }
  }

  clear(): void {
    this.#count = 0;
    this.#slots.fill(0);
  }

  #enter(prefix: number, number: number): void {
    const mask = this.#slots.length - 1;
    let slot = prefix & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number;
  }

  #grow(): void {
    const entries = new Uint8Array(2 * this.#entries.length);
    entries.set(this.#entries);
    this.#entries = entries;
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 1; number <= this.#count; number++)
      this.#enter(prefixAt(entries, (number - 1) * ENTRY_BYTES), number);
  }
}
