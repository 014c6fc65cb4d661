import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile } from '../../src/load/statistics.ts';

const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 });

describe('percentile', () => {
  it.each([
    { of: [], p: 0.5, is: 0 },
    { of: [7], p: 0.99, is: 7 },
    { of: [4, 1, 3, 2], p: 0.5, is: 3 },
    { of: [4, 1, 3, 2], p: 0, is: 1 },
    { of: [4, 1, 3, 2], p: 1, is: 4 },
  ])('$p of $of is $is', ({ of, p, is }) => expect(percentile(of, p)).toBe(is));

  it('has that share of the values below or at its place', () =>
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 99 }), (of, percent) => {
        const found = percentile(of, percent / 100);
        const below = of.filter((value) => value < found).length;
        const upTo = of.filter((value) => value <= found).length;
        const place = Math.floor((percent / 100) * of.length);
        expect(below).toBeLessThanOrEqual(place);
        expect(upTo).toBeGreaterThan(place);
      }),
    ));
});

describe('median', () => {
  it.each([
    { of: [5], is: 5 },
    { of: [3, 1, 2], is: 2 },
    { of: [4, 1, 3, 2], is: 2.5 },
  ])('of $of is $is', ({ of, is }) => expect(median(of)).toBe(is));

  it('leaves what it is given as it was', () =>
    fc.assert(
      fc.property(values, (of) => {
        const before = [...of];
        median(of);
        percentile(of, 0.5);
        expect(of).toEqual(before);
      }),
    ));
});
