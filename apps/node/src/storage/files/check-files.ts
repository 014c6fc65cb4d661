import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLogFile } from './log-file.ts';
import { liveFiles } from './manifest.ts';
import { tableFault } from './table-file.ts';

/** Damage of a file of a database. */
export interface FileFault {
  readonly file: string;
  readonly reason: string;
  /** Whether LevelDB can be expected to open the database none the less, and to leave out what is damaged. */
  readonly canOpen: boolean;
}

/**
 * Holds every byte that counts in the files of a LevelDB database against the checksums that LevelDB keeps. It does not
 * check them itself when it reads, leaves out damaged ends of its log without a word, and can end the process over a
 * damaged table.
 */
export function checkFiles(folder: string): FileFault[] {
  const names = readdirSync(folder);
  const current = readFileSync(join(folder, 'CURRENT'), 'utf8');
  const manifest = names.find((name) => current === `${name}\n`);
  if (manifest === undefined || !manifest.startsWith('MANIFEST-'))
    return [{ file: 'CURRENT', reason: 'it names no manifest', canOpen: false }];
  const edits = readLogFile(readFileSync(join(folder, manifest)));
  const live = edits.damagedAt === undefined ? liveFiles(edits.records) : undefined;
  if (live === undefined) {
    const reason = edits.damagedAt === undefined ? 'it cannot be read' : `wrong checksum at byte ${edits.damagedAt}`;
    return [{ file: manifest, reason, canOpen: false }];
  }
  const faults: FileFault[] = [];
  for (const [number, size] of live.tables) {
    const file = names.find((name) => /^\d+\.(ldb|sst)$/.test(name) && Number.parseInt(name, 10) === number);
    const reason = file === undefined ? 'it is missing' : faultOfTable(join(folder, file), size);
    if (reason !== undefined) faults.push({ file: file ?? `${number}.ldb`, reason, canOpen: false });
  }
  for (const name of names) {
    if (!/^\d+\.log$/.test(name) || Number.parseInt(name, 10) < live.logNumber) continue;
    const { damagedAt } = readLogFile(readFileSync(join(folder, name)));
    if (damagedAt !== undefined)
      faults.push({ file: name, reason: `wrong checksum at byte ${damagedAt}`, canOpen: true });
  }
  return faults;
}

function faultOfTable(path: string, size: number): string | undefined {
  const bytes = readFileSync(path);
  return bytes.length === size ? tableFault(bytes) : `it has ${bytes.length} bytes, not ${size}`;
}
