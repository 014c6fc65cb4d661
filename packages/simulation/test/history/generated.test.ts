import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation, ReadOperation, SubmitOperation, WitnessTransaction } from '../../src/history/history.ts';
import { registerFaults } from '../../src/history/linearizability.ts';
import { comparePositions } from '../../src/history/position.ts';
import { type RegisterAction, registerModel } from '../../src/history/register.ts';
import { type Interval, searchLinearization } from '../../src/history/search.ts';
import { witnessFaults } from '../../src/history/witness.ts';
import { type History, kinds } from './histories.ts';

const KEYS = ['k', 'l'] as const;
/** Time of a block; its transactions take effect one a millisecond, then its reads. */
const BLOCK_MS = 20;

/** One operation of a sequential execution. `early` and `late` widen its moment to the interval a client sees. */
interface Step {
  readonly does: 'set' | 'delete' | 'fail' | 'read' | 'refused';
  readonly key: (typeof KEYS)[number];
  readonly answer: 'answered' | 'unknown' | 'retried';
  readonly early: number;
  readonly late: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('set', 'set', 'set', 'delete', 'fail', 'read', 'read', 'read', 'refused'),
  key: fc.constantFrom(...KEYS),
  answer: fc.constantFrom('answered', 'answered', 'answered', 'unknown', 'retried'),
  early: fc.nat(3 * BLOCK_MS),
  late: fc.nat(3 * BLOCK_MS),
});

/** Blocks of steps, executed one after another: what clients saw of it, and the chain. */
function execute(blocks: readonly (readonly Step[])[]): History {
  const operations: Operation[] = [];
  const chain: WitnessTransaction[] = [];
  const values = new Map<string, string | null>();
  blocks.forEach((steps, index) => {
    const height = index + 1;
    let now = height * BLOCK_MS;
    const ordered = steps.filter(({ does }) => does !== 'read' && does !== 'refused');
    ordered.forEach((step, leafIndex) => {
      now++;
      const position = { height, leafIndex };
      const transaction = `t${height}-${leafIndex}`;
      const value = step.does === 'set' ? transaction : null;
      const outcome = step.does === 'fail' ? 'EXISTS' : 'OK';
      if (outcome === 'OK') values.set(step.key, value);
      chain.push({ position, transaction, outcome, writes: outcome === 'OK' ? [{ key: step.key, value }] : [] });
      operations.push(...submitsOf(step, now, { position, transaction, outcome, value }));
    });
    for (const [n, { does, key, early, late }] of steps.entries()) {
      if (does === 'refused') operations.push(refusedAt(`r${height}-${n}`, now - early, now + late));
      if (does !== 'read') continue;
      now++;
      const times = { invokedAt: now - early, completedAt: now + late };
      operations.push({ kind: 'read', client: 'reader', key, ...times, value: values.get(key) ?? null, height });
    }
  });
  return { operations, chain };
}

type Executed = Omit<WitnessTransaction, 'writes'> & { readonly value: string | null };

function submitsOf({ answer, early, late }: Step, now: number, executed: Executed): SubmitOperation[] {
  const { transaction, position, outcome } = executed;
  const base = { kind: 'submit', client: 'writer', transaction } as const;
  const acknowledged = { kind: 'acknowledged', position, outcome } as const;
  const unknown: SubmitOperation = { ...base, invokedAt: now - early, result: { kind: 'unknown' } };
  if (answer === 'unknown') return [unknown];
  if (answer === 'answered') {
    return [{ ...base, invokedAt: now - early, completedAt: now + late, result: acknowledged }];
  }
  return [unknown, { ...base, invokedAt: now + 5, completedAt: now + 5 + late, result: acknowledged }];
}

function refusedAt(transaction: string, invokedAt: number, completedAt: number): SubmitOperation {
  const result = { kind: 'refused', code: 'EXPIRED' } as const;
  return { kind: 'submit', client: 'writer', transaction, invokedAt, completedAt, result };
}

const goodHistory: fc.Arbitrary<History> = fc
  .array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 12 })
  .map(execute);

function registerOptions({ chain }: History): Parameters<typeof registerFaults>[1] {
  const writes = new Map(chain.map((entry) => [entry.transaction, entry.writes]));
  return { writesOf: (transaction) => writes.get(transaction) ?? [{ key: 'k', value: transaction }] };
}

type Perturbation = (history: History, pick: number) => History | undefined;

function replaced<T>(list: readonly T[], old: T, ...now: readonly T[]): T[] {
  return list.flatMap((item) => (item === old ? now : [item]));
}

function picked<T, U extends T>(list: readonly T[], pick: number, fits: (item: T) => item is U): U | undefined {
  const fitting = list.filter(fits);
  return fitting[pick % fitting.length];
}

const isAcknowledged = (operation: Operation): operation is SubmitOperation =>
  operation.kind === 'submit' && operation.result.kind === 'acknowledged';
const isRead = (operation: Operation): operation is ReadOperation => operation.kind === 'read';
const isSubmit = (operation: Operation): operation is SubmitOperation => operation.kind === 'submit';

/** Changes of one operation or one entry of the chain, each of which makes a good history a bad one. */
const PERTURBATIONS: Record<string, { readonly change: Perturbation; readonly expected: readonly string[] }> = {
  'an acknowledged transaction leaves the chain': {
    expected: ['lost'],
    change: ({ operations, chain }, pick) => {
      const victim = picked(operations, pick, isAcknowledged)?.transaction;
      if (victim === undefined) return undefined;
      return { operations, chain: chain.filter(({ transaction }) => transaction !== victim) };
    },
  },
  'a transaction executes again at the end': {
    expected: ['repeated'],
    change: ({ operations, chain }, pick) => {
      const entry = chain[pick % chain.length];
      if (entry === undefined) return undefined;
      return { operations, chain: [...chain, { ...entry, position: { height: 1000, leafIndex: 0 } }] };
    },
  },
  'an answer names another leaf': {
    expected: ['misplaced'],
    change: ({ operations, chain }, pick) => {
      const victim = picked(operations, pick, isAcknowledged);
      if (victim?.result.kind !== 'acknowledged') return undefined;
      const { height, leafIndex } = victim.result.position;
      const result = { ...victim.result, position: { height, leafIndex: leafIndex + 1 } };
      return { operations: replaced(operations, victim, { ...victim, result }), chain };
    },
  },
  'an answer names another outcome': {
    expected: ['wrong-outcome'],
    change: ({ operations, chain }, pick) => {
      const victim = picked(operations, pick, isAcknowledged);
      if (victim?.result.kind !== 'acknowledged') return undefined;
      const result = { ...victim.result, outcome: 'ANOTHER' };
      return { operations: replaced(operations, victim, { ...victim, result }), chain };
    },
  },
  'an executed transaction was refused': {
    expected: ['refused-but-executed'],
    change: ({ operations, chain }, pick) => {
      const places = new Set(chain.map(({ transaction }) => transaction));
      const executed = operations.filter(isSubmit).filter(({ transaction }) => places.has(transaction));
      const victim = executed[pick % executed.length];
      if (victim === undefined) return undefined;
      const result = { kind: 'refused', code: 'EXPIRED' } as const;
      return { operations: replaced<Operation>(operations, victim, { ...victim, result }), chain };
    },
  },
  'a read returns another value': {
    expected: ['wrong-read'],
    change: ({ operations, chain }, pick) => {
      const victim = picked(operations, pick, isRead);
      if (victim === undefined) return undefined;
      const value = victim.value === null ? 'another' : null;
      return { operations: replaced<Operation>(operations, victim, { ...victim, value }), chain };
    },
  },
  'a read is answered by the state before a block of which someone knew': {
    expected: ['stale-read', 'wrong-read'],
    change: ({ operations, chain }, pick) => {
      const known = picked(operations, pick, isAcknowledged);
      if (known?.result.kind !== 'acknowledged' || known.completedAt === undefined) return undefined;
      const times = { invokedAt: known.completedAt + 1, completedAt: known.completedAt + 9 };
      const height = known.result.position.height - 1;
      const stale: Operation = { kind: 'read', client: 'late', key: 'never-written', ...times, value: null, height };
      return { operations: [...operations, stale], chain };
    },
  },
  'a transaction is submitted only after what stands behind it had completed': {
    expected: ['real-time-order'],
    change: ({ operations, chain }, pick) => {
      const later = picked(operations, pick, isAcknowledged);
      if (later?.result.kind !== 'acknowledged' || later.completedAt === undefined) return undefined;
      const { position } = later.result;
      const first = chain[0];
      if (first === undefined || comparePositions(first.position, position) >= 0) return undefined;
      const others = operations.filter((other) => other.kind === 'read' || other.transaction !== first.transaction);
      const invokedAt = later.completedAt + 1;
      const result = { kind: 'unknown' } as const;
      const submit: Operation = { kind: 'submit', client: 'late', transaction: first.transaction, invokedAt, result };
      return { operations: [...others, submit], chain };
    },
  },
};

describe('histories of a sequential execution', () => {
  it('are accepted by the witness and by the search', () => {
    let operations = 0;
    let overlapping = 0;
    fc.assert(
      fc.property(goodHistory, (history) => {
        expect(witnessFaults(history.operations, history.chain)).toEqual([]);
        expect(registerFaults(history.operations, registerOptions(history))).toEqual([]);
        const times = history.operations.map(({ invokedAt, completedAt }) => [invokedAt, completedAt ?? 1e9] as const);
        operations += times.length;
        overlapping += times.filter(([from], i) => times.some(([a, b], j) => i !== j && a < from && from < b)).length;
      }),
      { numRuns: 400 },
    );
    expect(overlapping).toBeGreaterThan(operations / 2);
  });

  it.each(Object.entries(PERTURBATIONS))('are rejected once %s', (_, { change, expected }) => {
    let changed = 0;
    fc.assert(
      fc.property(goodHistory, fc.nat(), (history, pick) => {
        const bad = change(history, pick);
        if (bad === undefined) return;
        changed++;
        const found = kinds(witnessFaults(bad.operations, bad.chain));
        expect(found.some((kind) => expected.includes(kind))).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(changed).toBeGreaterThan(100);
  });
});

/** Every order of every choice of the open actions: slow, and plainly what linearizability means. */
function isLinearizableSlow(history: readonly Interval<RegisterAction>[], initial: string | null): boolean {
  const open = history.filter(({ completedAt }) => completedAt === undefined);
  const completed = history.filter(({ completedAt }) => completedAt !== undefined);
  for (let choice = 0; choice < 2 ** open.length; choice++) {
    const taken = [...completed, ...open.filter((_, i) => (choice & (1 << i)) !== 0)];
    for (const order of permutations(taken)) if (respectsTime(order) && isExecution(order, initial)) return true;
  }
  return false;
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield [];
  for (const [i, first] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [first, ...rest];
  }
}

function respectsTime(order: readonly Interval<RegisterAction>[]): boolean {
  return order.every((later, i) =>
    order.slice(i + 1).every((earlier) => (earlier.completedAt ?? Number.POSITIVE_INFINITY) >= later.invokedAt),
  );
}

function isExecution(order: readonly Interval<RegisterAction>[], initial: string | null): boolean {
  let value = initial;
  for (const { action } of order) {
    if (action.kind === 'write') value = action.value;
    else if (action.value !== value) return false;
  }
  return true;
}

/** Few values, so that reads often fit; a value may be written twice, which the search must bear too. */
const interval: fc.Arbitrary<Interval<RegisterAction>> = fc
  .record({
    kind: fc.constantFrom('write', 'read', 'read'),
    value: fc.constantFrom(null, 'a', 'b', 'c'),
    invokedAt: fc.nat(12),
    takes: fc.integer({ min: 1, max: 8 }),
    isOpen: fc.boolean(),
  })
  .map(({ kind, value, invokedAt, takes, isOpen }) => ({
    action: { kind, value } as RegisterAction,
    invokedAt,
    completedAt: isOpen && kind === 'write' ? undefined : invokedAt + takes,
  }));

describe('the search', () => {
  it('agrees with trying every order', () => {
    const verdicts = { linearizable: 0, 'not-linearizable': 0, unknown: 0 };
    const history = fc.array(interval, { maxLength: 6 });
    fc.assert(
      fc.property(history, fc.constantFrom(null, 'a'), (history, initial) => {
        const { kind } = searchLinearization(registerModel(initial), history, 100_000);
        expect(kind).toBe(isLinearizableSlow(history, initial) ? 'linearizable' : 'not-linearizable');
        verdicts[kind]++;
      }),
      { numRuns: 3000 },
    );
    expect(verdicts.linearizable).toBeGreaterThan(500);
    expect(verdicts['not-linearizable']).toBeGreaterThan(500);
  });

  it('agrees with the witness where both judge: values of reads moved to other moments', () => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(goodHistory, fc.nat(), fc.integer({ min: -60, max: 60 }), (history, pick, shift) => {
        const victim = picked(history.operations, pick, isRead);
        if (victim === undefined) return;
        const { invokedAt, completedAt } = victim;
        const moved = { ...victim, invokedAt: invokedAt + shift, completedAt: completedAt + shift };
        const operations = replaced<Operation>(history.operations, victim, moved);
        const faults = witnessFaults(operations, history.chain);
        // The witness may find an order of heights broken that values alone do not show; never the other way round.
        if (faults.length === 0) expect(registerFaults(operations, registerOptions(history))).toEqual([]);
        if (faults.length === 0) good++;
        else bad++;
      }),
      { numRuns: 400 },
    );
    expect(good).toBeGreaterThan(20);
    expect(bad).toBeGreaterThan(20);
  });
});
