import { EntryLog } from '@varve/consensus';

/** The log in Raft's words: an epoch's number is a term. */
export class RaftLog extends EntryLog {
  get lastTerm(): number {
    return this.lastEpoch.number;
  }

  /** The term of the entry at `index`, or `undefined` where this log cannot tell. */
  termAt(index: number): number | undefined {
    return this.epochAt(index)?.number;
  }
}
