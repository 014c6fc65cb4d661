import { describe, expect, it } from 'vitest';
import { witnessFaults } from '../../src/history/witness.ts';
import { acknowledged, at, entry, type History, kinds, read, refused, unknown } from './histories.ts';

/** `a` at height 1, then `b` and `c` at height 2. */
const CHAIN = [entry('a', at(1)), entry('b', at(2)), entry('c', at(2, 1))];

const GOOD: Record<string, History> = {
  'nothing at all': { operations: [], chain: [] },
  'transactions that no client of the history submitted': { operations: [], chain: CHAIN },
  'overlapping submits in either order': {
    operations: [acknowledged('c1', 'b', [0, 100], at(2)), acknowledged('c2', 'a', [50, 90], at(1))],
    chain: CHAIN,
  },
  'a submit that was invoked at the moment another completed': {
    operations: [acknowledged('c1', 'b', [0, 100], at(2)), acknowledged('c2', 'a', [100, 190], at(1))],
    chain: CHAIN,
  },
  'unknown submits that executed late, or never': {
    operations: [
      unknown('c1', 'c', [0, 10]),
      unknown('c1', 'd', [0]),
      acknowledged('c2', 'a', [20, 30], at(1)),
      acknowledged('c2', 'b', [40, 50], at(2)),
    ],
    chain: CHAIN,
  },
  'a refused submit that never executed': { operations: [refused('c1', 'd', [0, 10])], chain: CHAIN },
  'a failed outcome, answered as such': {
    operations: [acknowledged('c1', 'f', [0, 10], at(1), 'FUNDS_SHORT')],
    chain: [entry('f', at(1), null, 'FUNDS_SHORT')],
  },
  'a retry that is answered with the place of its first try': {
    operations: [
      unknown('c1', 'a', [0, 10]),
      read('c2', [20, 30], 'a', 1),
      acknowledged('c1', 'a', [40, 50], at(1)),
      acknowledged('c1', 'a', [60, 70], at(1)),
    ],
    chain: CHAIN,
  },
  'reads that go forward, each with its value': {
    operations: [
      read('c1', [0, 5], null, 0),
      acknowledged('c2', 'a', [10, 20], at(1)),
      read('c1', [30, 40], 'a', 1),
      acknowledged('c2', 'c', [50, 60], at(2, 1)),
      read('c1', [70, 80], 'c', 2),
      read('c1', [90, 95], 'c', 9),
    ],
    chain: CHAIN,
  },
  'overlapping reads, the older answer last': {
    operations: [read('c1', [0, 50], 'c', 2), read('c2', [10, 60], 'a', 1)],
    chain: CHAIN,
  },
  'a read of a deleted key': {
    operations: [read('c1', [0, 5], null, 3)],
    chain: [...CHAIN, entry('d', at(3), null)],
  },
  'a read without a height, which is not for the witness': {
    operations: [read('c1', [0, 5], 'from nowhere')],
    chain: CHAIN,
  },
};

const BAD: Record<string, History & { readonly expected: readonly string[]; readonly says?: RegExp }> = {
  'an acknowledged transaction that is nowhere': {
    operations: [acknowledged('c1', 'x', [0, 10], at(1))],
    chain: CHAIN,
    expected: ['lost'],
    says: /^submit x by c1 \(0\.000 s – 0\.010 s\) was acknowledged at height 1, leaf 0, yet stands nowhere/,
  },
  'an acknowledged transaction that stands elsewhere': {
    operations: [acknowledged('c1', 'c', [0, 10], at(2, 0))],
    chain: CHAIN,
    expected: ['misplaced'],
    says: /acknowledged at height 2, leaf 0, yet stands at height 2, leaf 1$/,
  },
  'two sides of a split that both acknowledged height 1': {
    operations: [acknowledged('c1', 'a', [0, 10], at(1)), acknowledged('c2', 'x', [0, 10], at(1))],
    chain: CHAIN,
    expected: ['lost'],
  },
  'one transaction acknowledged at two places': {
    operations: [acknowledged('c1', 'a', [0, 10], at(1)), acknowledged('c1', 'a', [20, 30], at(2))],
    chain: CHAIN,
    expected: ['misplaced'],
  },
  'a transaction that executed twice': {
    operations: [acknowledged('c1', 'a', [0, 10], at(1))],
    chain: [...CHAIN, entry('a', at(3))],
    expected: ['repeated'],
    says: /^chain: a at height 1, leaf 0 and again at height 3, leaf 0$/,
  },
  'an unknown transaction that executed twice': {
    operations: [unknown('c1', 'a', [0, 10])],
    chain: [...CHAIN, entry('a', at(3))],
    expected: ['repeated'],
  },
  'a chain with one position twice': {
    operations: [],
    chain: [...CHAIN, entry('d', at(2, 1))],
    expected: ['misplaced'],
    says: /^chain: d at height 2, leaf 1 follows c at height 2, leaf 1$/,
  },
  'a chain that goes back': { operations: [], chain: [...CHAIN, entry('d', at(1, 5))], expected: ['misplaced'] },
  'another outcome than the chain has': {
    operations: [acknowledged('c1', 'a', [0, 10], at(1), 'FUNDS_SHORT')],
    chain: CHAIN,
    expected: ['wrong-outcome'],
    says: /with outcome FUNDS_SHORT, yet the chain has OK$/,
  },
  'a refused transaction that executed': {
    operations: [refused('c1', 'b', [0, 10])],
    chain: CHAIN,
    expected: ['refused-but-executed'],
    says: /was refused with EXPIRED, yet stands at height 2, leaf 0$/,
  },
  'submits in sequence, the later one first in the chain': {
    operations: [acknowledged('c1', 'b', [0, 10], at(2)), acknowledged('c2', 'a', [11, 20], at(1))],
    chain: CHAIN,
    expected: ['real-time-order'],
    says: /^submit a by c2 .* stands at height 1, leaf 0, though submit b by c1 .* at height 2, leaf 0 had completed/,
  },
  'the order within one block': {
    operations: [acknowledged('c1', 'c', [0, 10], at(2, 1)), acknowledged('c2', 'b', [11, 20], at(2))],
    chain: CHAIN,
    expected: ['real-time-order'],
  },
  'an unanswered submit that executed before what had completed': {
    operations: [acknowledged('c1', 'b', [0, 10], at(2)), unknown('c2', 'a', [11])],
    chain: CHAIN,
    expected: ['real-time-order'],
  },
  'a retry that stands before what had completed when it was first tried': {
    operations: [
      acknowledged('c1', 'b', [0, 10], at(2)),
      unknown('c2', 'a', [11, 12]),
      acknowledged('c2', 'a', [13, 14], at(1)),
    ],
    chain: CHAIN,
    expected: ['real-time-order'],
  },
  'a stale read': {
    operations: [acknowledged('c1', 'b', [0, 10], at(2)), read('c2', [11, 20], 'a', 1)],
    chain: CHAIN,
    expected: ['stale-read'],
    says: /^read of k by c2 .* was answered at height 1, though before it submit b by c1 .* at height 2, leaf 0 had/,
  },
  'reads that go back': {
    operations: [read('c1', [0, 10], 'c', 2), read('c2', [11, 20], 'a', 1)],
    chain: CHAIN,
    expected: ['stale-read'],
  },
  'a read from the future': {
    operations: [read('c1', [0, 10], 'c', 2), acknowledged('c2', 'c', [20, 30], at(2, 1))],
    chain: CHAIN,
    expected: ['real-time-order'],
    says: /^submit c by c2 .* at height 2, leaf 1, though read of k by c1 .* at height 2 had completed/,
  },
  'a lost update: the read names its height and misses the write': {
    operations: [acknowledged('c1', 'b', [0, 10], at(2)), read('c2', [11, 20], 'a', 2)],
    chain: CHAIN,
    expected: ['wrong-read'],
    says: /returned "a" at height 2, where the chain has "c" \(by c at height 2\)$/,
  },
  'a value that is not yet written at that height': {
    operations: [read('c2', [11, 20], 'a', 0)],
    chain: CHAIN,
    expected: ['wrong-read'],
    says: /returned "a" at height 0, where the chain has nothing \(never written\)$/,
  },
  'nothing where the chain has a value': {
    operations: [read('c2', [11, 20], null, 1)],
    chain: CHAIN,
    expected: ['wrong-read'],
  },
};

describe('the chain as witness', () => {
  it.each(Object.entries(GOOD))('accepts %s', (_, { operations, chain }) => {
    expect(witnessFaults(operations, chain)).toEqual([]);
  });

  it.each(Object.entries(BAD))('finds %s', (_, { operations, chain, expected, says }) => {
    const faults = witnessFaults(operations, chain);
    expect(kinds(faults)).toEqual(expected);
    expect(faults[0]?.text).toMatch(says ?? /./);
    expect(faults.every(({ text }) => !text.includes('\n'))).toBe(true);
  });

  it('does not depend on the order in which operations are listed', () => {
    for (const { operations, chain } of Object.values(GOOD)) {
      expect(witnessFaults(operations.toReversed(), chain)).toEqual([]);
    }
    for (const { operations, chain, expected } of Object.values(BAD)) {
      expect(kinds(witnessFaults(operations.toReversed(), chain))).toEqual(expected);
    }
  });

  it('reports every fault, and a later one against the highest position that had completed', () => {
    const operations = [
      acknowledged('c1', 'c', [0, 10], at(2, 1)),
      acknowledged('c2', 'a', [11, 20], at(1)),
      acknowledged('c3', 'b', [21, 30], at(2)),
    ];
    const faults = witnessFaults(operations, CHAIN);
    expect(kinds(faults)).toEqual(['real-time-order', 'real-time-order']);
    expect(faults.every(({ text }) => text.includes('though submit c by c1'))).toBe(true);
  });
});
