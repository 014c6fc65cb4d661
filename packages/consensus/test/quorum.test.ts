import { describe, expect, it } from 'vitest';
import { faultModelOf, faultsTolerated, PROTOCOL_NAMES, quorumSize } from '../src/index.ts';

const sizes = Array.from({ length: 30 }, (_, i) => i + 1);

describe.each(['crash', 'byzantine'] as const)('quorums under %s faults', (model) => {
  it.each(sizes)('of %i validators share a correct one, and do without the faulty', (n) => {
    const q = quorumSize(n, model);
    const f = faultsTolerated(n, model);
    // Two quorums overlap in 2q − n; under arbitrary faults f of those may lie.
    expect(2 * q - n).toBeGreaterThanOrEqual(model === 'crash' ? 1 : f + 1);
    expect(q).toBeLessThanOrEqual(n - f);
    expect(q).toBeGreaterThanOrEqual(1);
  });

  it.each(sizes)('of %i validators are as small, and tolerate as many faults, as can be', (n) => {
    const q = quorumSize(n, model) - 1;
    const f = faultsTolerated(n, model) + 1;
    // With q − 1, two groups could share none, or more than two thirds is not reached; with f + 1 no quorum is left.
    expect(model === 'crash' ? 2 * q - n < 1 : 3 * q <= 2 * n).toBe(true);
    expect(n - f < quorumSize(n, model) || f > (n - 1) / (model === 'crash' ? 2 : 3)).toBe(true);
  });
});

it.each([
  { n: 1, crash: [1, 0], byzantine: [1, 0] },
  { n: 2, crash: [2, 0], byzantine: [2, 0] },
  { n: 3, crash: [2, 1], byzantine: [3, 0] },
  { n: 4, crash: [3, 1], byzantine: [3, 1] },
  { n: 5, crash: [3, 2], byzantine: [4, 1] },
  { n: 6, crash: [4, 2], byzantine: [5, 1] },
  { n: 7, crash: [4, 3], byzantine: [5, 2] },
  { n: 9, crash: [5, 4], byzantine: [7, 2] },
  { n: 10, crash: [6, 4], byzantine: [7, 3] },
])('of $n: crash $crash, byzantine $byzantine', ({ n, crash, byzantine }) => {
  expect([quorumSize(n, 'crash'), faultsTolerated(n, 'crash')]).toEqual(crash);
  expect([quorumSize(n, 'byzantine'), faultsTolerated(n, 'byzantine')]).toEqual(byzantine);
});

it('only Tendermint is byzantine', () => {
  expect(PROTOCOL_NAMES.map(faultModelOf)).toEqual(['crash', 'crash', 'crash', 'byzantine']);
});
