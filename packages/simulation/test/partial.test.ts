import { describe, expect, it } from 'vitest';
import { ELECTION_MS } from '../elections/loaded-world.ts';
import { GRAPHS, measurePartial } from '../partial/measure.ts';

/** `npm run simulate:partial` runs many more, with every protocol. */
const SEEDS = [1, 2, 3];

describe('five validators of which few hear each other', () => {
  it.each(GRAPHS)('go on under Multi-Paxos within 4 T: %s', (graph) => {
    for (const seed of SEEDS) {
      const { leaderMs, firstMs } = measurePartial('paxos', graph, seed);
      expect(leaderMs, `seed ${seed}`).toBeLessThanOrEqual(4 * ELECTION_MS);
      expect(firstMs, `seed ${seed}`).toBeLessThanOrEqual(4 * ELECTION_MS);
    }
  });

  it.each(GRAPHS)('stand still under ZAB, and go on when links are back: %s', (graph) => {
    const { leaderMs, healMs } = measurePartial('zab', graph, 1);
    expect(leaderMs).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isFinite(healMs)).toBe(true);
  });
});
