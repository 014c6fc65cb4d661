import { encodeCbor } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsAt } from '../src/chain.ts';
import { readTimer, TimerIndex, timerDueTime, timerStateKey, timerStateValue } from '../src/timers.ts';
import { Chain, operation, T0, transactionBytes } from './harness.ts';

/** What timers of the tip's block told, in order. */
const told = (world: Chain) =>
  eventsAt(world.ledger, world.ledger.tip.header.height)[0]?.events.map((event) => event.value);
const schedule = (due: number, key: string, method: string, ...args: (string | number)[]) =>
  operation('schedule', due, key, method, ...args);

describe('timers', () => {
  it('fire in the first block at or after their time, not before', () => {
    const world = new Chain();
    world.outcome([schedule(T0 + 100, 'x', 'set', 'a', 'fired')]);
    expect(world.ledger.timers.next()).toBe(T0 + 100);
    expect(world.run([], T0 + 99).block).toBeUndefined();
    world.outcome([operation('set', 'b', 1)], T0 + 99);
    expect(world.note('a')).toBeUndefined();
    const { block, execution } = world.run([], T0 + 100);
    expect(block?.sealed.header).toMatchObject({ transactionCount: 0, time: T0 + 100, height: 3 });
    expect(execution.timersFired).toBe(1);
    expect(world.note('a')).toEqual(['fired', 0]);
    expect(world.ledger.timers.next()).toBeUndefined();
    expect(world.run([], T0 + 200).block).toBeUndefined();
  });

  it('fire before the transactions of the block', () => {
    const world = new Chain();
    world.outcome([schedule(T0, 'x', 'set', 'a', 'timer')]);
    world.block([transactionBytes([operation('set', 'a', 'transaction')])]);
    expect(world.note('a')).toEqual(['transaction', 1]);
  });

  it('never fire in the block that scheduled them, even when already due', () => {
    const world = new Chain();
    world.outcome([schedule(0, 'x', 'schedule', 0, 'y', 'set', 'a', 1)]);
    expect(world.ledger.timers.size).toBe(1);
    world.run([]);
    expect([world.note('a'), world.ledger.timers.size]).toEqual([undefined, 1]);
    world.run([]);
    expect(world.note('a')).toEqual(['1', 0]);
  });

  it('fire in order of time, then of key', () => {
    const world = new Chain();
    world.outcome([
      schedule(T0 + 2, 'a', 'set', 'log', 3),
      schedule(T0 + 1, 'b', 'set', 'log', 2),
      schedule(T0 + 1, 'a', 'set', 'log', 1),
      schedule(T0 + 1_000_000_000_000, 'z', 'set', 'log', 9),
    ]);
    world.run([], T0 + 5);
    expect(told(world)).toEqual([1, 2, 3].map((n) => ['set', 'log', n]));
  });

  it('fire at most 1,000 in a block, and the rest in the next', () => {
    const world = new Chain();
    const timers = Array.from({ length: 1001 }, (_, i) => schedule(T0 + 1, `${i}`, 'set', `k${i}`, i));
    const groups = Array.from({ length: 21 }, (_, i) => timers.slice(50 * i, 50 * (i + 1)));
    world.block(groups.map((group) => transactionBytes(group)));
    expect(world.run([], T0 + 1).execution.timersFired).toBe(1000);
    expect(world.ledger.timers.size).toBe(1);
    expect(world.run([], T0 + 1).execution.timersFired).toBe(1);
    expect(world.run([], T0 + 1).block).toBeUndefined();
  });

  it('can be cancelled, also by an earlier timer of the same block', () => {
    const world = new Chain();
    world.outcome([schedule(T0 + 1, 'x', 'set', 'a', 1), schedule(T0 + 2, 'y', 'set', 'b', 1)]);
    world.outcome([operation('cancel', T0 + 1, 'x'), operation('cancel', T0 + 1, 'nobody')]);
    world.outcome([schedule(T0 + 1, 'z', 'cancel', T0 + 2, 'y')]);
    expect(world.run([], T0 + 9).execution.timersFired).toBe(1);
    expect([world.note('a'), world.note('b')]).toEqual([undefined, undefined]);
    expect(world.ledger.timers.size).toBe(0);
  });

  it('that fail leave nothing, and are not tried again', () => {
    const world = new Chain();
    world.outcome([
      schedule(T0 + 1, 'x', 'then-fail'),
      schedule(T0 + 1, 'y', 'fail', 'NO'),
      schedule(T0 + 1, 'z', 'set', 'a', 1),
    ]);
    expect(world.run([], T0 + 1).execution.timersFired).toBe(3);
    expect(told(world)).toEqual([['set', 'a', 1]]);
    expect([world.note('lost'), world.note('a')]).toEqual([undefined, ['1', 0]]);
    expect(world.run([], T0 + 1).block).toBeUndefined();
  });

  it('that fail alone still make the block that forgets them', () => {
    const world = new Chain();
    world.outcome([schedule(T0 + 1, 'x', 'then-fail')]);
    const before = world.ledger.tip.header.stateRoot;
    expect(world.run([], T0 + 1).block?.sealed.header.stateRoot).not.toEqual(before);
    expect(world.ledger.timers.size).toBe(0);
  });

  it('replace the timer of the same time and key', () => {
    const world = new Chain();
    world.outcome([schedule(T0 + 1, 'x', 'set', 'a', 1), schedule(T0 + 1, 'x', 'set', 'a', 2)]);
    expect(world.ledger.timers.size).toBe(1);
    world.run([], T0 + 1);
    expect(world.note('a')).toEqual(['2', 0]);
  });

  it('are found again by a loader', () => {
    const world = new Chain();
    world.outcome([schedule(T0 + 7, 'x', 'set', 'a', 1), schedule(T0 + 5, 'y', 'set', 'b', 1)]);
    world.reopen();
    expect([world.ledger.timers.size, world.ledger.timers.next()]).toEqual([2, T0 + 5]);
    world.run([], T0 + 7);
    expect([world.note('a'), world.note('b')]).toEqual([
      ['1', 0],
      ['1', 0],
    ]);
  });
});

describe('timer records', () => {
  it('sort by due time and come back', () => {
    const key = timerStateKey(T0, 'notes', Uint8Array.of(1, 2));
    expect(timerDueTime(key)).toBe(T0);
    const value = timerStateValue('set', ['a', [1]]);
    expect(readTimer(key, value)).toEqual({
      dueTime: T0,
      module: 'notes',
      key: Uint8Array.of(1, 2),
      method: 'set',
      arguments: ['a', [1]],
    });
    expect(() => readTimer(key, encodeCbor(['set']))).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
  });

  it('are indexed like a sorted list', () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 3 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), fc.integer({ min: 0, max: 22 }), (changes, time) => {
        const index = new TimerIndex();
        const plain = new Map<string, Uint8Array>();
        for (const [due, key, present] of changes) {
          const stateKey = timerStateKey(due, 'm', Uint8Array.of(key));
          index.apply(stateKey, present);
          if (present) plain.set(stateKey.join(), stateKey);
          else plain.delete(stateKey.join());
        }
        const sorted = [...plain.values()].sort((a, b) => Buffer.compare(a, b));
        expect(index.due(time)).toEqual(sorted.filter((key) => timerDueTime(key) <= time));
        expect(index.size).toBe(sorted.length);
        expect(index.next()).toBe(sorted[0] && timerDueTime(sorted[0]));
      }),
    );
  });
});
