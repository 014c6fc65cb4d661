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
