import { describe, expect, it } from 'vitest';
import { quantile } from '../elections/distribution.ts';
import { CUTS, measureFailover, measureStepDown, PROMISED, watchRejoining } from '../elections/measure.ts';

/** `npm run simulate:elections` runs many more. */
const SEEDS = 21;
/** Of each kind of cut: these take longest. */
const REJOINING_SEEDS = 4;
const VALIDATORS = 5;

function seedsUpTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

describe('elections under load', () => {
  it('the cluster commits again within 2 T mostly and 5 T nearly always after its leader died', () => {
    const times = seedsUpTo(SEEDS).map((seed) => measureFailover(VALIDATORS, seed));
    expect(quantile(times, 0.5), String(times)).toBeLessThanOrEqual(PROMISED.failoverMedianMs);
    expect(quantile(times, 0.99), String(times)).toBeLessThanOrEqual(PROMISED.failoverP99Ms);
  });

  it.each(CUTS)('a node that was %s deposes nobody when it comes back', (cut) => {
    for (const seed of seedsUpTo(REJOINING_SEEDS)) {
      const { before, after } = watchRejoining(VALIDATORS, seed, cut);
      expect(after, `seed ${seed}`).toBe(before);
    }
  });

  it.each(CUTS)('a leader that is %s, so that no quorum answers it, steps down within 2 T', (cut) => {
    for (const seed of seedsUpTo(SEEDS / CUTS.length)) {
      expect(measureStepDown(VALIDATORS, seed, cut), `seed ${seed}`).toBeLessThanOrEqual(PROMISED.stepDownMs);
    }
  });
});
