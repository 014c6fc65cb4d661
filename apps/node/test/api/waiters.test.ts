import type { Height, TransactionId } from '@varve/encoding';
import type { Outcome } from '@varve/ledger';
import type { Notice } from '@varve/validator';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Settled, Waiters } from '../../src/api/waiters.ts';

const LIMIT = 10;
const outcome: Outcome = { code: 'OK', failedOperation: null, resultsHash: new Uint8Array(32) };
let waiters: Waiters;

beforeEach(() => {
  waiters = new Waiters(LIMIT);
});

/** A request for these transactions, and what it was told so far: position, kind, height. */
function request(ids: readonly string[], until: 'committed' | 'final', timeoutMs = 60_000, inBlocks: number[] = []) {
  const told: (number | string)[][] = [];
  const tell = (position: number, settled: Settled): void => {
    if (settled.kind === 'executed') told.push([position, settled.kind, settled.height, settled.leafIndex]);
    else told.push([position, settled.kind]);
  };
  waiters.add(
    { until, timeoutMs, tell },
    ids.map((id, position) => {
      const height = inBlocks[position];
      return {
        id: id as TransactionId,
        position,
        executed: height === undefined ? undefined : { kind: 'executed', height, leafIndex: 9, outcome },
      };
    }),
  );
  return told;
}

function commit(height: number, ...ids: string[]): void {
  const executed = ids.map((id) => ({ id, outcome }));
  waiters.take({ kind: 'committed', height, hash: '', executed } as unknown as Notice);
}

function discard(...ids: string[]): void {
  const transactions = ids.map((id) => ({ id: id as TransactionId, code: 'TRANSACTION_EXPIRED' }));
  waiters.take({ kind: 'discarded', transactions });
}

const final = (height: number): void => waiters.take({ kind: 'final', height: height as Height });

describe('Waiters', () => {
  it('tells a request of each transaction once, in whatever blocks they come', () => {
    const told = request(['a', 'b', 'c', 'd'], 'final');
    expect(waiters.room).toBe(LIMIT - 4);
    commit(1, 'x', 'b');
    commit(2, 'd', 'a');
    expect(told).toEqual([]);
    final(1);
    expect(told).toEqual([[1, 'executed', 1, 1]]);
    discard('c', 'b');
    expect(told).toEqual([
      [1, 'executed', 1, 1],
      [2, 'discarded'],
    ]);
    expect(waiters.room).toBe(LIMIT - 2);
    final(2);
    expect(told.slice(2)).toEqual([
      [0, 'executed', 2, 1],
      [3, 'executed', 2, 0],
    ]);
    expect(waiters.room).toBe(LIMIT);
    commit(3, 'a', 'b', 'c', 'd');
    final(9);
    expect(told).toHaveLength(4);
  });

  it('tells all who wait for the same transaction, each when it is as far as they want', () => {
    const committed = request(['a'], 'committed');
    const twice = request(['a', 'a'], 'final');
    commit(5, 'a');
    expect([committed, twice]).toEqual([[[0, 'executed', 5, 0]], []]);
    const late = request(['a'], 'final', 60_000, [5]);
    final(7);
    expect(twice).toEqual([
      [0, 'executed', 5, 0],
      [1, 'executed', 5, 0],
    ]);
    expect(late).toEqual([[0, 'executed', 5, 9]]);
    expect(waiters.room).toBe(LIMIT);
  });

  it('lets a request go whose time is over, and nobody else', async () => {
    const short = request(['a', 'b', 'c'], 'final', 1, [3]);
    const long = request(['a', 'b', 'c'], 'final');
    commit(4, 'b');
    await expect.poll(() => short.length, { timeout: 10_000 }).toBe(3);
    expect(short).toEqual([
      [0, 'left'],
      [1, 'left'],
      [2, 'left'],
    ]);
    expect(waiters.room).toBe(LIMIT - 3);
    commit(5, 'a', 'c');
    final(5);
    expect(long).toEqual([
      [1, 'executed', 4, 0],
      [0, 'executed', 5, 0],
      [2, 'executed', 5, 1],
    ]);
    expect(short).toHaveLength(3);
    expect(waiters.room).toBe(LIMIT);
  });

  it('lets any of those go that wait for the same transaction, and tells the others', async () => {
    const [oldest, short, middle, shorter, newest] = [60_000, 2, 60_000, 1, 60_000].map((timeoutMs) =>
      request(['a'], 'committed', timeoutMs),
    );
    await expect.poll(() => [short, shorter], { timeout: 10_000 }).toEqual([[[0, 'left']], [[0, 'left']]]);
    expect(waiters.room).toBe(LIMIT - 3);
    commit(1, 'a');
    for (const told of [oldest, middle, newest]) expect(told).toEqual([[0, 'executed', 1, 0]]);
    expect([short, shorter]).toEqual([[[0, 'left']], [[0, 'left']]]);
    request(['a'], 'committed', 60_000);
    expect(waiters.room).toBe(LIMIT - 1);
  });

  it('lets the only ones go that wait for a transaction', async () => {
    const both = [request(['a'], 'final', 1), request(['a'], 'final', 2)];
    await expect.poll(() => both.flat(), { timeout: 10_000 }).toHaveLength(2);
    expect(waiters.room).toBe(LIMIT);
    discard('a');
    expect(both.flat()).toHaveLength(2);
  });

  it('lets all go when it closes', () => {
    const one = request(['a', 'b'], 'final', 60_000, [3]);
    const other = request(['b'], 'committed');
    waiters.close();
    expect([one, other]).toEqual([
      [
        [0, 'left'],
        [1, 'left'],
      ],
      [[0, 'left']],
    ]);
    expect(waiters.room).toBe(LIMIT);
  });
});
