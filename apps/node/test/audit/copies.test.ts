import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, genesis, signed } from '../../../../packages/audit/test/planted-chain.ts';
import { genesisJson } from '../../src/setup/genesis-file.ts';
import { LevelStore } from '../../src/storage/index.ts';
import { varve } from '../cli/harness.ts';
import { temporaryDirectory, WrittenChain } from './level-chain.ts';

const folder = temporaryDirectory();
const place = (name: string): string => join(folder.path, name);
const [ours, theirs, genesisFile] = [place('ours'), place('theirs'), place('genesis.json')];

beforeAll(async () => {
  // Both have heights 1 to 5 alike; then each goes its own way, and the same three validators seal both.
  const left = new WrittenChain();
  left.grow(4).switch();
  const right = new WrittenChain();
  for (const batch of left.batches.slice(right.batches.length)) right.store.write(batch);
  right.reopen();
  left.grow(2);
  right.add([signed([create('/other')])], [signed([create('/another')])]);
  for (const [directory, chain] of [
    [ours, left],
    [theirs, right],
  ] as const) {
    mkdirSync(directory);
    await chain.writeTo(directory);
  }
  writeFileSync(genesisFile, genesisJson(genesis));
});

afterAll(() => folder.remove());

/** The parsed answer of a command. */
async function json(...args: readonly string[]): Promise<{ exitCode: number; body: Record<string, never> }> {
  const { exitCode, stdout } = await varve([...args, '--json']);
  return { exitCode, body: JSON.parse(stdout) };
}

const filesOf = (directory: string): string[] =>
  readdirSync(join(directory, 'store')).map((name) => `${name} ${readFileSync(join(directory, 'store', name)).length}`);

describe('varve audit', () => {
  it('finds a whole copy clean, changes nothing in it, and writes a page without anything from elsewhere', async () => {
    const before = filesOf(ours);
    const page = place('report.html');
    const { exitCode, stdout } = await varve(['audit', '--data', ours, '--genesis', genesisFile, '--html', page]);
    expect(stdout).toMatch(/^clean: nothing is wrong with the copy\n/);
    expect(stdout).toContain('from genesis to height 7, final up to 7');
    expect(exitCode).toBe(0);
    expect(filesOf(ours)).toEqual(before);
    const html = readFileSync(page, 'utf8');
    expect(html).not.toMatch(/<script|https?:|src=|href=/);
    expect(html).toContain('Audited chain');
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    const audited = new RegExp(`\\d{4}-\\d\\d-\\d\\dT[0-9:.]{12}Z, by varve ${version}\\b`);
    expect(stdout).toMatch(audited);
    expect(html).toMatch(audited);
    expect(html).toContain('0: items of payloads that the rules skip');
  });

  it('reads a database that a running node has open and writes to', async () => {
    const running = place('running');
    cpSync(ours, running, { recursive: true });
    const store = await LevelStore.open(join(running, 'store'));
    const { exitCode, body } = await json('audit', '--data', running);
    await store.close();
    expect(exitCode).toBe(0);
    expect(body).toMatchObject({ clean: true, genesisFrom: 'copy', copies: [{ height: 7 }] });
  });

  it('names the first divergence of two copies and proves who sealed both', async () => {
    const proofs = place('proofs');
    const { exitCode, body } = await json('audit', '--data', ours, '--data', theirs, '--evidence', proofs);
    expect(exitCode).toBe(7);
    expect(body).toMatchObject({
      clean: false,
      agreedHeight: 5,
      divergence: {
        height: 6,
        blocks: [
          { copy: ours, isCertified: true },
          { copy: theirs, isCertified: true },
        ],
      },
      contradictions: [{ validator: 'v1', height: 6 }, { validator: 'v2' }, { validator: 'v3' }],
      copies: [
        { findings: [{ code: 'COPIES_DIVERGE', height: 6 }] },
        { findings: [{ code: 'COPIES_DIVERGE', height: 6 }] },
      ],
    });
    const names = readdirSync(proofs);
    expect(names).toHaveLength(4);
    // The genesis configuration did not seal these: what leads to the one that did is written along.
    const configurations = join(proofs, 'configurations.json');
    for (const name of names.filter((one) => one.endsWith('.evidence'))) {
      const file = join(proofs, name);
      const proven = ['evidence', 'verify', file, '--genesis', genesisFile, '--configurations', configurations];
      expect((await varve(proven)).stdout).toMatch(/^valid +yes\nvalidator +v[123] of one\n/);
    }
  });

  it('says up to which height copies agree, in the text and on the page', async () => {
    const [page, progress] = [place('agree.html'), place('agree.progress')];
    const short = place('short.varve');
    await json('export', '--data', ours, '--out', short, '--to', '4');
    const { stdout } = await varve(['audit', '--data', ours, short, '--html', page, '--progress', progress]);
    const html = readFileSync(page, 'utf8');
    for (const text of [stdout, html]) {
      expect(text).toContain('agree up to height 4: they hold the same blocks');
      expect(text).toContain('from the copy itself, since no document was named: compare the chain id by other means');
    }
    expect((await json('audit', '--data', ours, '--progress', progress)).body).toMatchObject({ agreedHeight: null });
  });

  it('finds the divergence of copies again when all their blocks were judged by an earlier run', async () => {
    const args = ['audit', '--data', ours, '--data', theirs, '--progress', place('fork.progress')];
    const [first, again] = [await json(...args), await json(...args)];
    expect(again.body).toMatchObject({ copies: [{ resumedAt: 7 }, { resumedAt: 7 }] });
    for (const key of ['clean', 'agreedHeight', 'divergence', 'divergenceText', 'contradictions'] as const)
      expect(again.body[key], key).toEqual(first.body[key]);
    expect(again.exitCode).toBe(7);
    expect((await varve(args)).stdout).toMatch(/^copies {4}agree up to height 5, and differ from height 6 on$/m);
  });

  it('goes on where it stood, and refuses a file of another copy or a damaged one', async () => {
    const progress = place('progress');
    const first = await json('audit', '--data', ours, '--progress', progress);
    const again = await json('audit', '--data', ours, '--progress', progress);
    expect(first.body).toMatchObject({ clean: true, copies: [{ resumedAt: null }] });
    expect(again.body).toMatchObject({
      clean: true,
      copies: [{ resumedAt: 7, counts: { blocks: 7, transactions: 13 } }],
    });
    expect((await json('audit', '--data', theirs, '--progress', progress)).body).toMatchObject({
      code: 'AUDIT_PROGRESS_FOREIGN',
    });
    const bytes = readFileSync(progress);
    bytes[100] = (bytes[100] as number) ^ 1;
    writeFileSync(progress, bytes);
    const damaged = await json('audit', '--data', ours, '--progress', progress);
    expect([damaged.exitCode, damaged.body]).toMatchObject([3, { code: 'AUDIT_PROGRESS_MALFORMED' }]);
  });

  it('begins at a certified block, with the state that the copy keeps', async () => {
    const { exitCode, body } = await json('audit', '--data', ours, '--from', '6');
    expect(exitCode).toBe(0);
    expect(body).toMatchObject({ clean: true, copies: [{ startedAt: 6, height: 7, counts: { blocks: 1 } }] });
    expect((await varve(['audit', '--data', ours, '--from', '8'])).exitCode).toBe(2);
  });

  it('shows a bar that ends complete, on a terminal alone', async () => {
    const [audit, out] = [['audit', '--data', ours, '--data', ours], place('bar.jsonl')];
    const shown = (await varve(audit, {}, true)).stderr;
    expect(shown).toMatch(/█{24} 7\/7 blocks of 2 copies, 26 transactions in all\n$/);
    const exported = (await varve(['export', '--data', ours, '--jsonl', out], {}, true)).stderr;
    expect(exported).toMatch(/█{24} 7\/7 blocks\n$/);
    expect((await varve([...audit, '--json'], {}, true)).stderr).toBe('');
    expect((await varve(audit)).stderr).toBe('');
  });

  it('tells a wrong use, a folder without a database, and another chain apart', async () => {
    expect((await varve(['audit'])).exitCode).toBe(2);
    for (const command of [['audit'], ['export', '--out', place('never.varve')]]) {
      const { exitCode, body } = await json(...command, '--data', place('nothing'));
      expect([exitCode, body]).toMatchObject([
        3,
        { code: 'STORE_MISSING', message: `there is no database in ${place('nothing')}` },
      ]);
      expect(body.hint).not.toContain('init');
    }
    const other = place('other.json');
    writeFileSync(other, genesisJson({ ...genesis, title: 'Another chain' }));
    expect((await json('audit', '--data', ours, '--genesis', other)).body).toMatchObject({ code: 'STORE_FOREIGN' });
  });
});

describe('varve export', () => {
  const out = place('ledger.varve');

  it('writes a file that another machine audits', async () => {
    const made = await json('export', '--data', ours, '--out', out);
    expect(made.body).toMatchObject({ from: 1, to: 7, blocks: 7, transactions: 13 });
    const { exitCode, body } = await json('audit', out, '--genesis', genesisFile);
    expect(exitCode).toBe(0);
    expect(body).toMatchObject({ clean: true, copies: [{ kind: 'export', height: 7, finalHeight: 7 }] });
    expect((await varve(['export', '--data', ours, '--out', out])).exitCode).toBe(3);
  });

  it('of a part is audited with the progress of the part before', async () => {
    const [head, tail, progress] = [place('head.varve'), place('tail.varve'), place('part.progress')];
    await json('export', '--data', ours, '--out', head, '--to', '4');
    await json('export', '--data', ours, '--out', tail, '--from', '5');
    const needs =
      /tail\.varve begins at height 5: .* of an audit up to height 4 \(--progress FILE\), or the blocks from 1 on$/;
    for (const flags of [[], ['--progress', place('none.progress')]]) {
      const { exitCode, body } = await json('audit', tail, ...flags);
      expect([exitCode, body]).toMatchObject([
        3,
        { code: 'AUDIT_PROGRESS_MISSING', message: expect.stringMatching(needs) },
      ]);
    }
    expect((await json('audit', head, '--progress', progress)).exitCode).toBe(0);
    const { body } = await json('audit', tail, '--progress', progress);
    expect(body).toMatchObject({ clean: true, copies: [{ resumedAt: 4, height: 7 }] });
  });

  it('refuses every truncated file and every changed byte', async () => {
    const whole = readFileSync(out);
    const changed = place('changed.varve');
    for (let i = 0; i < 12; i++) {
      const at = Math.floor((whole.length * i) / 12);
      const copy = Buffer.from(whole);
      copy[at] = (copy[at] as number) ^ (1 << (i % 8));
      for (const bytes of [copy, whole.subarray(0, at)]) {
        writeFileSync(changed, bytes);
        const { exitCode, body } = await json('audit', changed);
        expect([exitCode, body], String(at)).toMatchObject([3, { code: 'EXPORT_MALFORMED' }]);
      }
    }
  });

  it('writes tables and receipts', async () => {
    const [csv, jsonl, receipts] = [place('t.csv'), place('t.jsonl'), place('receipts')];
    await json('export', '--data', ours, '--csv', csv, '--jsonl', jsonl, '--receipts', receipts);
    const rows = readFileSync(csv, 'utf8').split('\r\n');
    expect(rows[0]).toMatch(/^height,time,index,transaction,account,organization,outcome,/);
    // 6 blocks of one transaction with one operation and one with two, a change of configuration, and the end.
    expect(rows).toHaveLength(1 + 6 * 3 + 1 + 1);
    expect(rows.find((row) => row.includes(',/b2,'))).toContain(',NODE_EXISTS,1,0,coordination,create,,,,/b2,');
    const lines = readFileSync(jsonl, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(13);
    expect(lines[0]).toMatchObject({ height: 1, index: 0, operations: [{ path: '/a1' }], outcome: { code: 'OK' } });
    const names = readdirSync(receipts);
    expect(names).toHaveLength(13);
    const checked = await varve(['receipt', 'verify', join(receipts, names[5] as string), '--genesis', genesisFile]);
    expect(checked.stdout).toMatch(/^valid +yes/);
  });
});
