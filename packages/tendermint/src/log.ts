import { type Anchor, assert, type Entry } from '@varve/consensus';

/** Decisions at or below the anchor that stay in memory for peers that lag a little. */
const LOG_TAIL_ENTRIES_MAX = 256;
/** Their payload bytes. */
const LOG_TAIL_BYTES_MAX: number = 8 * 1024 * 1024;

function entryBytes(entry: Entry): number {
  return entry.payload?.bytes.length ?? 0;
}

/** Decided entries in memory: those after `base`. The store keeps those after `anchor`, which is never below `base`. */
export class DecidedLog {
  anchor: Anchor;
  #base: number;
  #entries: Entry[] = [];
  #tailBytes = 0;

  /** @param entries - Contiguous from `anchor.index + 1`, each with its proof. */
  constructor(anchor: Anchor, entries: readonly Entry[]) {
    this.anchor = anchor;
    this.#base = anchor.index;
    for (const entry of entries) this.append(entry);
  }

  /** The index the log in memory starts after. */
  get base(): number {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#base + this.#entries.length;
  }

  entryAt(index: number): Entry | undefined {
    return index > this.#base ? this.#entries[index - this.#base - 1] : undefined;
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, 'heights are decided one after another');
    this.#entries.push(entry);
  }

  /** Entries from `from` on, as far as `count` and `bytes` go; one always goes. */
  batchFrom(from: number, count: number, bytes: number): readonly Entry[] {
    const batch: Entry[] = [];
    let size = 0;
    for (let entry = this.entryAt(from); entry && batch.length < count; entry = this.entryAt(from + batch.length)) {
      size += entryBytes(entry);
      if (size > bytes && batch.length > 0) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Whether the entry at `anchor.index` is the one that `anchor` names. */
  holds({ index, epoch }: Anchor): boolean {
    const entry = this.entryAt(index);
    return entry !== undefined && entry.epoch.number === epoch.number && entry.epoch.node === epoch.node;
  }

  /** The store's log now starts after `anchor`, which this log holds; a tail stays in memory. */
  moveAnchor(anchor: Anchor): void {
    for (let index = this.anchor.index + 1; index <= anchor.index; index++) {
      const entry = this.entryAt(index);
      this.#tailBytes += entry ? entryBytes(entry) : 0;
    }
    this.anchor = anchor;
    let drop = 0;
    const tail = anchor.index - this.#base;
    while (drop < tail && (tail - drop > LOG_TAIL_ENTRIES_MAX || this.#tailBytes > LOG_TAIL_BYTES_MAX)) {
      const entry = this.#entries[drop];
      this.#tailBytes -= entry ? entryBytes(entry) : 0;
      drop += 1;
    }
    this.#base += drop;
    this.#entries.splice(0, drop);
  }

  /** Forgets everything: the log starts anew after `anchor`. */
  reset(anchor: Anchor): void {
    this.anchor = anchor;
    this.#base = anchor.index;
    this.#entries = [];
    this.#tailBytes = 0;
  }
}
