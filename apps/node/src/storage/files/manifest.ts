import { Reader } from './table-file.ts';

/** Tags of a version edit: LevelDB `db/version_edit.cc`. */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

/** The files that count, as the manifest's edits leave it. */
export interface LiveFiles {
  /** Size of each table by its number. */
  readonly tables: ReadonlyMap<number, number>;
  /** Logs from this number on count. */
  readonly logNumber: number;
}

/** @returns `undefined` where an edit cannot be read. */
export function liveFiles(edits: readonly Uint8Array[]): LiveFiles | undefined {
  const tables = new Map<number, number>();
  let logNumber = 0;
  for (const edit of edits) {
    const reader = new Reader(edit);
    while (!reader.isDone) {
      const tag = reader.varint();
      if (tag === TAG.logNumber) logNumber = reader.varint() ?? 0;
      else if (tag === TAG.nextFile || tag === TAG.lastSequence || tag === TAG.previousLog) reader.varint();
      else if (tag === TAG.comparator) skipText(reader);
      else if (tag === TAG.compactPointer) {
        reader.varint();
        skipText(reader);
      } else if (tag === TAG.deletedFile) {
        reader.varint();
        tables.delete(reader.varint() ?? -1);
      } else if (tag === TAG.newFile) {
        reader.varint();
        const [number, size] = [reader.varint(), reader.varint()];
        skipText(reader);
        skipText(reader);
        if (number === undefined || size === undefined) return undefined;
        tables.set(number, size);
      } else return undefined;
    }
  }
  return { tables, logNumber };
}

function skipText(reader: Reader): void {
  reader.skip(reader.varint() ?? 0);
}
