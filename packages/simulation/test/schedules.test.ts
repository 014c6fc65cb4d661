import type { Input, Protocol } from '@varve/consensus';
import { decodePayload, encodePayload, payloadIdOf, type Transaction } from '@varve/ledger';
import { headerAt } from '@varve/ledger/chain';
import { raft } from '@varve/raft';
import { describe, expect, it } from 'vitest';
import { BUILD_WAIT_MS } from '../../validator/src/limits.ts';
import { type SimulatedNode, WALL_START } from '../src/world/node.ts';
import {
  carriesPayloads,
  codesOf,
  kindsIn,
  ledgerOf,
  ordersOf,
  stateOf,
  statusOf,
  termOf,
  WorldDriver,
} from './world-driver.ts';

/** Longer than the wait before a payload is built while another is in flight, so that each makes an entry of its own. */
const APART_MS: number = BUILD_WAIT_MS + 5;

function handApart(driver: WorldDriver, node: SimulatedNode, count: number): Transaction[] {
  return Array.from({ length: count }, () => {
    const transaction = driver.make();
    driver.hand(node, transaction);
    driver.run(APART_MS);
    return transaction;
  });
}

/** Engines that put `again` at the end of every payload they are given. */
function orderingAgain(again: () => readonly Transaction[]): Protocol<unknown> {
  const protocol = raft as Protocol<unknown>;
  const extended = (input: Input<unknown>): Input<unknown> => {
    if (input.kind !== 'propose') return input;
    const content = decodePayload(input.payload.bytes);
    const transactions = [...content.transactions, ...again().map((transaction) => transaction.bytes)];
    const bytes = encodePayload({ ...content, transactions });
    return { ...input, payload: { id: payloadIdOf(bytes), bytes } };
  };
  return {
    ...protocol,
    create: (...given) => {
      const { engine, first } = protocol.create(...given);
      return {
        first,
        engine: { status: () => engine.status(), step: (input, now) => engine.step(extended(input), now) },
      };
    },
  };
}

function hasLeader(driver: WorldDriver): boolean {
  return driver.nodes.some((node) => node.validator?.status().engine?.role === 'leader');
}

function heightOf(node: SimulatedNode): number {
  return statusOf(node).durableHeight;
}

describe('memory', () => {
  it('block sync into the middle of an acknowledged suffix', () => {
    const driver = new WorldDriver(3, 1);
    const { leader } = driver;
    const [follower, other] = driver.followers as [SimulatedNode, SimulatedNode];
    const term = termOf(leader);
    const base = heightOf(leader);
    // The follower hears of entries and acknowledges them; its answers take long, so that nothing commits.
    driver.disturb({ delayMs: 3500, covers: (from, to) => from === follower.index && to === leader.index });
    other.pausedUntil = driver.world.scheduler.now + 10 * APART_MS;
    handApart(driver, leader, 3);
    const isLeaderToOther = (from: number, to: number): boolean => from === leader.index && to === other.index;
    driver.disturb({ blocked: true, covers: isLeaderToOther, concerns: carriesPayloads });
    const suffix = handApart(driver, leader, 5);
    driver.run(10);
    const lastIndex = statusOf(leader).engine?.lastIndex ?? 0;
    expect(statusOf(follower).engine).toMatchObject({ lastIndex, committed: lastIndex - 8 });
    // The other one makes the first three final, the follower hears of that by block sync alone.
    driver.block(leader, follower);
    driver.until('synced prefix', () => heightOf(follower) === base + 3, 3000);
    expect(statusOf(follower).engine).toMatchObject({ lastIndex, committed: lastIndex - 5 });
    expect(heightOf(leader)).toBe(base + 3);
    // Only now the old acknowledgements arrive: the leader commits on their word, says so, and dies.
    driver.until('commit', () => heightOf(leader) === base + 8, 3000);
    expect(suffix.map((transaction) => stateOf(leader, transaction).state)).toEqual(suffix.map(() => 'committed'));
    expect(statusOf(other).engine).toMatchObject({ lastIndex: lastIndex - 5 });
    leader.crash(true);
    driver.until('commit of what was acknowledged', () => heightOf(other) >= base + 8);
    expect(
      ordersOf(other)
        .slice(base, base + 8)
        .map((order) => order.term),
    ).toEqual(Array(8).fill(term));
    driver.world.network.rules.clear();
    driver.world.operator.start(leader, 1);
    driver.until('return', () => leader.isUp && statusOf(leader).mode === 'validator');
    driver.settle();
  });

  it('journal gap', () => {
    const driver = new WorldDriver(4, 2);
    const [victim, other] = driver.followers as [SimulatedNode, SimulatedNode];
    driver.grow(other, 10);
    driver.strike(victim, ({ disk }) => disk.loseBatch(6));
    const spoken = driver.count(victim, 'frame', 'seals');
    driver.until('start', () => victim.isUp);
    expect(statusOf(victim)).toMatchObject({ mode: 'observer-only', observerOnly: { code: 'JOURNAL_GAP' } });
    driver.grow(other, 10);
    driver.settle();
    // Even when its vote would be needed it has none.
    const { leader } = driver;
    leader.crash(true);
    driver.run(5000);
    expect(hasLeader(driver)).toBe(false);
    expect(statusOf(victim).engine).toBeUndefined();
    expect(spoken()).toBe(0);
    driver.world.operator.start(leader, 1);
    driver.until('leader', () => hasLeader(driver));
    driver.grow(other, 1);
    driver.settle();
    expect(codesOf(victim)).toContain('JOURNAL_GAP');
  });

  it('a folder from 1,000 blocks ago', () => {
    const driver = new WorldDriver(4, 3);
    const [victim, other] = driver.followers as [SimulatedNode, SimulatedNode];
    const folder = victim.disk.copy();
    driver.grow(other, 1000);
    driver.settle();
    driver.strike(victim, (node) => {
      node.disk = folder;
    });
    const spoken = driver.count(victim, 'frame', 'seals');
    driver.until('start', () => victim.isUp);
    expect(heightOf(victim)).toBe(1);
    driver.until('mark', () => statusOf(victim).mode === 'observer-only', 1000);
    expect(statusOf(victim).observerOnly?.code).toBe('STORE_ROLLED_BACK');
    driver.until('all blocks', () => heightOf(victim) === 1001, 10_000);
    driver.grow(other, 5);
    driver.settle();
    expect(spoken()).toBe(0);
  });
});

describe('identity', () => {
  it.each(['a follower', 'the leader'])('two processes with one key: %s', (which) => {
    const driver = new WorldDriver(4, 4);
    const victim = which === 'the leader' ? driver.leader : (driver.followers[0] as SimulatedNode);
    const others = driver.nodes.filter((node) => node !== victim);
    const twin = driver.world.addTwin(victim);
    driver.world.operator.start(twin, 1);
    const areAlarmed = (): boolean => others.every((node) => codesOf(node).includes('VALIDATOR_TWICE'));
    driver.until('alarm', areAlarmed, 3000);
    const leads = (node: SimulatedNode): boolean => statusOf(node).engine?.role === 'leader';
    driver.until('leader with one process', () => others.some(leads), 3000);
    const heard = (): unknown => {
      const peers = statusOf(driver.leader).engine?.peers ?? [];
      return peers.find(({ id }) => id === victim.name);
    };
    driver.run(10);
    const before = heard();
    driver.grow(others[0] as SimulatedNode, 20);
    driver.run(3000);
    expect(heard()).toEqual(before);
    expect(areAlarmed()).toBe(true);
    // When one of them is gone, the other counts again after a while.
    twin.crash(false);
    driver.until('calm', () => others.every((node) => codesOf(node).length === 0), 15_000);
    driver.grow(victim, 3);
    driver.settle();
    expect(heard()).not.toEqual(before);
    expect(statusOf(victim).mode).toBe('validator');
  });

  it('a leader in the year 2100', () => {
    const driver = new WorldDriver(4, 5);
    const { leader } = driver;
    const others = driver.followers;
    const base = heightOf(leader);
    handApart(driver, others[0] as SimulatedNode, 5);
    leader.clockOffset = Date.UTC(2100, 0) - WALL_START;
    const sent = handApart(driver, others[0] as SimulatedNode, 50);
    driver.until(
      'new leader',
      () => statusOf(leader).engine?.role !== 'leader' && others.includes(driver.leader),
      1000,
    );
    expect(codesOf(leader)).toContain('CLOCK_SKEWED');
    sent.push(...driver.grow(others[1] as SimulatedNode, 20));
    const isFinal = (transaction: Transaction): boolean =>
      others.every((node) => stateOf(node, transaction).state === 'final');
    driver.until('final transactions', () => sent.every(isFinal));
    driver.settle();
    const ledger = ledgerOf(leader);
    for (let at = base; at <= ledger.tip.header.height; at++) {
      const ahead = (headerAt(ledger, at)?.header.time ?? 0) - WALL_START - driver.world.scheduler.now;
      expect(ahead).toBeLessThanOrEqual(0);
    }
    expect(others).toContain(driver.leader);
  });
});

describe('transactions', () => {
  it('a bad signature on a known id', () => {
    const driver = new WorldDriver(3, 6);
    const base = driver.world.chain.height;
    const good = driver.make();
    const forged = new Uint8Array(good.bytes);
    forged[forged.length - 5] = (forged.at(-5) ?? 0) ^ 1;
    const states = (): readonly string[] => driver.nodes.map((node) => stateOf(node, good).state);
    const refuse = (): void => {
      for (const node of driver.nodes) {
        expect(driver.submit(node, forged)).toMatchObject([
          { admitted: false, id: good.id, code: 'TRANSACTION_CONFLICT' },
        ]);
        expect(driver.submit(node, good.bytes)).toMatchObject([{ admitted: true, id: good.id, known: true }]);
      }
    };
    const free = driver.disturb({ blocked: true, covers: () => true, concerns: carriesPayloads });
    expect(driver.submit(driver.node(1), good.bytes, forged)).toMatchObject([
      { admitted: true, known: false },
      { admitted: false, code: 'TRANSACTION_CONFLICT' },
    ]);
    driver.run(10);
    expect(states()).toEqual(['pending', 'pending', 'pending']);
    refuse();
    expect(states()).toEqual(['pending', 'pending', 'pending']);
    const sealing = driver.disturb({
      blocked: true,
      covers: () => true,
      concerns: (packet) => kindsIn(packet).some((kind) => kind === 'seals' || kind === 'certificate'),
    });
    free();
    driver.until('commit everywhere', () => states().every((state) => state === 'committed'));
    refuse();
    expect(states()).toEqual(['committed', 'committed', 'committed']);
    sealing();
    driver.until('finality everywhere', () => states().every((state) => state === 'final'));
    refuse();
    driver.run(1000).settle();
    expect(driver.world.chain.height).toBe(base + 1);
    expect(driver.world.chain.transactions.filter(({ transaction }) => transaction === good.id)).toHaveLength(1);
  });

  it('a transaction ordered twice', () => {
    let again: readonly Transaction[] = [];
    const driver = new WorldDriver(5, 7, { protocol: orderingAgain(() => again) });
    const [, ...others] = driver.nodes;
    const [twice] = driver.grow(driver.leader, 1) as [Transaction];
    // In a later block, and twice in that.
    again = [twice, twice];
    const later = driver.grow(driver.leader, 1);
    again = [];
    // While the first payload is in flight, under the same leader and under the next.
    const { leader } = driver;
    expect(others).not.toContain(leader);
    const inFlight = driver.make();
    driver.disturb({ delayMs: 100, covers: (_, to) => to === leader.index });
    driver.hand(leader, inFlight);
    driver.run(APART_MS);
    again = [inFlight];
    later.push(...handApart(driver, leader, 1));
    driver.run(APART_MS);
    expect(driver.nodes.map((node) => stateOf(node, inFlight).state)).toEqual(Array(5).fill('pending'));
    leader.crash(false);
    later.push(...driver.until('next leader', () => hasLeader(driver)).grow(driver.leader, 1));
    again = [];
    driver.world.network.rules.clear();
    driver.world.operator.start(leader, 1);
    driver.until('return', () => leader.isUp).settle();
    const ids = driver.world.chain.transactions.map(({ transaction }) => transaction);
    for (const { id } of [twice, inFlight, ...later]) expect(ids.filter((other) => other === id)).toHaveLength(1);
    for (const node of driver.nodes) {
      const ledger = ledgerOf(node);
      const leaves = ordersOf(node).map((_, i) => headerAt(ledger, i + 1)?.header.transactionCount);
      expect(leaves).toEqual(leaves.map(() => 1));
    }
    expect(driver.world.chain.height).toBe(6);
  });
});

describe('blocks that a disk lost', () => {
  it.each([0, 1])('a batch of several blocks lost by a node that only follows: %i before the newest', (back) => {
    const driver = new WorldDriver(4, 8, { spares: 1 });
    const observer = driver.node(4);
    for (let i = 0; i < 4; i++) {
      driver.grow(driver.leader, 3);
      driver.run(1500);
    }
    driver.strike(observer, ({ disk }) => disk.loseBatch(back));
    driver.until('start', () => observer.isUp).settle();
    expect(statusOf(observer).mode).toBe(back === 0 ? 'observer' : 'observer-only');
    driver.grow(driver.leader, 2);
    driver.settle();
  });
});
