import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { AssertionError, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, EntryLog, LOG_TAIL_ENTRIES_MAX } from '../src/index.ts';
import { anchorAt, entryOf, GENESIS, names, payloadOf } from '../src/testing/index.ts';

const [a, b] = names(2) as readonly [NodeId, NodeId];
const filled = (...numbers: readonly number[]) =>
  new EntryLog(
    GENESIS,
    numbers.map((number, i) => entryOf(i + 1, number, a, `${i + 1}`)),
  );

describe('a log of entries', () => {
  it('knows the epochs of what it holds and of where it starts, and holds only the former', () => {
    const start = anchorAt(5, { number: 2, node: a });
    const log = new EntryLog(start, [entryOf(6, 3, a)]);
    expect([4, 5, 6, 7].map((index) => log.epochAt(index)?.number)).toEqual([undefined, 2, 3, undefined]);
    expect([log.base, log.lastIndex, log.lastEpoch.number]).toEqual([5, 6, 3]);
    expect(log.holds(start)).toBe(false);
    expect(log.holds(entryOf(6, 3, a))).toBe(true);
    expect(log.holds(entryOf(6, 3, b))).toBe(false);
  });

  it('refuses holes and falling epochs', () => {
    expect(() => filled(1, 2).append([entryOf(4, 2, a)])).toThrow(AssertionError);
    expect(() => filled(1, 2).append([entryOf(3, 1, a)])).toThrow(AssertionError);
  });

  it.each([
    { index: 9, epoch: 9, found: 6 },
    { index: 5, epoch: 2, found: 3 },
    { index: 2, epoch: 2, found: 2 },
    { index: 6, epoch: 0, found: 0 },
  ])('finds the last place at most $index of term at most $epoch: $found', ({ index, epoch, found }) => {
    expect(filled(1, 1, 2, 3, 3, 4).findAtOrBelow(index, epoch)).toBe(found);
  });

  it('fills a message up to its limits, and sends one entry in any case', () => {
    const many = filled(...Array.from({ length: BATCH_ENTRIES_MAX + 5 }, () => 1));
    expect(many.batchFrom(1)).toHaveLength(BATCH_ENTRIES_MAX);
    expect(many.batchFrom(3, 7).map((entry) => entry.index)).toEqual([3, 4, 5, 6, 7]);
    expect(many.batchFrom(8, 7)).toEqual([]);
    const large = [1, 2, 3].map((index) => ({
      ...entryOf(index, 1, a),
      payload: payloadOf(`${index}`, BATCH_BYTES_MAX / (index === 1 ? 0.5 : 2)),
    }));
    const log = new EntryLog(GENESIS, large);
    expect([log.batchFrom(1).length, log.batchFrom(2).length]).toEqual([1, 2]);
  });

  it('counts the payloads after a place, and none for no-ops', () => {
    const log = filled(1, 1, 1);
    log.append([entryOf(4, 1, a)]);
    expect(log.payloadsAfter(1)).toEqual({ payloads: 2, bytes: 2 });
    expect(log.payloadsAfter(4)).toEqual({ payloads: 0, bytes: 0 });
  });

  it('keeps a tail behind its anchor, and nothing after a reset', () => {
    const count = LOG_TAIL_ENTRIES_MAX + 50;
    const log = filled(...Array.from({ length: count }, () => 1));
    log.moveAnchor(anchorAt(count - 10, { number: 1, node: a }));
    expect([log.anchor.index, log.base, log.lastIndex]).toEqual([count - 10, 40, count]);
    expect(() => log.truncateFrom(count - 10)).toThrow(AssertionError);
    expect(log.truncateFrom(count - 1).map((entry) => entry.index)).toEqual([count - 1, count]);
    expect(log.reset(anchorAt(900, { number: 7, node: b }))).toHaveLength(count - 42);
    expect([log.base, log.lastIndex, log.lastEpoch.number]).toEqual([900, 900, 7]);
  });
});
