import type { ValidatorMember } from '@varve/consensus';
import { encodeCbor, fromHex, toHex, utf8Encode } from '@varve/encoding';
import { epochValue, payloadIdOf } from '@varve/ledger';
import { checksummed, headerAt, headerKey, kindRange, payloadKey, RECORD_KIND, unchecked } from '@varve/ledger/chain';
import { instanceOf } from '@varve/validator';
import { describe, expect, it } from 'vitest';
import { decodeEntry, engineEntryKey, parseEngineEntryKey } from '../../validator/src/engine-log.ts';
import { BUILD_WAIT_MS } from '../../validator/src/limits.ts';
import { standInSignatures } from '../src/world/keys.ts';
import type { SimulatedNode } from '../src/world/node.ts';
import { carriesPayloads, codesOf, kindsIn, ledgerOf, stateOf, statusOf, WorldDriver } from './world-driver.ts';

/** Longer than the wait before a payload is built while another is in flight, so that each makes an entry of its own. */
const APART_MS: number = BUILD_WAIT_MS + 5;

function numberOf(node: SimulatedNode): number {
  return ledgerOf(node).configuration.number;
}

function lastOf(driver: WorldDriver): number {
  return ledgerOf(driver.node(0)).configurations.newest.first - 1;
}

/** Every transaction stands once in the chain: the world's checks see to the once, this to the standing. */
function expectFinal(driver: WorldDriver, node: SimulatedNode, ids: readonly Parameters<typeof stateOf>[1][]): void {
  driver.until('final transactions', () => ids.every((one) => stateOf(node, one).state === 'final'));
}

/** Indexes of the log of one instance on the disk of `node`. */
function entriesOf(node: SimulatedNode, instance: string): readonly number[] {
  const parsed = node.disk.keysOf(RECORD_KIND.engineEntry).map(parseEngineEntryKey);
  return parsed.flatMap((one) => (one.instance === instance ? [one.index] : []));
}

/** Payloads on the disk of `node` that neither a block nor a log entry names. */
function strayPayloads(node: SimulatedNode): readonly string[] {
  const ledger = ledgerOf(node);
  const named = new Set<string>();
  for (let at = 1; at <= ledger.tip.header.height; at++) named.add(headerAt(ledger, at)?.header.payloadHash ?? '');
  for (const record of node.disk.entries(kindRange(RECORD_KIND.engineEntry))) {
    const { payload } = decodeEntry(1, unchecked(...record));
    if (payload) named.add(payload);
  }
  return node.disk
    .keysOf(RECORD_KIND.payload)
    .map((key) => toHex(key.subarray(1)))
    .filter((id) => !named.has(id));
}

describe('a change of the protocol', () => {
  it('Raft → Tendermint → Raft, each from the block after the change on', () => {
    const driver = new WorldDriver(4, 1);
    for (const [i, protocol] of (['tendermint', 'raft', 'tendermint', 'raft'] as const).entries()) {
      driver.switchTo({ protocol });
      const last = lastOf(driver);
      driver.grow(driver.node(i), 3);
      driver.settle();
      for (const node of driver.nodes) {
        const ledger = ledgerOf(node);
        expect(ledger.configuration).toMatchObject({ number: i + 1, protocol });
        expect(headerAt(ledger, last)?.header.nextConfigurationHash).toBe(ledger.configurationHash);
        expect(headerAt(ledger, last + 1)?.header).toMatchObject({ configurationHash: ledger.configurationHash });
        expect(statusOf(node)).toMatchObject({ mode: 'validator', conditions: [] });
      }
    }
  });

  it('puts what was ordered behind the change back, and orders it once more', () => {
    const driver = new WorldDriver(4, 2);
    const { leader } = driver;
    const change = driver.change({ protocol: 'tendermint' });
    const around = Array.from({ length: 6 }, () => driver.make());
    // Acknowledgements take a while, so that the change and what follows it are on their way together.
    const hasten = driver.disturb({ delayMs: 120, covers: (_, to) => to === leader.index });
    for (const transaction of [...around.slice(0, 2), change, ...around.slice(2)]) {
      driver.hand(leader, transaction);
      driver.run(APART_MS);
    }
    expect(statusOf(leader).engine?.inFlight.payloads).toBeGreaterThan(3);
    hasten();
    driver.until('next configuration', () => driver.nodes.every((node) => numberOf(node) === 1));
    expectFinal(driver, leader, [change, ...around]);
    const behind = around
      .map((one) => stateOf(leader, one))
      .filter((one) => 'height' in one && one.height > lastOf(driver));
    expect(behind.length).toBeGreaterThan(0);
    driver.settle();
    for (const node of driver.nodes) expect(strayPayloads(node)).toEqual([]);
  });

  it('builds nothing above the last block before its certificate, and says what it waits for', () => {
    const driver = new WorldDriver(4, 3);
    const withhold = driver.disturb({
      blocked: true,
      covers: () => true,
      concerns: (packet) => kindsIn(packet).some((kind) => kind === 'seals' || kind === 'certificate'),
    });
    const change = driver.change({ protocol: 'tendermint' });
    driver.hand(driver.leader, change);
    driver.until('executed change', () => driver.nodes.every((node) => stateOf(node, change).state === 'committed'));
    const height = statusOf(driver.node(0)).durableHeight;
    const later = driver.make();
    for (const node of driver.nodes) driver.hand(node, later);
    driver.run(5000);
    for (const node of driver.nodes) {
      expect(statusOf(node).durableHeight).toBe(height);
      expect(numberOf(node)).toBe(0);
      expect(codesOf(node)).toContain('CONFIGURATION_UNCERTIFIED');
      expect(driver.barrier(node).kind).toBe('barrierFailed');
    }
    withhold();
    expectFinal(driver, driver.node(0), [change, later]);
    driver.settle();
  });
});

describe('schedules around the last block of a configuration', () => {
  it('its commit notice is lost, then the leader dies', () => {
    const driver = new WorldDriver(4, 4);
    const { leader } = driver;
    const [one] = driver.followers as [SimulatedNode];
    const change = driver.change({ protocol: 'tendermint' });
    // The entry reaches everybody; that it is committed only one of the others hears.
    driver.hand(leader, change);
    driver.until('appended change', () =>
      driver.nodes.every((node) => (statusOf(node).engine?.lastIndex ?? 0) > (ledgerOf(node).applied ?? 0)),
    );
    driver.disturb({ blocked: true, covers: (from, to) => from === leader.index && to !== one.index });
    driver.until('commit at the leader', () => stateOf(leader, change).state === 'committed');
    leader.crash(true);
    const others = driver.nodes.filter((node) => node !== leader);
    driver.until('next configuration', () => others.every((node) => numberOf(node) === 1));
    driver.grow(one, 2);
    driver.world.network.rules.clear();
    driver.world.operator.start(leader, 1);
    driver.until('the dead one back', () => leader.isUp && statusOf(leader).mode === 'validator');
    driver.settle();
    expect(numberOf(leader)).toBe(1);
  });

  it.each(['before its certificate', 'after its certificate'])('all validators restart %s', (when) => {
    const driver = new WorldDriver(4, 5);
    const change = driver.change({ protocol: 'tendermint' });
    const release = driver.disturb({
      blocked: when === 'before its certificate',
      covers: () => true,
      concerns: (packet) => kindsIn(packet).some((kind) => kind === 'seals' || kind === 'certificate'),
    });
    for (const node of driver.nodes) driver.hand(node, change);
    const level = when === 'before its certificate' ? 'committed' : 'final';
    driver.until('the change', () => driver.nodes.every((node) => stateOf(node, change).state === level));
    for (const node of driver.nodes) node.crash(true);
    release();
    for (const node of driver.nodes) driver.world.operator.start(node, 10);
    driver.until('next configuration', () => driver.nodes.every((node) => node.isUp && numberOf(node) === 1));
    driver.grow(driver.node(3), 2);
    driver.settle();
    for (const node of driver.nodes) expect(statusOf(node)).toMatchObject({ mode: 'validator', conditions: [] });
    for (const node of driver.nodes) expect(strayPayloads(node)).toEqual([]);
  });

  it('a crash before the old records are gone leaves none, nor payloads that made no block', () => {
    const driver = new WorldDriver(4, 16);
    const node = driver.node(3);
    const { chainId, ruling, tip } = ledgerOf(node);
    const old = instanceOf(chainId, ruling.hash, tip.header.parentHash);
    const change = driver.change({ protocol: 'tendermint' });
    driver.hand(driver.leader, change);
    driver.until('the change', () => stateOf(node, change).state === 'final');
    node.crash(true);
    // An entry behind the last block, of a payload that nothing else names.
    const bytes = utf8Encode('a payload behind the last block');
    const payload = payloadIdOf(bytes);
    const index = 1 + Math.max(...entriesOf(node, old));
    const entry = encodeCbor([epochValue(tip.header.epoch), fromHex(payload), null]);
    for (const [key, body] of [
      [engineEntryKey(old, index), entry],
      [payloadKey(payload), bytes],
    ] as const)
      node.disk.commit([{ key, value: checksummed(key, body) }]);
    driver.world.operator.start(node, 10);
    driver.until('a vote', () => node.isUp && statusOf(node).mode === 'validator');
    driver.grow(node, 2);
    driver.settle();
    expect(entriesOf(node, old)).toEqual([]);
    expect(strayPayloads(node)).toEqual([]);
    expect(node.disk.get(payloadKey(payload))).toBeUndefined();
  });

  it('three changes in a row, and a laggard that missed all', () => {
    const driver = new WorldDriver(4, 6);
    const laggard = driver.node(3);
    laggard.crash(false);
    for (const protocol of ['tendermint', 'raft', 'tendermint'] as const) {
      driver.switchTo({ protocol });
      driver.grow(driver.node(0), 2);
    }
    driver.world.operator.start(laggard, 1);
    driver.until(
      'the laggard',
      () => laggard.isUp && numberOf(laggard) === 3 && statusOf(laggard).mode === 'validator',
    );
    driver.settle();
    // It votes: without it there is no quorum now.
    driver.node(0).crash(false);
    driver.grow(laggard, 2);
  });

  it('one that executed the last block, but hears of its certificate only three changes later', () => {
    const driver = new WorldDriver(4, 7);
    const laggard = driver.node(3);
    const change = driver.change({ protocol: 'tendermint' });
    driver.disturb({
      blocked: true,
      covers: (_, to) => to === laggard.index,
      concerns: (packet) => kindsIn(packet).some((kind) => kind === 'seals' || kind === 'certificate'),
    });
    for (const node of driver.nodes) driver.hand(node, change);
    driver.until('executed change', () => stateOf(laggard, change).state === 'committed');
    laggard.crash(false);
    driver.until('next configuration', () => driver.nodes.slice(0, 3).every((node) => numberOf(node) === 1));
    for (const protocol of ['raft', 'tendermint'] as const) driver.switchTo({ protocol });
    driver.grow(driver.node(0), 2);
    driver.world.network.rules.clear();
    driver.world.operator.start(laggard, 1);
    driver.until(
      'the laggard',
      () => laggard.isUp && numberOf(laggard) === 3 && statusOf(laggard).mode === 'validator',
    );
    driver.settle();
  });

  it('Raft → Tendermint → Raft, and everything said in the first is said again in the third', () => {
    const driver = new WorldDriver(4, 8);
    const said: { to: SimulatedNode; from: SimulatedNode; packet: Uint8Array }[] = [];
    const listen = driver.listen((from, to, packet) => said.push({ from, to, packet }));
    driver.grow(driver.leader, 3);
    const first = driver.nodes.map((node) => ledgerOf(node).tip.header.height);
    listen();
    driver.switchTo({ protocol: 'tendermint' });
    driver.switchTo({ protocol: 'raft' });
    driver.untilLed();
    expect(said.some(({ packet }) => carriesPayloads(packet))).toBe(true);
    const before = driver.nodes.map((node) => ({ ...statusOf(node).engine?.epoch }));
    for (const { from, to, packet } of said) to.deliver({ kind: 'packet', from: from.networkKey, bytes: packet });
    driver.run(100);
    expect(driver.nodes.map((node) => ({ ...statusOf(node).engine?.epoch }))).toEqual(before);
    driver.grow(driver.leader, 3);
    driver.settle();
    expect(statusOf(driver.leader).durableHeight).toBeGreaterThanOrEqual(Math.max(...first) + 5);
  });
});

describe('a change of the seats', () => {
  const seatsOf = (driver: WorldDriver): readonly ValidatorMember[] => driver.next({}).validators;

  it('seats a spare, which votes from then on', () => {
    const driver = new WorldDriver(3, 9, { spares: 1 });
    const spare = driver.node(3);
    expect(statusOf(spare).mode).toBe('observer');
    driver.ready(driver.seat(spare));
    driver.switchTo({ validators: [...seatsOf(driver), driver.seat(spare)] });
    driver.until('a vote', () => statusOf(spare).mode === 'validator');
    driver.grow(spare, 1);
    // Of four, three are needed.
    driver.node(0).crash(false);
    driver.grow(spare, 2);
    driver.world.operator.start(driver.node(0), 1);
    driver.until('all up', () => driver.node(0).isUp);
    driver.settle();
  });

  it('unseats the leader, which follows from then on', () => {
    const driver = new WorldDriver(4, 10);
    const { leader } = driver;
    driver.switchTo({ validators: seatsOf(driver).filter(({ name }) => name !== leader.name) });
    expect(statusOf(leader).mode).toBe('observer');
    driver.untilLed().grow(driver.leader, 3);
    driver.settle();
    expect(statusOf(leader)).toMatchObject({ mode: 'observer', conditions: [] });
  });

  it('tells one that leaves when the others need it no more, also after a restart', () => {
    const driver = new WorldDriver(4, 14);
    const leaving = driver.node(3);
    expect(statusOf(leaving).leaving).toBeUndefined();
    driver.run(2000);
    // What the others hold as final, it hears late.
    const deafen = (): (() => void) =>
      driver.disturb({
        blocked: true,
        covers: (from, to) => to === leaving.index && from !== 0,
        concerns: (packet) => kindsIn(packet).includes('hello'),
      });
    const hear = deafen();
    driver.switchTo({ validators: seatsOf(driver).filter(({ name }) => name !== leaving.name) });
    const lastHeight = lastOf(driver);
    driver.run(3000);
    expect(statusOf(leaving).leaving).toEqual({ lastHeight, reported: 1, quorum: 2, code: 'LEAVING' });
    hear();
    driver.until('safety', () => statusOf(leaving).leaving?.code === 'SAFE_TO_STOP');
    driver.switchTo({ protocol: 'tendermint' });
    const under = () => statusOf(leaving).leaving;
    driver.until('safety under the next', () => under()?.quorum === 3 && under()?.code === 'SAFE_TO_STOP');
    expect(under()).toMatchObject({ lastHeight });
    const again = deafen();
    leaving.crash(false);
    driver.world.operator.start(leaving, 1);
    driver.until('restart', () => leaving.isUp);
    driver.run(2000);
    expect(statusOf(leaving).leaving).toMatchObject({ lastHeight, code: 'LEAVING' });
    again();
    driver.until('safety', () => statusOf(leaving).leaving?.code === 'SAFE_TO_STOP');
  });

  it('replaces a validator and the protocol at once', () => {
    const driver = new WorldDriver(4, 11, { spares: 1 });
    const spare = driver.node(4);
    driver.ready(driver.seat(spare));
    driver.node(1).crash(true);
    const validators = [...seatsOf(driver).filter(({ name }) => name !== driver.node(1).name), driver.seat(spare)];
    driver.switchTo({ validators, protocol: 'tendermint' });
    driver.until('a vote', () => statusOf(spare).mode === 'validator');
    driver.grow(spare, 3);
    driver.world.operator.start(driver.node(1), 1);
    driver.until('up again', () => driver.node(1).isUp && statusOf(driver.node(1)).mode === 'observer');
    driver.settle();
  });

  it('takes nobody who did not say that it is ready', () => {
    const driver = new WorldDriver(3, 12, { spares: 1 });
    const change = driver.change({ validators: [...seatsOf(driver), driver.seat(driver.node(3))] });
    driver.hand(driver.leader, change);
    expectFinal(driver, driver.leader, [change]);
    expect(stateOf(driver.leader, change)).toMatchObject({ outcome: { code: 'SEAT_NOT_READY' } });
    expect(driver.nodes.map(numberOf)).toEqual([0, 0, 0, 0]);
  });

  it('seats an observer-only validator again with a new key, and not with the old one', () => {
    const driver = new WorldDriver(4, 13);
    const node = driver.node(2);
    driver.grow(driver.leader, 3);
    driver.strike(node, ({ disk }) => disk.loseBatch(1));
    driver.until('observer-only', () => node.isUp && statusOf(node).mode === 'observer-only');
    driver.switchTo({ protocol: 'tendermint' });
    driver.grow(driver.node(0), 2);
    expect(statusOf(node).mode).toBe('observer-only');
    const seat = driver.rotate(node);
    driver.ready(seat);
    driver.switchTo({ validators: seatsOf(driver).map((one) => (one.name === seat.name ? seat : one)) });
    driver.until('a vote again', () => statusOf(node).mode === 'validator');
    driver.node(0).crash(false);
    driver.grow(node, 2);
    node.crash(true);
    driver.world.operator.start(node, 1);
    driver.world.operator.start(driver.node(0), 1);
    driver.until('a vote after a restart', () =>
      driver.nodes.every((one) => one.isUp && statusOf(one).mode === 'validator'),
    );
    driver.settle();
  });

  const rotJournal = ({ disk }: SimulatedNode): void => {
    disk.flip(disk.keysOf(RECORD_KIND.journal).at(-1) ?? new Uint8Array(), 0);
  };

  it.each([
    ['while it had no seat', 1],
    ['before it was started with that key', 0],
  ])('seats with a new key one whose disk forgot %s', (_, spares) => {
    const driver = new WorldDriver(4, 15, { spares });
    const node = driver.node(3 + spares);
    const others = driver.next({}).validators.filter(({ name }) => name !== node.name);
    driver.grow(driver.node(0), 3);
    driver.run(2000);
    driver.strike(node, (struck) => {
      rotJournal(struck);
      if (spares === 0) struck.holdOnly(standInSignatures.key(`another ${node.name}`));
    });
    driver.until('observer-only', () => node.isUp && statusOf(node).mode === 'observer-only');
    expect(codesOf(node).includes('KEY_MISMATCH')).toBe(spares === 0);
    const seat = driver.rotate(node);
    driver.ready(seat);
    driver.switchTo({ validators: [...others, seat].sort((a, b) => (a.name < b.name ? -1 : 1)) });
    driver.until('a vote', () => statusOf(node).mode === 'validator');
    driver.grow(node, 2);
    node.crash(true);
    driver.world.operator.start(node, 1);
    driver.until('a vote after a restart', () => node.isUp && statusOf(node).mode === 'validator');
    driver.settle();
  });

  it('votes with no key that it had when blocks from before the change that seated it are gone', () => {
    const driver = new WorldDriver(4, 17);
    const node = driver.node(2);
    const others = driver.next({}).validators.filter(({ name }) => name !== node.name);
    const reseat = (): void => {
      const seat = driver.rotate(node);
      driver.ready(seat);
      driver.switchTo({ validators: [...others, seat].sort((a, b) => (a.name < b.name ? -1 : 1)) });
    };
    driver.grow(driver.node(0), 3);
    reseat();
    driver.until('a vote', () => statusOf(node).mode === 'validator');
    const first = lastOf(driver);
    driver.grow(driver.node(0), 3);
    driver.strike(node, ({ disk }) => {
      for (const at of [first - 1, first]) disk.flip(headerKey(at), 0);
    });
    driver.until('observer-only', () => node.isUp && statusOf(node).mode === 'observer-only');
    expect(codesOf(node)).toContain('BLOCKS_LOST');
    // It holds both keys: that of the seat it has as long as its chain ends before the change, and that of the one after.
    driver.until('the present configuration', () => numberOf(node) === 1);
    driver.settle();
    driver.run(2000);
    expect(statusOf(node).mode).toBe('observer-only');
  });
});
