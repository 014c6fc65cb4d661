import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { fromHex } from '@varve/encoding';
import { decodeGenesis } from '@varve/ledger';
import { verifyReceipt } from '@varve/verify';
import { expect, it } from 'vitest';
import { verifyBundle } from './support/bundle.ts';

/** What a page may have to load to verify everything, minified and gzipped, dependencies included. */
const BUNDLE_BYTES_MAX = 40_000;

it('the verification library is small, whole, and says the same as its sources', async () => {
  const code = await verifyBundle();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(BUNDLE_BYTES_MAX);
  const bundle = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  const functions = Object.keys(bundle).sort();
  expect(functions).toEqual([
    'compareCheckpoints',
    'holdsUnless',
    'verifyBlock',
    'verifyCheckpoint',
    'verifyConfigurations',
    'verifyConsistency',
    'verifyEvidence',
    'verifyHeader',
    'verifyReceipt',
    'verifyState',
  ]);
  const file = new URL('../packages/ledger/test/golden/records.json', import.meta.url);
  const golden: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'));
  const [receipt, genesis] = ['receipt-later', 'genesis'].map((name) => fromHex(golden[name] ?? ''));
  const trust = { genesis: decodeGenesis(genesis as Uint8Array) };
  const verdict = verifyReceipt(receipt as Uint8Array, trust);
  expect(verdict.ok).toBe(true);
  expect(bundle.verifyReceipt(receipt, trust)).toEqual(verdict);
});
