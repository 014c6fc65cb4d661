import { createRng, type Entry, IN_FLIGHT_MESSAGES_MAX, uniformBelow } from '@varve/consensus';
import { anchorAt, entryOf, hashOf, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { A, B, C, Cluster, D, E, hardStateOf } from './harness.ts';
import { notification, Replica, saidIn, voteFor, zxid } from './replica.ts';

const historyOf = (...epochs: readonly number[]) =>
  epochs.map((epoch, i) => entryOf(i + 1, epoch, A, `${i + 1}/${epoch}`));
const others = (cluster: Cluster, ...not: readonly string[]) => cluster.ids.filter((id) => !not.includes(id));
const synchronized = (...epochs: readonly number[]) => {
  const follower = new Replica(A, 3).follow(B, [C], 3);
  follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries: historyOf(...epochs) });
  follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(epochs.at(-1) ?? 0, epochs.length) });
  follower.receive(B, { kind: 'upToDate', epoch: 3, counter: 0 });
  follower.persist();
  return follower;
};

describe('research traps of all protocols with a leader', () => {
  it('1: an older epoch comes to nothing by counting: only a synchronized quorum commits what was inherited', () => {
    const leader = new Replica(A, 5, { hardState: hardStateOf(4, A, 4), log: historyOf(1, 2) });
    leader.synchronize([B, C], zxid(1, 1), 4);
    leader.acknowledge([B, C, D, E], 2);
    expect(leader.committed).toEqual([]);
    // Meanwhile another with a later epoch may still win: E has proposal 2 of epoch 3.
    expect(leader.status).toMatchObject({ role: 'recovering', committed: 0 });
  });

  it('2: an epoch is promised to one leader, also across a crash at any write', () => {
    for (let durable = 0; durable <= 1; durable++) {
      const node = new Replica(A, 3);
      node.receive(C, notification(9, 'following', voteFor(B)));
      node.receive(B, notification(9, 'leading', voteFor(B)));
      const output = node.receive(B, { kind: 'newEpoch', epoch: 5 });
      expect(saidIn(output)).toEqual([]);
      const store = durable > 0 ? { hardState: node.writes[0]?.hardState } : {};
      const before = durable > 0 ? node.persist(1).filter((said) => said.kind === 'ackEpoch') : [];
      const again = new Replica(A, 3, store);
      again.receive(B, notification(9, 'following', voteFor(C)));
      again.receive(C, notification(9, 'leading', voteFor(C)));
      again.receive(C, { kind: 'newEpoch', epoch: 5 });
      const after = again.persist().filter((said) => said.kind === 'ackEpoch');
      expect(before.length + after.length).toBe(1);
    }
  });

  it('2: who accepted an epoch acknowledges nothing of an earlier one', () => {
    const node = new Replica(A, 3).follow(B, [C], 5);
    node.receive(B, { kind: 'diff', epoch: 4, prev: zxid(0, 0), entries: historyOf(4) });
    node.receive(B, { kind: 'newLeader', epoch: 4, zxid: zxid(0, 0) });
    node.receive(B, { kind: 'newEpoch', epoch: 4 });
    expect(node.persist()).toEqual([]);
    expect(node.status.lastIndex).toBe(0);
  });

  it('6: each write releases only its own acknowledgement, in order', () => {
    const follower = synchronized(1);
    follower.receive(B, { kind: 'proposal', epoch: 3, prev: zxid(1, 1), entries: [entryOf(2, 3, B, 'x')] });
    follower.receive(B, { kind: 'proposal', epoch: 3, prev: zxid(3, 2), entries: [entryOf(3, 3, B, 'y')] });
    expect(follower.persist(1)).toMatchObject([{ kind: 'ack', counter: 2 }]);
    expect(follower.persist(1)).toMatchObject([{ kind: 'ack', counter: 3 }]);
  });

  it('7: a late acknowledgement of an earlier epoch vouches for nothing in this one', () => {
    const node = new Replica(A, 3).lead([B]);
    const { build } = node.step({ kind: 'demand', pending: true });
    if (build) node.propose(build, payloadOf('x'));
    // It becomes durable, but the node hears of that only later.
    const [old] = node.writes.splice(0);
    node.step({ kind: 'persisted', sequence: old?.sequence ?? 0 });
    // It is left by its quorum, looks, and leads again.
    while (node.status.role !== 'candidate') node.wake();
    node.receive(B, node.vote);
    node.pass(100);
    node.receive(B, { kind: 'followerInfo', acceptedEpoch: { number: 1, node: A } });
    const { epoch } = node;
    expect(epoch).toBe(2);
    node.persist(1);
    node.accept(B, zxid(0, 0), 1);
    for (const envelope of old?.then ?? []) node.step({ kind: 'message', envelope });
    node.receive(A, { kind: 'ackLeader', epoch: 1, counter: 1, voter: A });
    node.receive(B, { kind: 'ackLeader', epoch, counter: 1, voter: B });
    expect(node.status).toMatchObject({ role: 'recovering', committed: 0 });
    node.persist();
    expect(node.status).toMatchObject({ role: 'leader', committed: 1 });
  });

  it('8: a single voter, and a leader of three, count themselves only when their disk does', () => {
    const single = new Replica(A, 1);
    single.wake();
    single.persist();
    const { build } = single.step({ kind: 'demand', pending: true });
    expect(build).toEqual({ index: 1, epoch: { number: 1, node: A } });
    if (build) expect(single.propose(build, payloadOf('x')).commit).toEqual([]);
    single.persist();
    expect(single.committed.map((entry) => entry.index)).toEqual([1]);
    const leader = new Replica(A, 3).lead([B]);
    const slot = leader.step({ kind: 'demand', pending: true }).build;
    if (slot) leader.propose(slot, payloadOf('x'));
    expect(leader.acknowledge([B]).commit).toEqual([]);
    leader.persist();
    expect(leader.status.committed).toBe(1);
  });

  it('10: an epoch is heard of only when it is durable, so it is never proposed twice', () => {
    const leader = new Replica(A, 3);
    leader.receive(B, leader.vote);
    leader.pass(100);
    const chosen = leader.receive(B, { kind: 'followerInfo', acceptedEpoch: { number: 6, node: C } });
    expect(saidIn(chosen)).toEqual([]);
    expect(chosen.write?.hardState).toEqual(hardStateOf(7, A, 0));
    expect(leader.persist()).toMatchObject([{ to: B, kind: 'newEpoch', epoch: 7 }]);
    const again = new Replica(A, 3, { hardState: hardStateOf(7, A, 0) });
    again.receive(B, again.vote);
    again.pass(100);
    again.receive(B, { kind: 'followerInfo', acceptedEpoch: { number: 6, node: C } });
    expect(again.persist()).toMatchObject([{ to: B, kind: 'newEpoch', epoch: 8 }]);
  });

  it('11: a leader whose disk hangs gives way, though its pings go on', () => {
    const cluster = new Cluster({ n: 3, seed: 11 }).start();
    const leader = cluster.elect();
    cluster.host(leader).frozen = true;
    cluster.demand(leader, 1);
    cluster.runUntil('another leads', () => ![undefined, leader].includes(cluster.leader()), 2400);
    const next = cluster.elect();
    cluster.demand(next, 10);
    cluster.runUntil('progress', () => cluster.committed.size > 9, 2000);
    cluster.thaw(leader);
    cluster.runUntil('the old leader catches up', () => cluster.host(leader).delivered > 9, 2000);
    cluster.check();
  });

  it('12: a stale GAP takes back nothing, and nothing is acknowledged or committed beyond what was compared', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(1, A, 1), log: historyOf(1, 1) }).lead(
      [B],
      zxid(1, 2),
      1,
    );
    const stale = { kind: 'gap', epoch: leader.epoch, prev: zxid(1, 1), zxid: zxid(0, 0) } as const;
    expect(saidIn(leader.receive(B, stale))).toEqual([]);
    leader.receive(B, { kind: 'ack', epoch: leader.epoch, counter: 99, voter: B });
    expect(leader.status.peers.find((peer) => peer.id === B)?.match).toBe(2);
    // A store that lost what it acknowledged is not asked in a storm.
    leader.step({ kind: 'link', peer: B, up: false });
    leader.step({ kind: 'link', peer: B, up: true });
    expect(saidIn(leader.receive(B, { ...stale, prev: zxid(1, 2) }))).toEqual([]);
    const follower = new Replica(A, 3, { hardState: hardStateOf(2, C, 1), log: historyOf(1, 1, 1) }).follow(B, [C], 3);
    follower.receive(B, { kind: 'commit', epoch: 3, counter: 3 });
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(1, 1), entries: [] });
    expect(follower.persist()).toMatchObject([{ kind: 'ack', counter: 1 }]);
    expect(follower.committed).toEqual([]);
    expect(follower.status.lastIndex).toBe(1);
  });

  it('13: an old DIFF after newer proposals cuts nothing off', () => {
    const follower = synchronized(1, 1);
    follower.receive(B, { kind: 'proposal', epoch: 3, prev: zxid(1, 2), entries: [entryOf(3, 3, B, 'x')] });
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries: historyOf(1) });
    expect(follower.status.lastIndex).toBe(3);
    expect(follower.persist()).toMatchObject([{ counter: 3 }, { counter: 3 }]);
  });

  it('14: after trimming, an empty DIFF before the log matches nothing', () => {
    const anchor = anchorAt(5, { number: 2, node: B });
    const store = { hardState: hardStateOf(2, B, 2), anchor, ledger: anchor };
    const follower = new Replica(A, 3, store).follow(B, [C], 3);
    for (const counter of [4, 6]) follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, counter), entries: [] });
    expect(follower.persist().map((said) => said.kind)).toEqual(['gap', 'gap']);
  });

  it('15, 16: a window whose proposals were all lost reopens', () => {
    const cluster = new Cluster({ n: 3, seed: 16, engine: { window: { payloads: 500, bytes: 1e8 } } }).start();
    const leader = cluster.elect();
    cluster.run(200);
    const [lost = A] = others(cluster, leader);
    cluster.filter = ({ to, message }) => to === lost && (message.kind === 'diff' || message.kind === 'proposal');
    cluster.demand(leader, IN_FLIGHT_MESSAGES_MAX * 2);
    cluster.runUntil('the others commit', () => cluster.committed.size >= IN_FLIGHT_MESSAGES_MAX * 2);
    cluster.heal();
    cluster.runUntil('it catches up', () => cluster.host(lost).delivered >= IN_FLIGHT_MESSAGES_MAX * 2, 500);
    expect(cluster.leader()).toBe(leader);
  });

  it('17: nothing in flight counts as nothing, after any history', () => {
    const cluster = new Cluster({ n: 3, seed: 17, loss: 0.1 }).start();
    for (let i = 0; i < 5; i++) {
      const leader = cluster.elect();
      cluster.demand(leader, 20).run(30);
      cluster.input(leader, { kind: 'transfer', to: others(cluster, leader)[i % 2] ?? A });
      cluster.run(1000);
    }
    cluster.heal().run(3000);
    for (const id of cluster.ids) expect(cluster.status(id).inFlight).toEqual({ payloads: 0, bytes: 0 });
  });

  it.each([1, 2, 3])('18: in whatever portions commits come, none is skipped or repeated (seed %i)', (seed) => {
    const rng = createRng(hashOf(`portions/${seed}`));
    const log = historyOf(...Array.from({ length: 300 }, (_, i) => 1 + Math.floor(i / 100)));
    const follower = new Replica(A, 3).follow(B, [C], 3);
    const committed: Entry[] = [];
    while (committed.length < log.length) {
      const prev = uniformBelow(rng, follower.status.lastIndex + 1);
      const entries = log.slice(prev, prev + uniformBelow(rng, 50));
      const epoch = log[prev - 1]?.epoch.number ?? 0;
      follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(epoch, prev), entries });
      follower.receive(B, { kind: 'commit', epoch: 3, counter: uniformBelow(rng, log.length + 1) });
      committed.push(...follower.committed.splice(0));
      follower.persist();
    }
    expect(committed).toEqual(log);
  });

  it('19: an answer to an old ping confirms no new read, and none comes before the leader is established', () => {
    const leader = new Replica(A, 3).lead([B]);
    const pinged = saidIn(leader.step({ kind: 'read', context: 1 })).find((said) => said.kind === 'ping');
    const context = pinged?.kind === 'ping' ? pinged.context : 0;
    const { epoch } = leader;
    // C answers, but has not synchronized: it is no part of this leader's quorum.
    expect(leader.receive(C, { kind: 'pong', epoch, context }).reads).toEqual([]);
    expect(leader.receive(B, { kind: 'pong', epoch, context }).reads).toHaveLength(1);
    leader.step({ kind: 'read', context: 1 });
    expect(leader.receive(B, { kind: 'pong', epoch, context }).reads).toEqual([]);
    expect(leader.receive(B, { kind: 'pong', epoch, context: context + 1 }).reads).toHaveLength(1);
    const single = new Replica(A, 1);
    single.wake();
    expect(single.step({ kind: 'read', context: 1 }).reads).toEqual([]);
    const early = new Replica(A, 3);
    early.synchronize([B]);
    early.step({ kind: 'read', context: 1 });
    for (let i = 0; i < 5; i++)
      expect(early.receive(B, { kind: 'pong', epoch: early.epoch, context: i }).reads).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])('20: lag, restart and partition end with a leader in bounded time (seed %i)', (seed) => {
    const cluster = new Cluster({ n: 3, seed }).start();
    const leader = cluster.elect();
    const [x = B, y = C] = others(cluster, leader);
    cluster.partition([x]);
    cluster.demand(leader, 20).run(3000);
    cluster.crash(leader);
    cluster.heal().run(500);
    cluster.boot(leader);
    cluster.crash(y);
    cluster.run(200);
    cluster.boot(y);
    cluster.elect(3000);
  });

  it('20: who accepted a later epoch in vain is let in again', () => {
    // ZooKeeper leaves it out until the next election: its acceptedEpoch is above that of the leader.
    const cluster = new Cluster({ n: 3, seed: 20 });
    cluster.host(C).store.hardState = hardStateOf(9, C, 0);
    cluster.boot(A);
    cluster.boot(B);
    cluster.elect();
    cluster.progress(3);
    cluster.boot(C);
    cluster.runUntil('all hold all', () => cluster.host(C).delivered === cluster.history.highest, 3000);
    expect(cluster.status(cluster.elect()).epoch.number).toBe(10);
  });

  it('22: a leap of time suspects nobody, and lets no leader read alone', () => {
    const follower = synchronized(1);
    follower.now += 10 * 400;
    follower.step({ kind: 'tick' });
    expect(follower.status.role).toBe('follower');
    const leader = new Replica(A, 3).lead([B]);
    leader.now += 10 * 400;
    expect(leader.step({ kind: 'read', context: 1 }).reads).toEqual([]);
    expect(leader.status.role).toBe('leader');
    leader.pass(801);
    expect(leader.status.role).toBe('candidate');
  });

  it('28: a follower with an empty log comes back to an idle cluster whose logs are trimmed', () => {
    const cluster = new Cluster({ n: 3, seed: 28 });
    cluster.boot(A);
    cluster.boot(B);
    const leader = cluster.elect();
    cluster.demand(leader, 600);
    cluster.runUntil('600 committed', () => cluster.history.highest >= 600);
    cluster.run(1000);
    for (const id of [A, B]) cluster.certify(id);
    cluster.run(5000);
    const { size } = cluster.history.proposals;
    cluster.boot(C);
    cluster.runUntil('C has it all', () => cluster.host(C).store.applied === cluster.history.highest, 1500);
    expect(cluster.history.proposals.size).toBe(size);
    expect([cluster.leader(), cluster.leaders.size]).toEqual([leader, 1]);
    expect(cluster.host(C).syncs[0]?.[0]).toBe(leader);
  });

  it('53, 54: a new leader builds after what it inherited, which it hands out only when that is certain', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(2, A, 2), log: historyOf(1, 1, 2) });
    leader.step({ kind: 'demand', pending: true });
    leader.receive(B, notification(1, 'looking', voteFor(A, 2, zxid(2, 3))));
    leader.pass(100);
    leader.receive(B, { kind: 'followerInfo', acceptedEpoch: { number: 2, node: A } });
    leader.persist();
    leader.accept(B, zxid(1, 2));
    leader.persist();
    expect([leader.committed, leader.last.build]).toEqual([[], undefined]);
    const output = leader.receive(B, { kind: 'ackLeader', epoch: 3, counter: 3, voter: B });
    expect(leader.committed.map((entry) => entry.index)).toEqual([1, 2, 3]);
    expect(output.build).toEqual({ index: 4, epoch: { number: 3, node: A } });
  });

  it('56: repeated, foreign and misdirected answers change no tally', () => {
    const stranger = 'stranger' as typeof A;
    const leader = new Replica(A, 5);
    const { vote } = leader;
    for (let i = 0; i < 5; i++) leader.receive(B, vote);
    leader.receive(stranger, vote);
    leader.step({ kind: 'message', envelope: { from: C, to: D, message: vote } });
    leader.pass(1000);
    expect(leader.status.role).toBe('candidate');
    const real = new Replica(A, 5).lead([B, C]);
    const slot = real.step({ kind: 'demand', pending: true }).build;
    if (slot) real.propose(slot, payloadOf('x'));
    real.persist();
    for (const from of [stranger, B, B, B]) {
      real.receive(from, { kind: 'ack', epoch: 1, counter: 1, voter: C });
      real.receive(from, { kind: 'ack', epoch: 1, counter: 1, voter: from });
    }
    // A voter speaks for itself only.
    real.receive(C, { kind: 'ack', epoch: 1, counter: 1, voter: B });
    expect(real.status.committed).toBe(0);
    real.acknowledge([C], 1);
    expect(real.status.committed).toBe(1);
  });

  it.each([1, 2, 3])('57: a second engine repeats a whole run to the byte (seed %i)', (seed) => {
    const cluster = new Cluster({ n: 5, seed, record: true, loss: 0.1, duplication: 0.1 }).start();
    for (const id of cluster.ids) {
      cluster.demandAll(5).run(300);
      cluster.read(id);
      cluster.partition([id]).run(1200);
      cluster.blockSync(id);
      cluster.crash(id);
      cluster.boot(id);
      cluster.heal();
    }
    cluster.run(2000).check();
    expect(cluster.leaders.size).toBeGreaterThan(1);
  });

  it('58: a proposal never commits without the one before', () => {
    const follower = synchronized(1);
    follower.receive(B, { kind: 'proposal', epoch: 3, prev: zxid(3, 2), entries: [entryOf(3, 3, B, 'y')] });
    follower.receive(B, { kind: 'commit', epoch: 3, counter: 3 });
    expect(follower.committed.map((entry) => entry.index)).toEqual([1]);
  });
});
