import { anchorAt, entryOf } from '@varve/consensus/testing';
import { expect, it } from 'vitest';
import { RaftLog } from '../src/log.ts';
import { A } from './harness.ts';

it('knows the terms of what it holds and of where it starts', () => {
  const log = new RaftLog(anchorAt(5, { number: 2, node: A }), [entryOf(6, 3, A)]);
  expect([4, 5, 6, 7].map((index) => log.termAt(index))).toEqual([undefined, 2, 3, undefined]);
  expect([log.lastIndex, log.lastTerm]).toEqual([6, 3]);
});
