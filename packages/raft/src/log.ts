import { type Entry, EntryLog } from '@varve/consensus';
import { APPEND_BYTES_MAX, APPEND_ENTRIES_MAX } from './message.ts';

export { entryBytes, LOG_TAIL_ENTRIES_MAX } from '@varve/consensus';

/** The log in Raft's words: an epoch's number is a term. */
export class RaftLog extends EntryLog {
  get lastTerm(): number {
    return this.lastEpoch;
  }

  /** The term of the entry at `index`, or `undefined` where this log cannot tell. */
  termAt(index: number): number | undefined {
    return this.epochAt(index);
  }

  /** As many entries from `from` on as one AppendEntries carries. */
  batchFrom(from: number): readonly Entry[] {
    return this.batch(from, { entriesMax: APPEND_ENTRIES_MAX, bytesMax: APPEND_BYTES_MAX });
  }
}
