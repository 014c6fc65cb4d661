import { nodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { ReadTally } from '../../src/checks/read-tally.ts';

const A = nodeId('a');
const B = nodeId('b');

describe('a read', () => {
  it('is confirmed by answers to what was asked after it came', () => {
    const tally = new ReadTally();
    tally.sent(4);
    tally.asked(A, 1);
    tally.confirmed(B, 4);
    expect(tally.confirmations(A, 1)).toBe(1);
    tally.sent(5);
    tally.confirmed(B, 5);
    expect(tally.confirmations(A, 1)).toBe(2);
  });

  it('that comes twice is the first, and may be answered twice', () => {
    const tally = new ReadTally();
    tally.asked(A, 1);
    tally.sent(1);
    tally.asked(A, 1);
    tally.confirmed(B, 1);
    expect([tally.confirmations(A, 1), tally.confirmations(A, 1)]).toEqual([2, 2]);
  });

  it('that nobody asked for has no confirmation but the own', () => {
    const tally = new ReadTally();
    tally.sent(1);
    tally.confirmed(B, 1);
    expect(tally.confirmations(A, 1)).toBe(1);
  });
});
