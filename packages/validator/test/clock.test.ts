import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSkewed } from '../src/clock.ts';
import { CLOCK_SKEW_MS_MAX } from '../src/limits.ts';

/** DESIGN §4, word for word: the lower median of the own clock and the members'. */
function isMedianFar(offsets: readonly number[]): boolean {
  const sorted = [...offsets, 0].sort((a, b) => a - b);
  return Math.abs(sorted[Math.ceil(sorted.length / 2) - 1] ?? 0) > CLOCK_SKEW_MS_MAX;
}

function counted(offsets: readonly number[]): Parameters<typeof isSkewed>[0] {
  return {
    members: offsets.length,
    ahead: offsets.filter((offset) => offset > CLOCK_SKEW_MS_MAX).length,
    behind: offsets.filter((offset) => offset < -CLOCK_SKEW_MS_MAX).length,
  };
}

describe('whether a clock is skewed', () => {
  it('agrees with the lower median', () => {
    const offset = fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.constantFrom(-2001, -2000, 2000, 2001));
    fc.assert(
      fc.property(fc.array(offset, { maxLength: 9 }), (offsets) => {
        expect(isSkewed(counted(offsets))).toBe(isMedianFar(offsets));
      }),
    );
  });

  it.each([
    { offsets: [], skewed: false },
    { offsets: [2001], skewed: false },
    { offsets: [-2001], skewed: true },
    { offsets: [2000, 2000], skewed: false },
    { offsets: [2001, 2001], skewed: true },
    { offsets: [-2001, 2001], skewed: false },
  ])('with members $offsets ahead: $skewed', ({ offsets, skewed }) => {
    expect(isSkewed(counted(offsets))).toBe(skewed);
  });
});
