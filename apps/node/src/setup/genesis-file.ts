import { existsSync } from 'node:fs';
import type { Genesis } from '@varve/ledger';
import { parseDocument, stringify } from 'yaml';
import { SetupError } from './errors.ts';
import { readText, writeWhole } from './files.ts';
import { genesisDocument, parseGenesisDocument } from './genesis-document.ts';

/** The list of a genesis document that grows. */
export type GenesisList = 'organizations' | 'validators' | 'accounts';

/**
 * The genesis in a file.
 * @throws {SetupError} `FILE_FAILED`, `GENESIS_INVALID`.
 */
export function readGenesisFile(path: string): Genesis {
  return parseGenesisDocument(readText(path), path);
}

/** A new document with nobody in it but organizations; YAML unless the name ends in `.json`. */
export function writeNewGenesis(
  path: string,
  start: { title: string; time: number; protocol: string; organizations: readonly { name: string; title: string }[] },
): void {
  if (existsSync(path)) throw new SetupError('FILE_EXISTS', `${path} exists already`, { path });
  const time = new Date(start.time).toISOString();
  const text = format(path, { ...start, time, validators: [], accounts: [] });
  parseGenesisDocument(text, path, false);
  writeWhole(path, text);
}

/**
 * Adds `item` to a list of the document at `path`, keeping comments, and checks the result before it is written.
 * @throws {SetupError} `GENESIS_INVALID`, of the old document or of the new one.
 */
export function addToGenesis(path: string, list: GenesisList, item: Record<string, unknown>): void {
  const text = readText(path);
  parseGenesisDocument(text, path, false);
  const document = parseDocument(text, { schema: 'failsafe' });
  const existing = document.get(list);
  if (existing === undefined || existing === null || existing === '') document.set(list, document.createNode([]));
  document.addIn([list], document.createNode(item));
  const sequence = document.get(list);
  // An empty list is written as [], and what is added to it would follow on the same line.
  if (typeof sequence === 'object' && sequence !== null && 'flow' in sequence) sequence.flow = false;
  const changed = isJson(path) ? format(path, document.toJS()) : document.toString({ lineWidth: 0 });
  parseGenesisDocument(changed, path, false);
  writeWhole(path, changed, { replace: true });
}

/** The JSON text of a genesis, which every node keeps beside its configuration. */
export function genesisJson(genesis: Genesis): string {
  return `${JSON.stringify(genesisDocument(genesis), undefined, 2)}\n`;
}

function format(path: string, value: unknown): string {
  return isJson(path) ? `${JSON.stringify(value, undefined, 2)}\n` : stringify(value, { lineWidth: 0 });
}

function isJson(path: string): boolean {
  return path.endsWith('.json');
}
