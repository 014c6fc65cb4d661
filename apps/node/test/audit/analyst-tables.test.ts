import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSigner, sha256 } from '@varve/crypto';
import { fromHex, toHex, utf8Encode } from '@varve/encoding';
import type { Operation } from '@varve/ledger';
import { accountIdOf, encodeAmount } from '@varve/modules';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, signed } from '../../../../packages/audit/test/planted-chain.ts';
import { varve } from '../cli/harness.ts';
import { temporaryDirectory, WrittenChain } from './level-chain.ts';

const folder = temporaryDirectory();
const place = (name: string): string => join(folder.path, name);
const copy = place('copy');
const signerOf = (label: string) => createSigner(sha256(utf8Encode(label)));
/** One account is of the genesis document, the other comes later. */
const [admin, later] = [signerOf('admin'), signerOf('later')];
const laterId = accountIdOf(later.publicKey);

const by = (method: string, ...values: Operation['arguments']): Operation => ({
  module: 'assets',
  method,
  arguments: values,
});

beforeAll(async () => {
  const chain = new WrittenChain();
  const { time } = chain.ledger.tip.header;
  const account: Operation = { module: 'accounts', method: 'create', arguments: [later.publicKey, ['client']] };
  chain.add(
    [
      signed(
        [account, by('define', 'gold', 'Gold', 2), by('issue', 'gold', fromHex(laterId), encodeAmount(1500n))],
        time,
        admin,
      ),
    ],
    [
      signed(
        [by('burn', 'gold', encodeAmount(7n)), create('/text', '=1+1 é'), create('/bytes', '\u0000\u0001')],
        time,
        later,
      ),
    ],
  );
  mkdirSync(copy);
  await chain.writeTo(copy);
});

afterAll(() => folder.remove());

/** Cells of a line by RFC 4180. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell))
    .slice(0, -1);
}

describe('the tables for analysts', () => {
  it('name the asset of each operation, amounts in decimal, text as text and the organization of each account', async () => {
    const [csv, jsonl] = [place('t.csv'), place('t.jsonl')];
    expect((await varve(['export', '--data', copy, '--csv', csv, '--jsonl', jsonl])).exitCode).toBe(0);
    const [head = '', ...lines] = readFileSync(csv, 'utf8').trimEnd().split('\r\n');
    const names = cellsOf(`${head},`);
    const rows = lines.map((line) => {
      const cells = cellsOf(`${line},`);
      expect(cells).toHaveLength(names.length);
      return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
    });
    const id: string = laterId;
    expect(rows.slice(-6)).toMatchObject([
      { method: 'create', module: 'accounts', organization: 'one', asset: '' },
      { method: 'define', asset: 'gold', amount: '', arguments: '["gold","Gold",2]' },
      { method: 'issue', asset: 'gold', to_account: id, amount: '1500', arguments: `["gold","${id}","1500"]` },
      { account: id, organization: 'one', asset: 'gold', amount: '7', arguments: '["gold","7"]' },
      { path: '/text', text: "'=1+1 é", arguments: `["/text","${toHex(utf8Encode('=1+1 é'))}"]` },
      { path: '/bytes', text: '', arguments: '["/bytes","0001"]' },
    ]);
    const last = JSON.parse(readFileSync(jsonl, 'utf8').trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({
      account: id,
      organization: 'one',
      operations: [{ amount: '7', arguments: ['gold', '07'] }, { text: '=1+1 é' }, { path: '/bytes' }],
    });
    expect(last.operations[2]).not.toHaveProperty('text');
  });

  it('are never written over a file, and nothing is left of what was begun', async () => {
    const [kept, fresh] = [place('kept'), place('fresh')];
    writeFileSync(kept, 'mine');
    for (const flags of [
      ['--csv', kept],
      ['--csv', fresh, '--jsonl', kept],
      ['--csv', fresh, '--out', kept],
      ['--csv', fresh, '--jsonl', fresh],
    ]) {
      const { exitCode, stdout } = await varve(['export', '--data', copy, ...flags, '--json']);
      expect([exitCode, JSON.parse(stdout).code], flags.join(' ')).toEqual([3, 'FILE_EXISTS']);
      expect([readFileSync(kept, 'utf8'), existsSync(fresh)]).toEqual(['mine', false]);
    }
    expect((await varve(['export', '--data', copy, '--csv', '/dev/null'])).exitCode).toBe(0);
  });
});
