import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/history/history.ts';
import { registerFaults, SEARCH_STEPS_MAX } from '../../src/history/linearizability.ts';
import { OperationSet } from '../../src/history/operation-set.ts';
import { registerModel } from '../../src/history/register.ts';
import { searchLinearization } from '../../src/history/search.ts';
import { acknowledged, at, kinds, read, refused, unknown } from './histories.ts';

/** A transaction `x` sets `k` to `x`; one whose name begins with `delete` deletes it. */
const options = {
  writesOf: (transaction: string) => [{ key: 'k', value: transaction.startsWith('delete') ? null : transaction }],
};

/** The place of an acknowledgement means nothing without a chain. */
const wrote = (client: string, transaction: string, times: readonly [number, number]) =>
  acknowledged(client, transaction, times, at(1));

const GOOD: Record<string, readonly Operation[]> = {
  'nothing at all': [],
  'a read before any write': [read('c1', [0, 1], null)],
  'a write, then its read, then its deletion': [
    wrote('c1', 'a', [0, 10]),
    read('c1', [20, 30], 'a'),
    wrote('c1', 'delete-1', [40, 50]),
    read('c1', [60, 70], null),
  ],
  'a read during a write, of either value': [
    wrote('c1', 'a', [0, 100]),
    read('c2', [10, 20], null),
    read('c2', [30, 40], 'a'),
  ],
  'overlapping writes in the order that reads show': [
    wrote('c1', 'a', [0, 100]),
    wrote('c2', 'b', [0, 100]),
    read('c3', [10, 20], 'b'),
    read('c3', [30, 40], 'a'),
    read('c3', [110, 120], 'a'),
  ],
  'overlapping reads, the newer answer first': [
    wrote('c1', 'a', [0, 100]),
    read('c2', [10, 50], 'a'),
    read('c3', [20, 60], null),
  ],
  'an unknown write that is seen long after, or never': [
    unknown('c1', 'late', [0, 10]),
    unknown('c1', 'never', [0]),
    read('c2', [20, 30], null),
    wrote('c3', 'a', [40, 50]),
    read('c2', [60, 70], 'a'),
    read('c2', [500, 510], 'late'),
  ],
  'a refused write that nobody saw': [refused('c1', 'a', [0, 10]), read('c2', [20, 30], null)],
  'a failed write that changed nothing': [
    acknowledged('c1', 'a', [0, 10], at(1), 'EXISTS'),
    read('c2', [20, 30], null),
  ],
  'a retry, seen before it was answered': [
    unknown('c1', 'a', [0, 10]),
    read('c2', [20, 30], 'a'),
    wrote('c3', 'b', [40, 50]),
    wrote('c1', 'a', [60, 70]),
    read('c2', [80, 90], 'b'),
  ],
  'a moment that two operations share': [wrote('c1', 'a', [0, 10]), read('c2', [10, 20], null)],
};

const BAD: Record<string, readonly Operation[]> = {
  'a stale read': [wrote('c1', 'a', [0, 10]), read('c2', [20, 30], null)],
  'a lost update': [wrote('c1', 'a', [0, 10]), wrote('c2', 'b', [20, 30]), read('c3', [40, 50], 'a')],
  'a read from the future': [read('c1', [0, 10], 'a'), wrote('c2', 'a', [20, 30])],
  'a value from nowhere': [read('c1', [0, 10], 'x')],
  'reads that go back': [wrote('c1', 'a', [0, 100]), read('c2', [10, 20], 'a'), read('c3', [30, 40], null)],
  'readers that see two writes in different orders': [
    wrote('c1', 'a', [0, 100]),
    wrote('c2', 'b', [0, 100]),
    read('c3', [110, 120], 'a'),
    read('c4', [130, 140], 'b'),
  ],
  'an unknown write that is seen, gone and seen again': [
    unknown('c1', 'late', [0]),
    read('c2', [20, 30], 'late'),
    wrote('c3', 'a', [40, 50]),
    read('c2', [60, 70], 'late'),
  ],
  'an unknown write that is seen before it was sent': [read('c2', [0, 5], 'late'), unknown('c1', 'late', [10])],
  'a refused write that was seen': [refused('c1', 'a', [0, 10]), read('c2', [20, 30], 'a')],
  'a failed write that was seen': [acknowledged('c1', 'a', [0, 10], at(1), 'EXISTS'), read('c2', [20, 30], 'a')],
  'a deletion undone': [wrote('c1', 'a', [0, 10]), wrote('c1', 'delete-1', [20, 30]), read('c2', [40, 50], 'a')],
};

describe('a key as a register', () => {
  it.each(Object.entries(GOOD))('accepts %s', (_, operations) => {
    expect(registerFaults(operations, options)).toEqual([]);
    expect(registerFaults(operations.toReversed(), options)).toEqual([]);
  });

  it.each(Object.entries(BAD))('finds %s', (_, operations) => {
    expect(kinds(registerFaults(operations, options))).toEqual(['not-linearizable']);
    expect(kinds(registerFaults(operations.toReversed(), options))).toEqual(['not-linearizable']);
  });

  it('names the key, the size and what could not come next', () => {
    expect(registerFaults(BAD['a lost update'] ?? [], options)[0]?.text).toBe(
      'k: 3 operations have no order; after 2 of them, none of these can come next: ' +
        'read of k by c3 (0.040 s – 0.050 s) returned "a"',
    );
  });

  it('judges every key alone, from the value it began with', () => {
    const other = { ...read('c2', [20, 30], 'old'), key: 'other' };
    const operations = [wrote('c1', 'a', [0, 10]), read('c2', [20, 30], null), other];
    expect(registerFaults(operations, options).map(({ text }) => text.split(':')[0])).toEqual(['k', 'other']);
    const initial = (key: string) => (key === 'other' ? 'old' : null);
    expect(registerFaults([other], { ...options, initial })).toEqual([]);
  });

  it('counts a transaction of several keys for each of them', () => {
    const writesOf = () => ['k', 'l'].map((key) => ({ key, value: 'a' }));
    const stale = { ...read('c2', [20, 30], null), key: 'l' };
    expect(kinds(registerFaults([wrote('c1', 'a', [0, 10]), stale], { writesOf }))).toEqual(['not-linearizable']);
  });

  it('says unknown when it runs out of steps, and never a verdict', () => {
    const operations = [wrote('c1', 'a', [0, 10]), wrote('c2', 'b', [20, 30]), read('c3', [40, 50], 'a')];
    const faults = registerFaults(operations, { ...options, stepsMax: 2 });
    expect(faults).toEqual([{ kind: 'unknown', text: 'k: 3 operations, nothing proven within 2 steps of the search' }]);
  });
});

/** A generator of 32-bit numbers (mulberry32) for the histories of the size tests. */
function mulberry(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Operations of `clients` clients, each with one at a time, that took effect at random moments of their intervals. */
function concurrentHistory(seed: number, clients: number, size: number, unknownEvery: number): Operation[] {
  const next = mulberry(seed);
  const free = Array.from({ length: clients }, () => 0);
  const effects = Array.from({ length: size }, (_, index) => {
    const client = next() % clients;
    const invokedAt = (free[client] ?? 0) + (next() % 20);
    const completedAt = invokedAt + 1 + (next() % 100);
    free[client] = completedAt + 1;
    return { index, client, invokedAt, completedAt, effectAt: invokedAt + (next() % (completedAt - invokedAt + 1)) };
  });
  let value: string | null = null;
  return effects
    .sort((a, b) => a.effectAt - b.effectAt || a.index - b.index)
    .map(({ index, client, invokedAt, completedAt }): Operation => {
      if (next() % 2 === 0) return read(`c${client}`, [invokedAt, completedAt], value);
      value = `v${index}`;
      if (index % unknownEvery === 0) return unknown(`c${client}`, value, [invokedAt]);
      return wrote(`c${client}`, value, [invokedAt, completedAt]);
    });
}

describe('the search', () => {
  it.each([1, 2, 3, 4])('takes few steps for thousands of operations of ten clients, seed %i', (seed) => {
    const operations = concurrentHistory(seed, 10, 4000, 200);
    expect(registerFaults(operations, { ...options, stepsMax: SEARCH_STEPS_MAX / 10 })).toEqual([]);
  });

  it.each([1, 2, 3, 4])('also proves that there is no order, seed %i', (seed) => {
    const operations = concurrentHistory(seed, 10, 4000, 200);
    const end = Math.max(...operations.map(({ completedAt }) => completedAt ?? 0));
    const stale = read('c1', [end + 1, end + 2], 'v-nowhere');
    expect(kinds(registerFaults([...operations, stale], options))).toEqual(['not-linearizable']);
  });

  it('takes one step an operation when nothing overlaps', () => {
    const history = Array.from({ length: 1000 }, (_, i) => ({
      action: { kind: 'write' as const, value: `${i}` },
      invokedAt: 2 * i,
      completedAt: 2 * i + 1,
    }));
    const verdict = searchLinearization(registerModel(null), history, SEARCH_STEPS_MAX);
    expect(verdict).toEqual({ kind: 'linearizable', steps: 1000 });
  });
});

describe('a set of operations', () => {
  it('has the key of its members, however it came about', () => {
    const one = new OperationSet(100);
    const other = new OperationSet(100);
    for (let i = 0; i < 70; i++) one.add(i);
    for (let i = 99; i >= 0; i--) other.add(i);
    expect(one.key()).not.toBe(other.key());
    for (let i = 70; i < 100; i++) other.delete(i);
    expect(one.key()).toBe(other.key());
    other.delete(3);
    expect(one.key()).not.toBe(other.key());
    other.add(3);
    expect(one.key()).toBe(other.key());
  });

  it('has a short key while it is filled nearly in order', () => {
    const set = new OperationSet(10_000);
    for (let i = 0; i < 9000; i++) set.add(i);
    set.add(9020);
    expect(set.key().length).toBeLessThan(20);
  });
});
