import { AssertionError } from '@varve/consensus';
import { anchorAt, entryOf, GENESIS, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { LOG_TAIL_ENTRIES_MAX, RaftLog } from '../src/log.ts';
import { APPEND_BYTES_MAX, APPEND_ENTRIES_MAX } from '../src/message.ts';
import {
  createProgress,
  enterMode,
  IN_FLIGHT_APPENDS_MAX,
  IN_FLIGHT_BYTES_MAX,
  isThrottled,
  noteAccepted,
  noteSent,
} from '../src/window.ts';
import { A } from './harness.ts';

const filled = (...terms: readonly number[]) =>
  new RaftLog(
    GENESIS,
    terms.map((term, i) => entryOf(i + 1, term, A)),
  );

describe('the log', () => {
  it('knows the terms of what it holds and of where it starts', () => {
    const log = new RaftLog(anchorAt(5, { number: 2, node: A }), [entryOf(6, 3, A)]);
    expect([4, 5, 6, 7].map((index) => log.termAt(index))).toEqual([undefined, 2, 3, undefined]);
    expect([log.lastIndex, log.lastTerm]).toEqual([6, 3]);
  });

  it('refuses holes and falling terms', () => {
    expect(() => filled(1, 2).append([entryOf(4, 2, A)])).toThrow(AssertionError);
    expect(() => filled(1, 2).append([entryOf(3, 1, A)])).toThrow(AssertionError);
  });

  it.each([
    { index: 9, term: 9, found: 6 },
    { index: 5, term: 2, found: 3 },
    { index: 2, term: 2, found: 2 },
    { index: 6, term: 0, found: 0 },
  ])('finds the last place at most $index of term at most $term: $found', ({ index, term, found }) => {
    expect(filled(1, 1, 2, 3, 3, 4).findAtOrBelow(index, term)).toBe(found);
  });

  it('cuts batches by bytes and count, but always has one entry', () => {
    const big = { index: 1, epoch: { number: 1, node: A }, payload: payloadOf('x', APPEND_BYTES_MAX + 1) };
    const log = new RaftLog(GENESIS, [big, ...Array.from({ length: 2000 }, (_, i) => entryOf(i + 2, 1, A))]);
    expect(log.batchFrom(1)).toEqual([big]);
    expect(log.batchFrom(2)).toHaveLength(APPEND_ENTRIES_MAX);
    expect(log.batchFrom(2002)).toEqual([]);
  });

  it('keeps a bounded tail below the anchor', () => {
    const log = filled(...Array.from({ length: 1000 }, () => 1));
    log.moveAnchor(anchorAt(100, { number: 1, node: A }));
    expect([log.anchor.index, log.base]).toEqual([100, 0]);
    log.moveAnchor(anchorAt(900, { number: 1, node: A }));
    expect([log.anchor.index, log.base, log.lastIndex]).toEqual([900, 900 - LOG_TAIL_ENTRIES_MAX, 1000]);
    expect(() => log.truncateFrom(900)).toThrow(AssertionError);
    expect(log.truncateFrom(901)).toHaveLength(100);
  });
});

describe('the window', () => {
  it('sends one probe at a time', () => {
    const progress = createProgress(A, 5);
    expect(isThrottled(progress)).toBe(false);
    noteSent(progress, 9, 10);
    expect([isThrottled(progress), progress.nextIndex]).toEqual([true, 5]);
  });

  it.each([
    { what: 'appends', bytes: 1, count: IN_FLIGHT_APPENDS_MAX },
    { what: 'bytes', bytes: IN_FLIGHT_BYTES_MAX / 4, count: 4 },
  ])('is full after $count appends by its limit of $what, and empties with the answers', ({ bytes, count }) => {
    const progress = createProgress(A, 1);
    enterMode(progress, 'replicate', 1);
    for (let i = 1; i <= count; i++) {
      expect(isThrottled(progress)).toBe(false);
      noteSent(progress, i, bytes);
    }
    expect(isThrottled(progress)).toBe(true);
    expect(noteAccepted(progress, 1)).toBe(true);
    expect(isThrottled(progress)).toBe(false);
    noteAccepted(progress, count);
    expect([progress.inFlight.length, progress.inFlightBytes]).toEqual([0, 0]);
  });

  it('never takes back what was acknowledged, and never asks for it again', () => {
    const progress = createProgress(A, 10);
    noteAccepted(progress, 8);
    expect(noteAccepted(progress, 3)).toBe(false);
    enterMode(progress, 'probe', 2);
    expect([progress.matchIndex, progress.nextIndex]).toEqual([8, 9]);
  });
});
