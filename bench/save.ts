import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineName } from '../apps/node/src/load/machine.ts';

/** Where results are kept, and the page that plots them. */
export const RESULTS_FOLDER: string = join(import.meta.dirname, 'results');

/** What a kept file holds: which benchmark it was, where and when, as it was asked for, and every figure. */
export interface SavedResult {
  readonly kind: 'load' | 'profile' | 'peers' | 'scale';
  /** RFC 3339. */
  readonly date: string;
  readonly machine: string;
  readonly options: object;
  readonly result: object;
}

/** Keeps figures as `bench/results/<kind>-<date>.json`. @returns the file's path. */
export function saveResult(kind: SavedResult['kind'], options: object, result: object): string {
  const date = new Date().toISOString();
  const saved: SavedResult = { kind, date, machine: machineName(), options, result };
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const path = join(RESULTS_FOLDER, `${kind}-${date.slice(0, 19).replaceAll(':', '')}Z.json`);
  writeFileSync(path, `${JSON.stringify(saved, undefined, 2)}\n`);
  return path;
}
