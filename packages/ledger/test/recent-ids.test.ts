import { sha256Hex } from '@varve/crypto';
import { type TransactionId, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentIds } from '../src/recent-ids.ts';

const idOf = (number: number) => sha256Hex(utf8Encode(String(number))) as TransactionId;
const WINDOW = 1000;

describe('RecentIds', () => {
  it('never denies an id of the window, whatever times blocks have', () => {
    const block = fc.record({ step: fc.constantFrom(0, 0, 1, 10, 300, 999, 1000, 1001, 5000), ids: fc.nat(3) });
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 1, maxLength: 40 }),
        fc.nat(2000),
        fc.integer({ min: 1, max: 50 }),
        (blocks, since, most) => {
          const recent = new RecentIds(since, most);
          const placed: { id: TransactionId; time: number }[] = [];
          let time = since;
          for (const { step, ids } of blocks) {
            time += step;
            recent.advance(time, time - WINDOW);
            for (let i = 0; i < ids; i++) {
              const id = idOf(placed.length);
              recent.add(id);
              placed.push({ id, time });
            }
            for (const one of placed) {
              for (const asked of [one.time, one.time - 1, time - WINDOW])
                if (asked <= one.time) expect(recent.mayHold(one.id, asked)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('denies what it was not given, back to where it was told everything, and only there', () => {
    const recent = new RecentIds(500);
    for (let i = 0; i < 5000; i++) recent.add(idOf(i));
    const denied = Array.from({ length: 5000 }, (_, i) => idOf(10_000 + i)).filter((id) => !recent.mayHold(id, 500));
    expect(denied.length).toBeGreaterThan(4990);
    expect(recent.mayHold(idOf(10_000), 499)).toBe(true);
  });

  it('forgets what no question reaches any more, and knows from when on it is certain', () => {
    const recent = new RecentIds(0);
    recent.add(idOf(1));
    recent.advance(WINDOW + 1, 1);
    recent.add(idOf(2));
    recent.advance(3 * WINDOW, 2 * WINDOW);
    expect(recent.mayHold(idOf(1), 2 * WINDOW)).toBe(false);
    expect(recent.mayHold(idOf(2), 2 * WINDOW)).toBe(true);
    expect(recent.mayHold(idOf(1), 0)).toBe(true);
    expect(recent.mayHold(idOf(3), 0)).toBe(true);
    expect(recent.mayHold(idOf(3), WINDOW + 2)).toBe(false);
  });

  it('finds ids whose first digits are the same, or all zero', () => {
    const recent = new RecentIds(0);
    const zero = '0'.repeat(64) as TransactionId;
    expect(recent.mayHold(zero, 0)).toBe(false);
    recent.add(zero);
    expect(recent.mayHold(zero, 0)).toBe(true);
    for (let i = 0; i < 3000; i++) {
      const id = `ffff${i.toString(16).padStart(4, '0')}${'0'.repeat(56)}` as TransactionId;
      expect(recent.mayHold(id, 0)).toBe(false);
      recent.add(id);
      expect(recent.mayHold(id, 0)).toBe(true);
    }
  });
});
