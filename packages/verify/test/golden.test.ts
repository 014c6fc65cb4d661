import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRng, PROTOCOL_NAMES } from '@varve/consensus';
import { fromHex, toHex, utf8Encode } from '@varve/encoding';
import { decodeGenesis } from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { slowVerifyReceipt } from '../../ledger/test/slow-verifier.ts';
import {
  type StateAnswer,
  type Trust,
  type Verdict,
  verifyBlock,
  verifyCheckpoint,
  verifyConfigurations,
  verifyConsistency,
  verifyEvidence,
  verifyReceipt,
  verifyState,
} from '../src/index.ts';
import { type GoldenChain, goldenChain } from './golden-chain.ts';

const folder = new URL('./golden/', import.meta.url);
/** What this version writes. A version that writes otherwise gets a file of its own, and this one stays. */
const CURRENT = '0.1.0.json';
const today = Object.fromEntries(PROTOCOL_NAMES.map((name) => [name, goldenChain(name)]));
// Made anew only by hand, where a new version is to be kept: VARVE_GOLDEN=write npx vitest run packages/verify/test/golden.test.ts
if (process.env.VARVE_GOLDEN === 'write') {
  writeFileSync(new URL(CURRENT, folder), `${JSON.stringify(today, undefined, 2)}\n`, { flag: 'wx' });
}
const kept = readdirSync(folder).flatMap((file) => {
  const chains: Record<string, GoldenChain> = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  return Object.entries(chains).map(([protocol, chain]): [string, string, GoldenChain] => [file, protocol, chain]);
});

type Judge = (bytes: Uint8Array, part: string) => Verdict<unknown>;

/** What verifies a record of a chain; `part` of it is taken from `bytes`, the rest as it stands. */
function judgesOf(chain: GoldenChain): {
  trust: Trust;
  of: (name: string) => Uint8Array;
  judges: Record<string, Judge>;
} {
  const of = (name: string) => fromHex(chain[name] ?? '');
  const trust: Trust = { genesis: decodeGenesis(of('genesis')) };
  const steps = [{ header: of('step-header'), certificate: of('step-certificate'), next: of('step-next') }];
  const receipt: Judge = (bytes) => verifyReceipt(bytes, trust);
  const block: Judge = (bytes, part) =>
    verifyBlock(
      part === 'block' ? bytes : of('block'),
      { certificate: part === 'block' ? of('block-certificate') : bytes },
      trust,
    );
  const step: Judge = (bytes, part) =>
    verifyConfigurations(
      steps.map((one) => ({ ...one, [part.slice(5)]: bytes })),
      trust,
    );
  const answer: StateAnswer = {
    module: 'notes',
    key: utf8Encode('k5'),
    entry: { version: 0, modifiedHeight: 5, bytes: utf8Encode('value 5') },
    proof: of('state-proof'),
    header: of('state-header'),
    certificate: of('state-certificate'),
    configurations: steps,
  };
  const state: Judge = (bytes, part) => verifyState({ ...answer, [part.slice(6)]: bytes }, trust);
  const absent: Judge = (proof) => verifyState({ ...answer, key: utf8Encode('nothing'), entry: null, proof }, trust);
  const judges = {
    receipt,
    'receipt-later': receipt,
    'receipt-after': receipt,
    'checkpoint-before': (bytes: Uint8Array) => verifyCheckpoint(bytes, trust),
    'checkpoint-after': (bytes: Uint8Array) => verifyCheckpoint(bytes, trust),
    consistency: (bytes: Uint8Array) => verifyConsistency(bytes, trust),
    block,
    'block-certificate': block,
    'step-header': step,
    'step-certificate': step,
    'step-next': step,
    'state-header': state,
    'state-certificate': state,
    'state-proof': state,
    'state-proof-absent': absent,
    evidence: (bytes: Uint8Array) => verifyEvidence(bytes, trust, steps),
  };
  return { trust, of, judges };
}

describe.each(kept)('what %s keeps of a chain under %s', (_, protocol, chain) => {
  const { trust, of, judges } = judgesOf(chain);

  it('is whole, and verified by this version', () => {
    expect(Object.keys(chain).sort()).toEqual(['genesis', ...Object.keys(judges)].sort());
    for (const [name, judge] of Object.entries(judges)) {
      const verdict = judge(of(name), name);
      expect(verdict.ok ? 'ACCEPTED' : `${name}: ${verdict.reason} ${verdict.detail}`).toBe('ACCEPTED');
    }
    expect(slowVerifyReceipt(of('receipt-later'), of('genesis'))).toMatchObject({ height: 2, code: 'OK' });
    expect(verifyReceipt(of('receipt'), trust)).toMatchObject({ report: { protocol, configuration: 0 } });
  });

  it('can be trusted from either checkpoint on', () => {
    for (const [name, accepted] of [
      ['checkpoint-before', true],
      ['checkpoint-after', false],
    ] as const) {
      const from = { checkpoint: of(name) };
      expect(verifyReceipt(of('receipt-after'), from).ok).toBe(true);
      expect(verifyCheckpoint(of('checkpoint-after'), from).ok).toBe(true);
      expect(verifyReceipt(of('receipt-later'), from).ok, name).toBe(true);
      expect(verifyReceipt(of('receipt'), from)).toMatchObject({ ok: false, reason: 'BEFORE_CHECKPOINT' });
      expect(verifyCheckpoint(of('checkpoint-before'), from).ok).toBe(accepted);
    }
  });
});

/** One small record of each kind is changed at every byte; others at so many places. */
const EXHAUSTIVE = ['receipt', 'block', 'block-certificate', 'state-proof'];
const PLACES = 40;

describe.each(PROTOCOL_NAMES)('a single byte changed, under %s', (protocol) => {
  const { of, judges } = judgesOf(goldenChain(protocol));

  it.each(Object.entries(judges))('makes %s prove nothing, for a reason', (name, judge) => {
    const bytes = of(name);
    const seed = `${protocol} ${name}`;
    const rng = createRng(utf8Encode(seed.padEnd(16)));
    const every = Array.from(bytes, (_, at) => at);
    const places = EXHAUSTIVE.includes(name)
      ? every
      : Array.from({ length: PLACES }, () => rng.nextUint32() % bytes.length);
    for (const at of places) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 + (rng.nextUint32() % 255));
      const verdict = judge(changed, name);
      if (verdict.ok) throw new TypeError(`accepted with byte ${at} changed (${seed}): ${toHex(changed)}`);
      expect(verdict.reason).toMatch(/^[A-Z_]+$/);
      expect(verdict.steps.at(-1)).toMatchObject({ ok: false });
    }
  });
});

it('this version writes what it keeps', () => {
  expect(today).toEqual(JSON.parse(readFileSync(new URL(CURRENT, folder), 'utf8')));
});
