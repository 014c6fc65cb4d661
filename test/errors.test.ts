import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../apps/node/src/api/problems.ts';
import { exitCodeOf } from '../apps/node/src/cli/exit-codes.ts';
import { HINTED_CODES } from '../apps/node/src/cli/hints.ts';

const root = join(import.meta.dirname, '..');

/** Texts that look like codes and are shown to nobody as such. */
const NO_CODES = new Set([
  // Other people's codes, looked for in their errors.
  'LEVEL_LOCKED',
  'HPE_HEADER_OVERFLOW',
  // Why a leader builds nothing at this moment; the status names only those that an operator can act on.
  'NOT_LEADING',
  'NOT_PROPOSING',
]);

/** Code positions in which a single word is a code too; anywhere else only WORDS_LIKE_THIS are. */
const SINGLE_WORDS = [
  /\bcode: (?:[^,;{}'\n]*\? )?'([A-Z]{2,})'/g,
  /\bcode(?: \?\?|:.* \?\?) '([A-Z]{2,})'/g,
  /\bnew [A-Za-z]*(?:Error|Failure|Failed)\(\s*'([A-Z]{2,})'/g,
  /\bproblem\('([A-Z]{2,})'/g,
  /\bonRefused\([^,\n]+, '([A-Z]{2,})'\)/g,
  /\bOUTCOME_OK = '([A-Z]{2,})'/g,
];

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (['node_modules', 'dist', 'test'].includes(entry.name)) return [];
    if (entry.isDirectory()) return sourcesBelow(path);
    return /\.tsx?$/.test(entry.name) || entry.name === 'varve.js' ? [path] : [];
  });
}

/** Where each code of the sources stands. */
function codesOfSources(): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const path of ['packages', 'apps'].flatMap((area) => sourcesBelow(join(root, area)))) {
    const text = readFileSync(path, 'utf8');
    const found = [
      ...matches(text, /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g),
      ...SINGLE_WORDS.flatMap((pattern) => matches(text, pattern)),
      // The maps of errors: each code with the type of its details.
      ...[...text.matchAll(/type [A-Za-z]+Errors = \{(.*?)\n\};/gs)].flatMap(([, body = '']) =>
        matches(body, /^ {2}([A-Z][A-Z0-9_]*): /gm),
      ),
    ];
    for (const code of found) if (!NO_CODES.has(code) && !code.startsWith('VARVE_')) codes.set(code, path);
  }
  for (const code of Object.keys(PROBLEMS)) codes.set(code, 'apps/node/src/api/problems.ts');
  return codes;
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** The rows of the tables of docs/errors.md that begin with a code, each with the heads of its columns. */
function documented(): {
  readonly code: string;
  readonly heads: readonly string[];
  readonly cells: readonly string[];
}[] {
  let heads: readonly string[] = [];
  return readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith('|')) heads = [];
      if (!line.startsWith('|')) return [];
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      const code = /^`([A-Z0-9_]+)`$/.exec(cells[0] ?? '')?.[1];
      if (code !== undefined) return [{ code, heads, cells }];
      if (!/^-+$/.test(cells[0] ?? '')) heads = cells;
      return [];
    });
}

const rows = documented();
const documentedCodes = new Set(rows.map(({ code }) => code));
const sources = codesOfSources();

describe('docs/errors.md', () => {
  it('lists every code of the sources', () => {
    const missing = [...sources].filter(([code]) => !documentedCodes.has(code));
    expect(missing).toEqual([]);
  });

  it('lists nothing else', () => {
    expect([...documentedCodes].filter((code) => !sources.has(code))).toEqual([]);
  });

  it('lists each code once', () => {
    const codes = rows.map(({ code }) => code);
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
  });

  it('says something in every cell', () => {
    expect(rows.filter(({ heads, cells }) => heads.length !== cells.length || cells.includes(''))).toEqual([]);
  });

  it('names the HTTP status of every problem', () => {
    const statuses = rows.flatMap(({ code, heads, cells }) => {
      const at = heads.indexOf('HTTP');
      return at < 0 ? [] : [[code, Number(cells[at])]];
    });
    expect(Object.fromEntries(statuses)).toEqual(
      Object.fromEntries(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status])),
    );
  });

  it('names the exit code of the command line', () => {
    const wrong = rows.filter(({ code, heads, cells }) => {
      const at = heads.indexOf('exit');
      return at >= 0 && cells[at] !== '–' && Number(cells[at]) !== exitCodeOf(code, false, undefined);
    });
    expect(wrong.map(({ code }) => code)).toEqual([]);
  });

  it('knows every code for which the command line has a hint', () => {
    expect(HINTED_CODES.filter((code) => !documentedCodes.has(code))).toEqual([]);
  });
});
