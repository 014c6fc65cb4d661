/** One place of the source, and what stands there instead. */
export interface Edit {
  /** Below the repository's root. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** A planted bug. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong, and the trap of the literature that it is, where it is one. */
  readonly bug: string;
  readonly edits: readonly Edit[];
  /** The engine it belongs to; absent: a part that all engines share. */
  readonly engine?: string;
}
