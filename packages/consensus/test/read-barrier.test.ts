import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { createReplica, EntryLog, ReadBarrier } from '../src/index.ts';
import { readDeadline } from '../src/read-state.ts';
import { configurationOf, emptyStore, names, optionsOf, recoveredOf } from '../src/testing/index.ts';

const [a, b, c] = names(3) as readonly [NodeId, NodeId, NodeId];

/** A barrier of `a`, whose leader, openness and confirmations a test sets. */
function barrierOf(leader: NodeId | undefined) {
  const recovered = recoveredOf(emptyStore());
  const log = new EntryLog(recovered.anchor, []);
  const state = createReplica(log, configurationOf('raft', 3), recovered, optionsOf(a, 1), 0);
  const world = { leader, isOpen: true, confirmed: 1, rounds: 0 };
  const asked: { readonly leader: NodeId; readonly context: number }[] = [];
  const told: unknown[] = [];
  const reads = new ReadBarrier<typeof state>({
    leaderOf: () => world.leader,
    isOpen: () => world.isOpen,
    startRound: () => {
      world.rounds += 1;
    },
    confirmations: () => world.confirmed,
    request: (_, to, context) => asked.push({ leader: to, context }),
    respond: (_, to, answer) => told.push({ to, ...answer }),
  });
  const answers = () => state.out.reads.splice(0);
  return { state, world, reads, asked, told, answers };
}

describe('a leader', () => {
  it('confirms in rounds: what comes while one is under way waits for the next', () => {
    const { state, world, reads, told, answers } = barrierOf(a);
    state.commitIndex = 7;
    reads.onRead(state, 1);
    reads.onRequest(state, b, 2);
    state.commitIndex = 8;
    expect([world.rounds, answers()]).toEqual([1, []]);
    world.confirmed = 2;
    reads.advance(state);
    expect(answers()).toEqual([{ context: 1, index: 7, ok: true }]);
    expect(told).toEqual([{ to: b, context: 2, index: 8, ok: true }]);
    expect(world.rounds).toBe(2);
  });

  it('starts no round before it knows what was committed before it led', () => {
    const { state, world, reads } = barrierOf(a);
    world.isOpen = false;
    reads.onRead(state, 1);
    expect(world.rounds).toBe(0);
    world.isOpen = true;
    reads.advance(state);
    expect(world.rounds).toBe(1);
  });

  it('keeps a bounded number for each asker', () => {
    const { state, world, reads, told } = barrierOf(a);
    world.isOpen = false;
    for (let context = 0; context < 1025; context++) reads.onRequest(state, b, context);
    expect(told).toEqual([{ to: b, context: 1024, index: 0, ok: false }]);
    reads.onRequest(state, c, 1);
    expect(told).toHaveLength(1);
  });

  it('refuses what has waited too long, and everything when it leads no more', () => {
    const { state, world, reads, answers } = barrierOf(a);
    world.isOpen = false;
    reads.onRead(state, 1);
    const deadline = readDeadline(state.reads);
    state.now = 100;
    reads.onRead(state, 2);
    reads.expire(state, deadline);
    expect(answers()).toEqual([{ context: 1, index: 0, ok: false }]);
    reads.fail(state);
    expect(answers()).toEqual([{ context: 2, index: 0, ok: false }]);
    expect(readDeadline(state.reads)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a follower', () => {
  it('asks its leader by numbers of its own, and takes each answer once', () => {
    const { state, reads, asked, answers } = barrierOf(b);
    reads.onRead(state, 9);
    const [{ context = 0 } = {}] = asked;
    expect(asked).toEqual([{ leader: b, context }]);
    reads.onResponse(state, { context: context + 1, index: 4, ok: true });
    reads.onResponse(state, { context, index: 5, ok: true });
    reads.onResponse(state, { context, index: 6, ok: true });
    expect(answers()).toEqual([{ context: 9, index: 5, ok: true }]);
  });

  it('refuses where nobody leads, where it drains, and whom it does not lead', () => {
    const { state, world, reads, told, answers } = barrierOf(undefined);
    reads.onRead(state, 1);
    world.leader = b;
    reads.onRequest(state, c, 2);
    state.draining = true;
    reads.onRead(state, 3);
    expect(answers().map(({ context, ok }) => [context, ok])).toEqual([
      [1, false],
      [3, false],
    ]);
    expect(told).toEqual([{ to: c, context: 2, index: 0, ok: false }]);
  });
});
