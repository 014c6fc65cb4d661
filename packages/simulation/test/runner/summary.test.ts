import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SeedResult } from '../../src/runner/seed-run.ts';
import { Tally } from '../../src/runner/summary.ts';

function result(seed: number, more: Partial<SeedResult> = {}): SeedResult {
  return {
    seed,
    protocol: 'raft',
    validators: 3,
    traceHash: String(seed).padStart(64, '0'),
    violations: [],
    virtualMs: 30_000,
    transactions: 200,
    height: 100,
    faults: { loss: 1, kill: 2 },
    livenessMs: 100 * seed,
    isCounted: true,
    steps: 10,
    packets: 20,
    ...more,
  };
}

function tallyOf(results: readonly SeedResult[]): Tally {
  const tally = new Tally();
  for (const one of results) tally.add(one);
  return tally;
}

const violation = { check: 'balances', text: 'too many', at: 5 };

describe('a summary', () => {
  it('of nothing is all zero', () => {
    const { traceHash, ...summary } = tallyOf([]).summary();
    expect(summary).toEqual({
      seeds: 0,
      counted: 0,
      failed: [],
      virtualMs: 0,
      transactions: 0,
      packets: 0,
      steps: 0,
      faults: {},
      livenessMs: { median: 0, max: 0 },
    });
    expect(traceHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('adds results up, faults by kind', () => {
    const tally = tallyOf([
      result(1),
      result(2, { faults: { loss: 3, storm: 1 }, isCounted: false, transactions: 7 }),
      result(3, { violations: [violation], faults: {} }),
    ]);
    expect(tally).toMatchObject({ seeds: 3, failures: 1, virtualMs: 90_000 });
    expect(tally.summary()).toMatchObject({
      seeds: 3,
      counted: 2,
      failed: [{ seed: 3, violations: [violation] }],
      virtualMs: 90_000,
      transactions: 407,
      packets: 60,
      steps: 30,
      faults: { loss: 4, kill: 2, storm: 1 },
    });
  });

  it('of one seed has its trace hash', () => {
    expect(tallyOf([result(9)]).summary().traceHash).toBe(result(9).traceHash);
  });

  it('of several seeds hashes theirs in the order of seeds, however they came', () => {
    const [a, b, c] = [result(1), result(2), result(10)];
    const lines = [a, b, c].map(({ seed, traceHash }) => `${seed} ${traceHash}\n`).join('');
    const expected = createHash('sha256').update(lines).digest('hex');
    expect(tallyOf([a, b, c]).summary().traceHash).toBe(expected);
    expect(tallyOf([c, a, b]).summary().traceHash).toBe(expected);
    expect(tallyOf([a, b, { ...c, traceHash: 'f'.repeat(64) }]).summary().traceHash).not.toBe(expected);
  });

  it('lists failed seeds in their order, and of one seed the smaller network first', () => {
    const failing = [result(8), result(2, { validators: 5 }), result(2)].map((one) => ({
      ...one,
      violations: [violation],
    }));
    const { failed } = tallyOf(failing).summary();
    expect(failed.map(({ seed, validators }) => [seed, validators])).toEqual([
      [2, 3],
      [2, 5],
      [8, 3],
    ]);
  });

  it('has median and maximum of what was live again', () => {
    const { livenessMs: _none, ...stuck } = result(5);
    const results = [...[4, 1, 3].map((seed) => result(seed)), stuck];
    expect(tallyOf(results).summary().livenessMs).toEqual({ median: 300, max: 400 });
    expect(tallyOf([stuck]).summary().livenessMs).toEqual({ median: 0, max: 0 });
  });
});
