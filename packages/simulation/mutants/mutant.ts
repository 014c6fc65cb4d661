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

/** Makes a mutant of one edit in a file, and perhaps of more. */
type Plant = (name: string, file: string, bug: string, find: string, replace: string, more?: readonly Edit[]) => Mutant;

/** Plants bugs in files below `folder`: of `engine`, or of what all share. */
export function planting(folder: string, engine?: string): Plant {
  return (name, file, bug, find, replace, more = []) => ({
    name,
    bug,
    edits: [{ file: `${folder}/${file}`, find, replace }, ...more],
    ...(engine !== undefined && { engine }),
  });
}
