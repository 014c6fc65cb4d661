import { createRng, uniformBelow } from '@varve/consensus';
import { applyWrite, emptyStore, entryOf, hashOf, payloadOf } from '@varve/consensus/testing';
import { encodeCbor, type NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { zab } from '../src/index.ts';
import { compareCredentials, compareVotes } from '../src/zxid.ts';
import { A, B, C, Cluster, D, E, hardStateOf } from './harness.ts';
import { notification, Replica, saidIn, voteFor, zxid } from './replica.ts';

const historyOf = (...epochs: readonly number[]) =>
  epochs.map((epoch, i) => entryOf(i + 1, epoch, A, `${i + 1}/${epoch}`));
const others = (cluster: Cluster, ...not: readonly string[]) => cluster.ids.filter((id) => !not.includes(id));

describe('research traps of ZAB', () => {
  it('33: NEWLEADER is acknowledged only when history and currentEpoch are on disk', () => {
    const follower = new Replica(A, 3).follow(B, [C], 3);
    const entries = historyOf(1, 1);
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries });
    const output = follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(1, 2) });
    expect(saidIn(output)).toEqual([]);
    expect(follower.persist(1)).toMatchObject([{ kind: 'ack', counter: 2 }]);
    expect(follower.persist(1)).toMatchObject([{ kind: 'ackLeader', counter: 2 }]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    '33: a quorum that crashes right after the acknowledgement loses nothing (seed %i)',
    (seed) => {
      const cluster = new Cluster({ n: 3, seed, diskMsMax: 20 }).start();
      const leader = cluster.elect();
      cluster.demand(leader, 20).run(10 * seed);
      cluster.input(leader, { kind: 'transfer', to: others(cluster, leader)[seed % 2] ?? A });
      cluster.filter = ({ message }) => {
        if (message.kind !== 'ackLeader') return false;
        cluster.at(cluster.now + 1, () => {
          for (const id of cluster.ids) if (cluster.host(id).engine) cluster.crash(id);
          cluster.filter = () => false;
        });
        return false;
      };
      cluster.runUntil('all crash', () => cluster.live().length === 0);
      for (const id of cluster.ids) cluster.boot(id);
      cluster.recover().progress(1).check();
    },
  );

  it('34: currentEpoch is never durable before the history, in whatever order DIFF and NEWLEADER come', () => {
    const follower = new Replica(A, 3).follow(B, [C], 3);
    follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(1, 2) });
    expect(follower.writes).toEqual([]);
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries: historyOf(1) });
    follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(1, 2) });
    expect(follower.writes.filter((write) => write.hardState)).toEqual([]);
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(1, 1), entries: historyOf(1, 1).slice(1) });
    follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(1, 2) });
    expect(follower.writes.map((write) => write.hardState)).toEqual([undefined, undefined, hardStateOf(3, B, 3)]);
  });

  it('34: who crashed between them has the older epoch, and wins over nobody who has the history', () => {
    // A has taken over what B had up to 2, and not B's epoch 3. C synchronized with B and has proposal 3 of epoch 3.
    const half = { hardState: hardStateOf(3, B, 1), log: historyOf(1, 1) };
    const whole = { currentEpoch: 3, zxid: zxid(3, 3) };
    const leader = new Replica(A, 3, half);
    leader.discover([C], 3);
    expect(leader.status.role).toBe('recovering');
    // It gives up in discovery: C's history is better.
    leader.receive(C, { kind: 'ackEpoch', epoch: leader.epoch, ...whole, voter: C });
    expect(leader.status.role).toBe('candidate');
    expect(compareVotes(voteFor(A, 1, zxid(1, 2)), voteFor(C, 3, zxid(1, 2)))).toBeLessThan(0);
  });

  it('35: both epochs are one record, and a crash at any write leaves a store that starts', () => {
    const follower = new Replica(A, 3).follow(B, [C], 3);
    expect(encodeCbor([1, 3, B, 0])).toEqual(hardStateOf(3, B, 0));
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries: historyOf(1, 1) });
    follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(1, 2) });
    follower.receive(B, { kind: 'newEpoch', epoch: 4 });
    const writes = follower.writes;
    expect(writes.length).toBe(3);
    for (let durable = 0; durable <= writes.length; durable++) {
      const store = { ...emptyStore(), hardState: hardStateOf(3, B, 0) };
      for (const write of writes.slice(0, durable)) applyWrite(store, write);
      const again = new Replica(A, 3, store);
      expect(again.status).toMatchObject({ role: 'candidate', epoch: { number: durable < 3 ? 3 : 4, node: B } });
    }
  });

  it('36: COMMIT and PROPOSAL between NEWLEADER and UPTODATE are neither lost nor too early', () => {
    const follower = new Replica(A, 3).follow(B, [C], 3);
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries: historyOf(1, 1) });
    // The commit of a proposal that has not come: what is here is committed, and the rest when it comes.
    follower.receive(B, { kind: 'commit', epoch: 3, counter: 3 });
    expect(follower.committed.map(({ index }) => index)).toEqual([1, 2]);
    follower.receive(B, { kind: 'newLeader', epoch: 3, zxid: zxid(1, 2) });
    follower.receive(B, { kind: 'proposal', epoch: 3, prev: zxid(1, 2), entries: [entryOf(3, 3, B, 'x')] });
    follower.receive(B, { kind: 'upToDate', epoch: 3, counter: 3 });
    expect(follower.committed.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(follower.status.role).toBe('follower');
    expect(follower.persist().map((said) => said.kind)).toEqual(['ack', 'ackLeader', 'ack']);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    '36, 38: joining under load at any moment lacks no proposal (after %i ms)',
    (ms) => {
      const cluster = new Cluster({ n: 3, seed: ms, delayMsMax: 3, diskMsMax: 3 }).start();
      const leader = cluster.elect();
      const [late = A] = others(cluster, leader);
      cluster.crash(late);
      cluster.demand(leader, 300).run(20 + ms);
      cluster.boot(late);
      cluster.runUntil('it holds everything', () => cluster.host(late).delivered >= 300, 3000);
      expect(cluster.host(late).syncs).toEqual([]);
      cluster.check();
    },
  );

  it('37: what one got by DIFF, leads with, and gives on by DIFF has no hole', () => {
    const cluster = new Cluster({ n: 5, seed: 37 }).start();
    for (let round = 0; round < 4; round++) {
      const leader = cluster.elect();
      const [away = A, next = B] = others(cluster, leader);
      cluster.crash(away);
      cluster.demand(leader, 10).run(60);
      cluster.boot(away);
      cluster.run(300);
      cluster.input(cluster.elect(), { kind: 'transfer', to: away });
      cluster.run(300);
      cluster.crash(next);
      cluster.run(600);
      cluster.boot(next);
      cluster.progress(1);
    }
    const histories = cluster.ids.map((id) => cluster.host(id).store.log.map(({ index }) => index));
    for (const history of histories) expect(history).toEqual(history.map((_, i) => i + 1));
    cluster.check();
  });

  it('37: a proposal that does not follow the one before is not stored', () => {
    const follower = new Replica(A, 3).follow(B, [C], 3);
    follower.receive(B, { kind: 'diff', epoch: 3, prev: zxid(0, 0), entries: historyOf(1) });
    follower.receive(B, { kind: 'proposal', epoch: 3, prev: zxid(1, 2), entries: [entryOf(3, 3, B, 'x')] });
    expect(follower.status.lastIndex).toBe(1);
    expect(follower.persist()).toMatchObject([
      { kind: 'ack', counter: 1 },
      { kind: 'gap', zxid: zxid(1, 1) },
    ]);
  });

  it('38: a follower gets what is proposed after its sync point was chosen, before it acknowledged anything', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(1, A, 1), log: historyOf(1, 1) }).lead(
      [B],
      zxid(1, 2),
      1,
    );
    const sync = saidIn(leader.accept(C, zxid(1, 1)));
    expect(sync).toMatchObject([
      { to: C, kind: 'diff', prev: zxid(1, 1), entries: [{ index: 2 }] },
      { to: C, kind: 'newLeader', zxid: zxid(1, 2) },
    ]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    if (build) leader.propose(build, payloadOf('x'));
    // The acknowledgement of the DIFF frees its probe: from there on nothing is left out.
    const freed = saidIn(leader.receive(C, { kind: 'ack', epoch: leader.epoch, counter: 2, voter: C }));
    expect(freed).toMatchObject([{ to: C, kind: 'proposal', prev: zxid(1, 2), entries: [{ index: 3 }] }]);
  });

  it('38: a follower that has not acknowledged NEWLEADER is no part of a quorum', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(1, A, 1), log: historyOf(1, 1) });
    leader.synchronize([B], zxid(1, 2), 1);
    leader.acknowledge([B, C], 2);
    expect(leader.status).toMatchObject({ role: 'recovering', committed: 0 });
    leader.receive(B, { kind: 'ackLeader', epoch: leader.epoch, counter: 2, voter: B });
    // The whole inherited history is committed then.
    expect(leader.status).toMatchObject({ role: 'leader', committed: 2 });
    const five = new Replica(A, 5).lead([B, C]);
    const { build } = five.step({ kind: 'demand', pending: true });
    if (build) five.propose(build, payloadOf('x'));
    five.persist();
    for (const from of [D, E]) five.accept(from, zxid(0, 0));
    expect(five.acknowledge([D, E], 1).commit).toEqual([]);
    expect(five.acknowledge([B, C], 1).commit).toHaveLength(1);
  });

  it.each([1, 2, 3, 4, 5, 6])('39: whatever notifications say, an epoch has one leader (seed %i)', (seed) => {
    const cluster = new Cluster({ n: 5, seed }).start();
    const rng = createRng(hashOf(`fuzz/${seed}`));
    const any = (ids: readonly NodeId[]) => ids[uniformBelow(rng, ids.length)] ?? A;
    for (let i = 0; i < 300; i++) {
      const [from, to] = [any(cluster.ids), any(cluster.ids)];
      const vote = voteFor(any([...cluster.ids, 'stranger' as NodeId]), uniformBelow(rng, 9), zxid(9, 9), i % 7 === 0);
      const state = (['looking', 'following', 'leading'] as const)[uniformBelow(rng, 3)] ?? 'looking';
      const message = notification(uniformBelow(rng, 12), state, vote);
      if (from !== to) cluster.inject({ from, to, ...zab.encode(message) });
      cluster.demandAll(1).run(uniformBelow(rng, 20));
    }
    cluster.recover().progress(1).check();
    expect(cluster.leaders.size).toBeGreaterThan(0);
  });

  it('39: a vote of another round is answered or followed, never counted', () => {
    const node = new Replica(A, 3, {}, { first: A });
    node.receive(B, notification(2, 'looking', voteFor(B)));
    // Now in round 2: C's vote of round 1 for the same leader makes no quorum.
    const answer = node.receive(C, notification(1, 'looking', voteFor(A, 0, zxid(0, 0), true)));
    expect(saidIn(answer)).toMatchObject([{ to: C, kind: 'notification', round: 2 }]);
    node.pass(300);
    expect(node.status.role).toBe('candidate');
    // Nor do those who follow a leader that this node never heard lead.
    for (const from of [B, C]) node.receive(from, notification(1, 'following', voteFor(C, 5)));
    node.pass(300);
    expect(node.status.role).toBe('candidate');
    for (const from of [B, C]) node.receive(from, notification(5, 'following', voteFor(C, 5)));
    node.pass(300);
    expect(node.status.role).toBe('candidate');
  });

  it('39: a late comer follows only whom a quorum names and who says it leads', () => {
    const late = new Replica(A, 5);
    const said = (from: NodeId, state: 'following' | 'leading', leader: NodeId) =>
      late.receive(from, notification(7, state, voteFor(leader)));
    said(B, 'following', D);
    said(C, 'following', D);
    said(E, 'following', D);
    expect(late.status.role).toBe('candidate');
    said(D, 'following', E);
    expect(late.status.role).toBe('candidate');
    said('stranger' as NodeId, 'leading', D);
    expect(late.status.role).toBe('candidate');
    expect(saidIn(said(D, 'leading', D))).toMatchObject([{ to: D, kind: 'followerInfo' }]);
    expect(late.status).toMatchObject({ role: 'recovering', leader: D });
    // The leader's word alone is not enough either.
    const other = new Replica(A, 5);
    other.receive(D, notification(7, 'leading', voteFor(D)));
    other.receive(B, notification(7, 'following', voteFor(D)));
    expect(other.status.role).toBe('candidate');
    other.receive(C, notification(7, 'following', voteFor(D)));
    expect(other.status.role).toBe('recovering');
  });

  it('39: a malformed notification is refused before anything sees it', () => {
    const message = notification(1, 'looking', voteFor(A));
    const { body } = zab.encode(message);
    for (let size = 0; size < body.length; size++)
      expect(zab.decode(body.slice(0, size), () => undefined).kind).toBe('malformed');
    expect(zab.decode(zab.encode({ ...message, round: 2 ** 52 + 1 }).body, () => undefined).kind).toBe('malformed');
  });

  it('40: epochs and counters beyond 32 bits are compared as what they are', () => {
    const [low, high] = [2 ** 21 + 1, 2 ** 33 + 1];
    expect(compareCredentials({ currentEpoch: 0, zxid: zxid(1, high) }, { currentEpoch: 0, zxid: zxid(2, 0) })).toBe(
      -1,
    );
    expect(
      compareCredentials({ currentEpoch: low, zxid: zxid(low, 7) }, { currentEpoch: high, zxid: zxid(0, 0) }),
    ).toBeLessThan(0);
    expect(compareVotes(voteFor(A, high, zxid(high, high + 1)), voteFor(E, high, zxid(high, high)))).toBeGreaterThan(0);
  });

  it.each([2 ** 21, 2 ** 32 - 1, 2 ** 40])('40: a cluster goes on from epoch %i, and past it', (epoch) => {
    const cluster = new Cluster({ n: 3, seed: 40 });
    for (const id of cluster.ids) cluster.host(id).store.hardState = hardStateOf(epoch, A, epoch);
    cluster.start().progress(5);
    expect(cluster.status(cluster.elect()).epoch.number).toBe(epoch + 1);
    cluster.crash(cluster.elect());
    cluster.run(1000).recover().progress(5).check();
    expect(cluster.status(cluster.elect()).epoch.number).toBe(epoch + 2);
  });
});
