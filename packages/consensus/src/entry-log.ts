import { assert } from './assert.ts';
import type { Anchor, Entry } from './contract.ts';

/** Entries at or below the anchor that stay in memory for followers that lag a little. */
export const LOG_TAIL_ENTRIES_MAX = 256;
/** Their payload bytes. */
const LOG_TAIL_BYTES_MAX: number = 8 * 1024 * 1024;

/** Payload bytes of an entry; a no-op has none. */
export function entryBytes(entry: Entry): number {
  return entry.payload?.bytes.length ?? 0;
}

/** How much one message carries. */
export interface BatchLimits {
  readonly entriesMax: number;
  /** The batch ends before the entry that would take its payloads over this; one entry always goes. */
  readonly bytesMax: number;
}

/**
 * A log without gaps, in memory: entries after `base`. The store keeps those after `anchor`, which is never below `base`; what
 * lies between is the tail.
 */
export class EntryLog {
  anchor: Anchor;
  #base: number;
  #baseEpoch: number;
  #entries: Entry[];
  #tailBytes = 0;

  /** @param entries - Contiguous from `anchor.index + 1`. */
  constructor(anchor: Anchor, entries: readonly Entry[]) {
    this.anchor = anchor;
    this.#base = anchor.index;
    this.#baseEpoch = anchor.epoch.number;
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

  get lastEpoch(): number {
    return this.#entries.at(-1)?.epoch.number ?? this.#baseEpoch;
  }

  /** The epoch's number of the entry at `index`, or `undefined` where this log cannot tell. */
  epochAt(index: number): number | undefined {
    return index === this.#base ? this.#baseEpoch : this.entryAt(index)?.epoch.number;
  }

  entryAt(index: number): Entry | undefined {
    return index > this.#base ? this.#entries[index - this.#base - 1] : undefined;
  }

  /** Entries from `from` to `to`, both included, all of which the log holds. */
  range(from: number, to: number): readonly Entry[] {
    assert(from > this.#base && to <= this.lastIndex, 'the log holds the range');
    return this.#entries.slice(from - this.#base - 1, to - this.#base);
  }

  /** As many entries from `from` on as one message carries. */
  batch(from: number, { entriesMax, bytesMax }: BatchLimits): readonly Entry[] {
    let bytes = 0;
    let to = from - 1;
    while (to < this.lastIndex && to - from + 1 < entriesMax) {
      const entry = this.entryAt(to + 1);
      bytes += entry ? entryBytes(entry) : 0;
      if (bytes > bytesMax && to >= from) break;
      to += 1;
    }
    return to < from ? [] : this.range(from, to);
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.lastIndex + 1, 'log indexes are contiguous');
      assert(entry.epoch.number >= this.lastEpoch, 'epochs never fall along a log');
      this.#entries.push(entry);
    }
  }

  /** Drops the entries from `index` on and returns them. */
  truncateFrom(index: number): readonly Entry[] {
    assert(index > this.anchor.index, 'what is certified is never truncated');
    return this.#entries.splice(index - this.#base - 1);
  }

  /** Highest index at most `index` whose epoch is at most `epoch`; `base − 1` where that lies before this log. */
  findAtOrBelow(index: number, epoch: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at >= this.#base && (this.epochAt(at) ?? 0) > epoch) at -= 1;
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
    this.#baseEpoch = this.epochAt(this.#base + drop) ?? 0;
    this.#base += drop;
    this.#entries.splice(0, drop);
  }

  /** Forgets everything: the log starts anew after `anchor`. Returns what was held. */
  reset(anchor: Anchor): readonly Entry[] {
    const held = this.#entries;
    this.anchor = anchor;
    this.#base = anchor.index;
    this.#baseEpoch = anchor.epoch.number;
    this.#entries = [];
    this.#tailBytes = 0;
    return held;
  }
}
