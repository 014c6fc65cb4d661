import { expect, it } from 'vitest';
import { ReadBarriers } from '../src/index.ts';
import { names } from '../src/testing/index.ts';

const [from = '' as never, other = '' as never] = names(2);
const read = (context: number, deadline = 100) => ({ from, context, deadline });

it('confirms in rounds: what comes while one is under way waits for the next', () => {
  const reads = new ReadBarriers(0);
  reads.enqueue(read(1));
  reads.beginRound(7);
  reads.enqueue(read(2));
  const { round } = reads;
  expect([reads.isConfirming, reads.isWaiting, reads.roundIndex]).toEqual([true, true, 7]);
  expect(reads.takeConfirmed()).toEqual([read(1)]);
  reads.beginRound(8);
  expect(reads.round).toBe(round + 1);
  expect(reads.takeConfirmed()).toEqual([read(2)]);
  expect([reads.isConfirming, reads.isWaiting]).toEqual([false, false]);
});

it('keeps a bounded number for each asker', () => {
  const reads = new ReadBarriers(0);
  let kept = 0;
  while (reads.enqueue(read(kept))) kept += 1;
  expect(kept).toBe(1024);
  expect(reads.enqueue({ ...read(0), from: other })).toBe(true);
  let forwarded = 0;
  while (reads.forward(forwarded, 100) !== undefined) forwarded += 1;
  expect(forwarded).toBe(1024);
});

it('finds what was forwarded by its own number, once', () => {
  const reads = new ReadBarriers(500);
  const number = reads.forward(9, 100) ?? 0;
  expect(number).toBe(501);
  expect(reads.takeForwarded(number)).toBe(9);
  expect(reads.takeForwarded(number)).toBeUndefined();
});

it('takes out what has waited too long', () => {
  const reads = new ReadBarriers(0);
  reads.enqueue(read(1, 50));
  reads.beginRound(1);
  reads.enqueue(read(2, 60));
  reads.forward(3, 40);
  reads.forward(4, 70);
  expect(reads.deadline).toBe(40);
  expect(reads.expire(55)).toEqual({ reads: [read(1, 50)], contexts: [3] });
  expect(reads.deadline).toBe(60);
  expect(reads.expire(Number.POSITIVE_INFINITY)).toEqual({ reads: [read(2, 60)], contexts: [4] });
  expect(reads.deadline).toBe(Number.POSITIVE_INFINITY);
});
