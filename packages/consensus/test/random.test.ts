import { describe, expect, it } from 'vitest';
import { AssertionError, createRng, uniformBelow } from '../src/index.ts';

const seedOf = (...words: readonly number[]) => {
  const view = new DataView(new ArrayBuffer(16));
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word);
  return new Uint8Array(view.buffer);
};

describe('createRng', () => {
  it('gives the known answers of xoshiro128**', () => {
    // State (1, 2, 3, 4): the first values of the reference code and of rand_xoshiro's test.
    const rng = createRng(seedOf(1, 2, 3, 4));
    const values = Array.from({ length: 10 }, () => rng.nextUint32());
    expect(values).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('depends on the first 16 bytes only, wherever they lie', () => {
    const wide = new Uint8Array(40);
    wide.set(seedOf(1, 2, 3, 4), 8);
    expect(createRng(wide.subarray(8)).nextUint32()).toBe(11520);
  });

  it('leaves the state of all zeros', () => {
    const rng = createRng(new Uint8Array(16));
    expect(new Set(Array.from({ length: 20 }, () => rng.nextUint32())).size).toBeGreaterThan(10);
  });

  it('refuses a short seed', () => {
    expect(() => createRng(new Uint8Array(15))).toThrow(AssertionError);
  });
});

describe('uniformBelow', () => {
  it.each([1, 2, 3, 10, 400])('stays below %i and reaches every value', (below) => {
    const rng = createRng(seedOf(5, 6, 7, 8));
    const seen = new Set<number>();
    for (let i = 0; i < 50 * below; i++) seen.add(uniformBelow(rng, below));
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: below }, (_, i) => i));
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d', (below) => {
    expect(() => uniformBelow(createRng(seedOf(1)), below)).toThrow(AssertionError);
  });
});
