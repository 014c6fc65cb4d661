import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS_FOLDER, type SavedResult } from '../save.ts';
import { pageOf } from './page.ts';

const KINDS: readonly string[] = ['load', 'profile', 'peers', 'scale'] satisfies SavedResult['kind'][];

const files = readdirSync(RESULTS_FOLDER)
  .filter((name) => name.endsWith('.json'))
  .sort();
const page = join(RESULTS_FOLDER, 'index.html');
writeFileSync(page, pageOf(files.map(readResult)));
console.log(`${files.length} results drawn in ${page}`);

/** @throws {TypeError} for a file that is no result. */
function readResult(name: string): SavedResult {
  const saved = JSON.parse(readFileSync(join(RESULTS_FOLDER, name), 'utf8')) as SavedResult;
  if (!KINDS.includes(saved.kind) || typeof saved.date !== 'string' || typeof saved.result !== 'object')
    throw new TypeError(`${name} is no result of a benchmark`);
  return saved;
}
