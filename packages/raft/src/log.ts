import { EntryLog } from '@varve/consensus';

export { entryBytes, LOG_TAIL_ENTRIES_MAX } from '@varve/consensus';

/** The log by terms: within an instance the number of an entry's epoch is its term. */
export class RaftLog extends EntryLog {
  get lastTerm(): number {
    return this.lastEpoch.number;
  }

  /** The term of the entry at `index`, or `undefined` where this log cannot tell. */
  termAt(index: number): number | undefined {
    return this.epochAt(index)?.number;
  }

  /** Highest index at most `index` whose term is at most `term`; `base − 1` where that lies before this log. */
  findAtOrBelow(index: number, term: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at >= this.base && (this.termAt(at) ?? 0) > term) at -= 1;
    return at;
  }
}
