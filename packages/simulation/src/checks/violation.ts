/** A promise of the ledger that a run broke. */
export interface Violation {
  /** Which promise. */
  readonly check: string;
  readonly text: string;
  /** Virtual milliseconds since the start. */
  readonly at: number;
}

/** Where checks report to. */
export type Report = (check: string, text: string) => void;

/** What a check that remembers is made with. */
export interface WatchParts {
  /** Whether a node's disk was made to forget: no promise of an earlier run binds it. */
  readonly isForgetful: (name: string) => boolean;
  readonly report: Report;
}
