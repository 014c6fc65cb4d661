import { sha256Hex } from '@varve/crypto';
import { type TransactionId, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerKey, transactionsAt } from '../src/chain.ts';
import { Chain, operation, T0, transactionBytes } from './harness.ts';

const VALIDITY = 600_000;
const strange = Array.from({ length: 200 }, (_, i) => sha256Hex(utf8Encode(`strange ${i}`)) as TransactionId);

/** Blocks with so many transactions each, and so long after the one before. */
function chainOf(blocks: readonly { readonly count: number; readonly after: number }[]): Chain {
  const world = new Chain();
  let time = T0;
  for (const [i, { count, after }] of blocks.entries()) {
    time += after;
    const made = Array.from({ length: count }, (_, j) =>
      transactionBytes([operation('set', `k${i}`, j)], { validUntil: time + 1000 }),
    );
    world.block(made, time);
  }
  return world;
}

describe('what is known of recent transactions after a start', () => {
  it('is every one that could still be submitted, of chains of any times', () => {
    const block = fc.record({
      count: fc.integer({ min: 1, max: 6 }),
      after: fc.constantFrom(0, 1, 1000, 299_999, 300_000, 600_000, 600_001),
    });
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), (blocks) => {
        const world = chainOf(blocks);
        world.reopen();
        const { ledger } = world;
        const { time: now, height: tip } = ledger.tip.header;
        for (let at = 1; at <= tip; at++) {
          const time = ledger.timeOf(at);
          for (const { transaction } of transactionsAt(ledger, at)) {
            const { id } = transaction;
            expect(ledger.mayHold({ id, validUntil: time + VALIDITY })).toBe(true);
            expect(ledger.isKnown(id, now)).toBe(time >= now - VALIDITY);
          }
        }
        // Of what was never seen most is denied without the store, as far back as anybody asks.
        const denied = strange.filter((id) => !ledger.mayHold({ id, validUntil: now }));
        expect(denied.length).toBeGreaterThan(strange.length - 3);
      }),
      { numRuns: 60 },
    );
  });

  it('denies none where headers around the window cannot be read', () => {
    // The window begins with block 9.
    for (const at of [3, 6, 7, 8, 9, 10, 11]) {
      const world = chainOf(Array.from({ length: 12 }, () => ({ count: 2, after: 200_000 })));
      const all = Array.from({ length: 12 }, (_, i) => ({
        time: world.ledger.timeOf(i + 1),
        views: transactionsAt(world.ledger, i + 1),
      }));
      world.store.damage(headerKey(at));
      world.reopen();
      for (const { time, views } of all) {
        for (const { transaction } of views)
          expect(world.ledger.mayHold({ id: transaction.id, validUntil: time + VALIDITY })).toBe(true);
      }
    }
  });
});
