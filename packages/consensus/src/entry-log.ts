import { assert } from './assert.ts';
import type { Anchor, Entry, Epoch, Slot } from './contract.ts';

/** Entries at or below the anchor that stay in memory for followers that lag a little. */
export const LOG_TAIL_ENTRIES_MAX = 256;
/** Their payload bytes. */
const LOG_TAIL_BYTES_MAX: number = 8 * 1024 * 1024;
/** Most entries in one message, and so most payloads that travel with it. */
export const BATCH_ENTRIES_MAX = 256;
/** A message stops before the entry that would take its payloads over this; one entry always goes. */
export const BATCH_BYTES_MAX: number = 1024 * 1024;

/** Payload bytes of an entry; a no-op has none. */
export function entryBytes(entry: Entry): number {
  return entry.payload?.bytes.length ?? 0;
}

/**
 * The log of a leader-based engine in memory: entries after `base`. The store keeps those after `anchor`, which is
 * never below `base`; what lies between is the tail.
 */
export class EntryLog {
  anchor: Anchor;
  #base: number;
  #baseEpoch: Epoch;
  #entries: Entry[];
  #tailBytes = 0;

  /** @param entries - Contiguous from `anchor.index + 1`. */
  constructor(anchor: Anchor, entries: readonly Entry[]) {
    this.anchor = anchor;
    this.#base = anchor.index;
    this.#baseEpoch = anchor.epoch;
    this.#entries = [];
    this.append(entries);
  }

  /** The index the log in memory starts after. */
  get base(): number {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#base + this.#entries.length;
  }

  get lastEpoch(): Epoch {
    return this.#entries.at(-1)?.epoch ?? this.#baseEpoch;
  }

  /** The epoch of the entry at `index`, or `undefined` where this log cannot tell. */
  epochAt(index: number): Epoch | undefined {
    return index === this.#base ? this.#baseEpoch : this.entryAt(index)?.epoch;
  }

  entryAt(index: number): Entry | undefined {
    return index > this.#base ? this.#entries[index - this.#base - 1] : undefined;
  }

  /** Whether the very entry of `place` is held, and not only known as the start. */
  holds(place: Slot): boolean {
    const epoch = this.entryAt(place.index)?.epoch;
    return epoch?.number === place.epoch.number && epoch.node === place.epoch.node;
  }

  /** Entries from `from` to `to`, both included, all of which the log holds. */
  range(from: number, to: number): readonly Entry[] {
    assert(from > this.#base && to <= this.lastIndex, 'the log holds the range');
    return this.#entries.slice(from - this.#base - 1, to - this.#base);
  }

  /** As many entries from `from` on, and up to `to`, as one message carries. */
  batchFrom(from: number, to: number = this.lastIndex): readonly Entry[] {
    let bytes = 0;
    let last = from - 1;
    while (last < to && last - from + 1 < BATCH_ENTRIES_MAX) {
      const entry = this.entryAt(last + 1);
      bytes += entry ? entryBytes(entry) : 0;
      if (bytes > BATCH_BYTES_MAX && last >= from) break;
      last += 1;
    }
    return last < from ? [] : this.range(from, last);
  }

  /** Payloads after `index`. Counted anew each time: a running counter could drift (trap 17). */
  payloadsAfter(index: number): { readonly payloads: number; readonly bytes: number } {
    let payloads = 0;
    let bytes = 0;
    for (let at = index + 1; at <= this.lastIndex; at++) {
      const entry = this.entryAt(at);
      if (!entry?.payload) continue;
      payloads += 1;
      bytes += entryBytes(entry);
    }
    return { payloads, bytes };
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.lastIndex + 1, 'log indexes are contiguous');
      assert(entry.epoch.number >= this.lastEpoch.number, 'epochs never fall along a log');
      this.#entries.push(entry);
    }
  }

  /** Drops the entries from `index` on and returns them. */
  truncateFrom(index: number): readonly Entry[] {
    assert(index > this.anchor.index, 'what is certified is never truncated');
    return this.#entries.splice(index - this.#base - 1);
  }

  /** Highest index at most `index` whose epoch is at most number `epoch`; `base − 1` where that lies before this log. */
  findAtOrBelow(index: number, epoch: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at >= this.#base && (this.epochAt(at)?.number ?? 0) > epoch) at -= 1;
    return at;
  }

  /** The store's log now starts after `anchor`, which this log holds; a tail stays in memory. */
  moveAnchor(anchor: Anchor): void {
    for (const entry of this.range(this.anchor.index + 1, anchor.index)) this.#tailBytes += entryBytes(entry);
    this.anchor = anchor;
    let drop = 0;
    const tail = anchor.index - this.#base;
    while (drop < tail && (tail - drop > LOG_TAIL_ENTRIES_MAX || this.#tailBytes > LOG_TAIL_BYTES_MAX)) {
      const entry = this.#entries[drop];
      this.#tailBytes -= entry ? entryBytes(entry) : 0;
      drop += 1;
    }
    if (drop === 0) return;
    this.#baseEpoch = this.epochAt(this.#base + drop) ?? this.#baseEpoch;
    this.#base += drop;
    this.#entries.splice(0, drop);
  }

  /** Forgets everything: the log starts anew after `anchor`. Returns what was held. */
  reset(anchor: Anchor): readonly Entry[] {
    const held = this.#entries;
    this.anchor = anchor;
    this.#base = anchor.index;
    this.#baseEpoch = anchor.epoch;
    this.#entries = [];
    this.#tailBytes = 0;
    return held;
  }
}
