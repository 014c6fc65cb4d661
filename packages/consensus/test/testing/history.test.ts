import { nodeId } from '@varve/encoding';
import { expect, it } from 'vitest';
import { History } from '../../src/testing/history.ts';
import { entryOf, payloadOf } from '../../src/testing/index.ts';

const [A, B] = [nodeId('a'), nodeId('b')];

it('finds two entries at one index, and one payload at two', () => {
  const history = new History();
  history.noteCommit(A, entryOf(1, 1, A, 'x'));
  history.noteCommit(B, entryOf(1, 1, A, 'x'));
  expect(() => history.noteCommit(B, entryOf(1, 2, B, 'x'))).toThrow(/agreement/);
  expect(() => history.noteCommit(B, entryOf(1, 1, A))).toThrow(/agreement/);
  expect(() => history.noteCommit(B, entryOf(2, 1, A, 'x'))).toThrow(/at 2 and at 1/);
  expect(history.highest).toBe(1);
});

it('finds a stale read, a second answer and an answer by another', () => {
  const history = new History();
  history.noteCommit(A, entryOf(1, 1, A));
  const [stale, twice, other] = [history.askRead(A), history.askRead(A), history.askRead(A)];
  expect(() => history.answerRead(A, { context: stale, index: 0, ok: true })).toThrow(/stale read/);
  history.answerRead(A, { context: twice, index: 0, ok: false });
  expect(() => history.answerRead(A, { context: twice, index: 1, ok: true })).toThrow(/nobody waits/);
  expect(() => history.answerRead(B, { context: other, index: 1, ok: true })).toThrow(/nobody waits/);
  expect(history.openReads(A)).toEqual([other]);
  history.forgetReads(A);
  expect(history.openReads(A)).toEqual([]);
});

it('holds a payload to the slot that it was made for', () => {
  const history = new History();
  const slot = { index: 3, epoch: { number: 2, node: A } };
  history.notePropose(A, slot, payloadOf('x'));
  expect(history.isMadeFor(payloadOf('x').id, slot)).toBe(true);
  expect(history.isMadeFor(payloadOf('x').id, { ...slot, index: 4 })).toBe(false);
  expect(history.isMadeFor(payloadOf('x').id, { ...slot, epoch: { number: 3, node: A } })).toBe(false);
  expect(history.isMadeFor(payloadOf('y').id, slot)).toBe(false);
});
