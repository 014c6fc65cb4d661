import { createRng, type Entry, IN_FLIGHT_BYTES_MAX, IN_FLIGHT_MESSAGES_MAX, uniformBelow } from '@varve/consensus';
import { anchorAt, entryOf, hashOf, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { A, B, C, Cluster, D, E, hardStateOf } from './harness.ts';
import { Replica, saidIn } from './replica.ts';

const logOf = (...terms: readonly number[]) => terms.map((term, i) => entryOf(i + 1, term, A, `${i + 1}/${term}`));
const others = (cluster: Cluster, ...not: readonly string[]) => cluster.ids.filter((id) => !not.includes(id));

describe('research traps', () => {
  it('1: figure 8: an entry of an older term on a majority is not committed, and may be overwritten', () => {
    // (c) of figure 8: A leads term 4 and has put its entry 2 of term 2 on a majority. E holds entry 2 of term 3.
    const leader = new Replica(A, 5, { hardState: hardStateOf(3), log: logOf(1, 2) });
    leader.wake();
    for (const from of [B, C]) leader.receive(from, { kind: 'preVoteResponse', term: 4, granted: true });
    leader.persist();
    for (const from of [B, C]) leader.receive(from, { kind: 'voteResponse', term: 4, granted: true, voter: from });
    leader.persist();
    leader.acknowledge([B, C], 2);
    expect(leader.status).toMatchObject({ role: 'leader', committed: 0 });
    // (d): E wins term 5 and overwrites it on B, which had acknowledged it.
    const follower = new Replica(B, 5, { hardState: hardStateOf(4), log: logOf(1, 2) });
    const entries = [entryOf(2, 3, E, 'three')];
    follower.receive(E, { kind: 'appendEntries', term: 5, prevIndex: 1, prevTerm: 1, commit: 0, entries });
    expect(follower.persist()).toMatchObject([{ kind: 'appendAccepted', matchIndex: 2 }]);
    // (e): had A's own entry reached a majority, both would be committed.
    expect(leader.acknowledge([B, C], 3).commit.map((entry) => entry.index)).toEqual([1, 2, 3]);
  });

  it('2, 3: a crash at any write boundary never yields two votes of one term', () => {
    for (let durable = 0; durable <= 2; durable++) {
      const store = { hardState: undefined as Uint8Array | undefined };
      const voter = new Replica(A, 3);
      // It learns of the term in one write, and votes in the next.
      voter.receive(C, { kind: 'preVoteResponse', term: 1, granted: false });
      voter.receive(B, { kind: 'requestVote', term: 1, lastIndex: 0, lastTerm: 0, transfer: false });
      for (const write of voter.writes.slice(0, durable)) store.hardState = write.hardState ?? store.hardState;
      const saidBefore = voter.persist(durable).filter((said) => said.kind === 'voteResponse' && said.granted);
      const again = new Replica(A, 3, store);
      again.receive(C, { kind: 'requestVote', term: 1, lastIndex: 9, lastTerm: 1, transfer: false });
      const saidAfter = again.persist().filter((said) => said.kind === 'voteResponse' && said.granted);
      expect(saidBefore.length + saidAfter.length).toBe(1);
    }
  });

  it('2: term and vote are in one record, and no answer leaves before it is durable', () => {
    const voter = new Replica(A, 3);
    const output = voter.receive(B, { kind: 'requestVote', term: 7, lastIndex: 0, lastTerm: 0, transfer: false });
    expect(output.send).toEqual([]);
    expect(output.write?.hardState).toEqual(hardStateOf(7, B));
    expect(output.write?.then).toMatchObject([{ to: B, message: { granted: true } }]);
  });

  it('2: a vote for a log that a crash cut short is not counted', () => {
    // The request leaves only when the log it boasts of, and the term, are durable: the next campaign has another term.
    const candidate = new Replica(A, 3, { hardState: hardStateOf(1) });
    const entries = [entryOf(1, 1, B, 'x')];
    candidate.receive(B, { kind: 'appendEntries', term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries });
    candidate.receive(B, { kind: 'timeoutNow', term: 1 });
    expect(candidate.status.epoch.number).toBe(2);
    expect(saidIn(candidate.last).filter((said) => said.kind === 'requestVote')).toEqual([]);
    const asked = candidate.persist().filter((said) => said.kind === 'requestVote');
    expect(asked).toMatchObject([{ lastIndex: 1, lastTerm: 1 }, { lastIndex: 1 }]);
  });

  it('4: a term that was only seen is no vote: a stale candidate loses', () => {
    const voter = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(1, 2) });
    for (let i = 0; i < 2; i++) {
      voter.receive(C, { kind: 'requestVote', term: 5, lastIndex: 1, lastTerm: 1, transfer: false });
      expect(voter.persist()).toMatchObject([{ to: C, granted: false, term: 5 }]);
    }
    voter.receive(B, { kind: 'requestVote', term: 5, lastIndex: 2, lastTerm: 2, transfer: false });
    expect(voter.persist()).toMatchObject([{ to: B, granted: true, term: 5 }]);
  });

  it('5: logs are compared by term and index, never by name', () => {
    const voter = new Replica(A, 3, { hardState: hardStateOf(1), log: logOf(...Array.from({ length: 100 }, () => 1)) });
    voter.receive(C, { kind: 'requestVote', term: 2, lastIndex: 1, lastTerm: 1, transfer: false });
    expect(voter.persist()).toMatchObject([{ granted: false }]);
  });

  it('6: each write releases only its own answers, in order', () => {
    const follower = new Replica(A, 3);
    follower.receive(B, {
      kind: 'appendEntries',
      term: 1,
      prevIndex: 0,
      prevTerm: 0,
      commit: 0,
      entries: [entryOf(1, 1, B)],
    });
    follower.receive(B, {
      kind: 'appendEntries',
      term: 1,
      prevIndex: 1,
      prevTerm: 1,
      commit: 0,
      entries: [entryOf(2, 1, B)],
    });
    expect(follower.writes.map((write) => write.sequence)).toEqual([1, 2]);
    expect(follower.writes[0]).toHaveProperty('hardState');
    expect(follower.persist(1)).toMatchObject([{ matchIndex: 1 }]);
    expect(follower.persist(1)).toMatchObject([{ matchIndex: 2 }]);
  });

  it('7: async_storage_writes_append_aba_race: a late acknowledgement vouches for no newer entries', () => {
    // As etcd-io/raft#8: A gets entries 1 and 2 of B's term 1, then C's entry 1 of term 2, while its disk hangs; then it
    // leads term 3 itself, with a no-op at 2.
    const node = new Replica(A, 3);
    node.receive(B, {
      kind: 'appendEntries',
      term: 1,
      prevIndex: 0,
      prevTerm: 0,
      commit: 0,
      entries: [entryOf(1, 1, B), entryOf(2, 1, B)],
    });
    node.receive(C, {
      kind: 'appendEntries',
      term: 2,
      prevIndex: 0,
      prevTerm: 0,
      commit: 0,
      entries: [entryOf(1, 2, C)],
    });
    const written = node.writes;
    expect(written.map((write) => write.then[0]?.message)).toMatchObject([{ term: 1 }, { term: 2 }]);
    node.receive(C, { kind: 'timeoutNow', term: 2 });
    node.writes = [];
    node.receive(A, { kind: 'voteResponse', term: 3, granted: true, voter: A });
    node.receive(B, { kind: 'voteResponse', term: 3, granted: true, voter: B });
    expect(node.status).toMatchObject({ role: 'leader', lastIndex: 2 });
    // The old writes end now. Nothing of term 3 is durable, so with B's word alone nothing commits.
    for (const write of written) {
      node.step({ kind: 'persisted', sequence: write.sequence });
      for (const envelope of write.then) node.step({ kind: 'message', envelope: { ...envelope, to: A, from: A } });
    }
    expect(node.acknowledge([B], 2).commit).toEqual([]);
    node.persist();
    expect(node.status.committed).toBe(2);
  });

  it('8: a single voter commits only what is durable', () => {
    const single = new Replica(A, 1);
    single.wake();
    single.persist();
    expect(single.status).toMatchObject({ role: 'leader', committed: 1 });
    const { build } = single.step({ kind: 'demand', pending: true });
    expect(build).toEqual({ index: 2, epoch: { number: 1, node: A } });
    if (build) expect(single.propose(build, payloadOf('x')).commit).toEqual([]);
    expect(single.status.committed).toBe(1);
    single.persist();
    expect(single.committed.map((entry) => entry.index)).toEqual([1, 2]);
  });

  it('8: a leader that is one of three does not count itself before its disk does', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    if (build) leader.propose(build, payloadOf('x'));
    expect(leader.acknowledge([B]).commit).toEqual([]);
    leader.persist();
    expect(leader.status.committed).toBe(2);
  });

  it('10: a term has one entry at an index, whatever was lost in a crash', () => {
    const store = { hardState: hardStateOf(3, A), log: logOf(1) };
    const leader = new Replica(A, 3, store).lead([B]);
    expect(leader.term).toBe(4);
    // It crashed before term 4 was durable, but then nobody had heard of term 4 either.
    expect(new Replica(A, 3, store).lead([B]).term).toBe(4);
  });

  it('11: a leader whose disk hangs gives way, though its heartbeats go on', () => {
    const cluster = new Cluster({ n: 3, seed: 11 }).start();
    const leader = cluster.elect();
    cluster.host(leader).frozen = true;
    cluster.demand(leader, 1);
    cluster.runUntil('another leads', () => ![undefined, leader].includes(cluster.leader()), 2400);
    const next = cluster.elect();
    cluster.demand(next, 10);
    cluster.runUntil('progress', () => cluster.committed.size > 10, 2000);
    cluster.thaw(leader);
    cluster.runUntil('the old leader catches up', () => cluster.host(leader).delivered > 10, 2000);
    cluster.check();
  });

  it('12: a stale refusal never lowers what is known, and nothing is acknowledged beyond the append (ackuracy)', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.receive(B, { kind: 'appendRejected', term: 1, prevIndex: 0, hintIndex: 0, hintTerm: 0 });
    expect(leader.status.peers.find((peer) => peer.id === B)?.match).toBe(1);
    const follower = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(1, 1, 1, 1) });
    follower.receive(B, { kind: 'appendEntries', term: 2, prevIndex: 1, prevTerm: 1, commit: 4, entries: [] });
    expect(follower.persist()).toMatchObject([{ kind: 'appendAccepted', matchIndex: 1 }]);
    expect(follower.status.committed).toBe(1);
  });

  it('12: a late answer to an earlier probe does not undo what later ones found', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(1), log: logOf(1, 1, 1, 1, 1, 1) }).lead([B]);
    const refuse = (prevIndex: number, hintIndex: number) =>
      saidIn(leader.receive(C, { kind: 'appendRejected', term: 2, prevIndex, hintIndex, hintTerm: 1 }));
    expect(refuse(6, 3)).toMatchObject([{ to: C, kind: 'appendEntries', prevIndex: 3 }]);
    expect(refuse(6, 1)).toEqual([]);
    expect(refuse(3, 2)).toMatchObject([{ to: C, kind: 'appendEntries', prevIndex: 2 }]);
  });

  it('12: a follower that lost what it acknowledged is not probed in a storm', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'link', peer: B, up: false });
    leader.step({ kind: 'link', peer: B, up: true });
    const refusal = { kind: 'appendRejected', term: 1, prevIndex: 1, hintIndex: 0, hintTerm: 0 } as const;
    expect(saidIn(leader.receive(B, refusal))).toEqual([]);
    expect(leader.status.peers[0]).toMatchObject({ id: B, match: 1 });
  });

  it('12: rollback_safety: what is committed is acknowledged, and never taken back', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(1) });
    const entries = logOf(1, 1, 1);
    follower.receive(B, { kind: 'appendEntries', term: 1, prevIndex: 0, prevTerm: 0, commit: 3, entries });
    follower.persist();
    const stale = { kind: 'appendEntries', term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries: logOf(1) } as const;
    follower.receive(B, stale);
    expect(follower.persist()).toMatchObject([{ kind: 'appendAccepted', matchIndex: 3 }]);
    // A liar, or a leader that does not know what block sync brought, gets a refusal.
    follower.receive(C, {
      ...stale,
      term: 2,
      entries: [entryOf(1, 2, C), entryOf(2, 2, C), entryOf(3, 2, C), entryOf(4, 2, C)],
    });
    expect(follower.persist()).toMatchObject([{ kind: 'appendRejected', hintIndex: 3, hintTerm: 1 }]);
    expect(follower.status).toMatchObject({ lastIndex: 3, committed: 3 });
  });

  it('13: an old short append, or a vote, keeps what follows', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(1), log: logOf(1, 1, 1, 1) });
    follower.receive(B, { kind: 'appendEntries', term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries: logOf(1, 1) });
    follower.receive(C, { kind: 'requestVote', term: 2, lastIndex: 9, lastTerm: 1, transfer: true });
    expect(follower.writes.filter((write) => write.truncateFrom !== undefined)).toEqual([]);
    expect(follower.status.lastIndex).toBe(4);
  });

  it('14: slow_follower_after_compaction: an empty append of term 0 matches nothing', () => {
    const follower = new Replica(A, 3, {
      hardState: hardStateOf(2),
      anchor: anchorAt(5, { number: 2, node: B }),
      ledger: anchorAt(5, { number: 2, node: B }),
    });
    follower.receive(B, { kind: 'appendEntries', term: 2, prevIndex: 4, prevTerm: 0, commit: 9, entries: [] });
    follower.receive(B, { kind: 'appendEntries', term: 2, prevIndex: 6, prevTerm: 0, commit: 9, entries: [] });
    expect(follower.persist().map((said) => said.kind)).toEqual(['appendRejected', 'appendRejected']);
    expect(follower.status.committed).toBe(5);
  });

  it('14: slow_follower_after_compaction: behind the trimmed log, blocks come by sync and the log goes on', () => {
    const cluster = new Cluster({ n: 3, seed: 14 }).start();
    const leader = cluster.elect();
    const [slow] = others(cluster, leader);
    cluster.crash(slow ?? A);
    cluster.demand(leader, 600);
    cluster.runUntil('600 committed', () => cluster.committed.size > 600);
    cluster.run(100);
    for (const id of others(cluster, slow ?? A)) cluster.certify(id);
    expect(cluster.status(leader).anchor).toBe(601);
    cluster.boot(slow ?? A);
    cluster.runUntil('caught up', () => cluster.host(slow ?? A).delivered >= 601);
    expect(cluster.host(slow ?? A).syncs[0]?.[0]).toBe(leader);
    cluster.demand(leader, 1);
    cluster.runUntil('one more, everywhere', () => cluster.ids.every((id) => cluster.host(id).delivered >= 602));
    cluster.check();
  });

  it('15, 16: replicate_pause: a window whose appends were all lost reopens', () => {
    const cluster = new Cluster({ n: 3, seed: 16, engine: { window: { payloads: 500, bytes: 1e8 } } }).start();
    const leader = cluster.elect();
    cluster.run(200);
    const [lost] = others(cluster, leader);
    cluster.filter = ({ to, message }) => to === lost && message.kind === 'appendEntries';
    cluster.demand(leader, IN_FLIGHT_MESSAGES_MAX * 2);
    cluster.runUntil('the others commit', () => cluster.committed.size > IN_FLIGHT_MESSAGES_MAX * 2);
    expect(cluster.leader()).toBe(leader);
    cluster.heal();
    cluster.runUntil('it catches up', () => cluster.host(lost ?? A).delivered > IN_FLIGHT_MESSAGES_MAX * 2, 500);
  });

  it('15: bytes in flight are given back when they are acknowledged', () => {
    const payloadBytes = 400_000;
    // Links that keep the order: a refusal would empty the window in another way.
    const cluster = new Cluster({ n: 3, seed: 15, payloadBytes, delayMsMax: 1 }).start();
    const leader = cluster.elect();
    const count = Math.ceil((2 * IN_FLIGHT_BYTES_MAX) / payloadBytes);
    cluster.demand(leader, count);
    const { highest } = cluster.history;
    cluster.runUntil('two windows of bytes', () =>
      cluster.ids.every((id) => cluster.host(id).delivered >= highest + count),
    );
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

  it.each([1, 2, 3, 4, 5])('18: in whatever portions commits come, none is skipped or repeated (seed %i)', (seed) => {
    const rng = createRng(hashOf(`portions/${seed}`));
    const log = logOf(...Array.from({ length: 300 }, (_, i) => 1 + Math.floor(i / 100)));
    const termAt = (index: number) => log[index - 1]?.epoch.number ?? 0;
    const committed: Entry[] = [];
    let follower = new Replica(A, 3, { hardState: hardStateOf(3) });
    while (committed.length < log.length) {
      const { lastIndex, committed: applied } = follower.status;
      const prevIndex = uniformBelow(rng, lastIndex + 1);
      const entries = log.slice(prevIndex, prevIndex + uniformBelow(rng, 50));
      const commit = uniformBelow(rng, log.length + 1);
      if (uniformBelow(rng, 4) === 0) {
        follower.receive(B, { kind: 'heartbeat', term: 3, commit: Math.min(commit, lastIndex), context: 0 });
      } else {
        const prevTerm = termAt(prevIndex);
        follower.receive(B, { kind: 'appendEntries', term: 3, prevIndex, prevTerm, commit, entries });
      }
      committed.push(...follower.committed.splice(0));
      follower.persist();
      if (uniformBelow(rng, 8) > 0 || follower.status.committed !== applied) continue;
      follower = new Replica(A, 3, {
        hardState: hardStateOf(3),
        log: log.slice(0, follower.status.lastIndex),
        applied,
      });
    }
    expect(committed).toEqual(log);
  });

  it('18: a log of many appends reaches a follower whole', () => {
    const cluster = new Cluster({ n: 3, seed: 18, payloadBytes: 300_000 }).start();
    const leader = cluster.elect();
    const [slow] = others(cluster, leader);
    cluster.partition([slow ?? A]);
    cluster.demand(leader, 30);
    cluster.runUntil('30 committed', () => cluster.history.highest > 30);
    cluster.heal();
    cluster.runUntil('it catches up', () => cluster.host(slow ?? A).delivered > 30);
    expect(cluster.host(slow ?? A).syncs).toEqual([]);
  });

  it('19: an answer to an old round confirms no new read', () => {
    const leader = new Replica(A, 3).lead([B]);
    const beat = saidIn(leader.step({ kind: 'read', context: 1 })).find((said) => said.kind === 'heartbeat');
    const context = beat?.kind === 'heartbeat' ? beat.context : 0;
    expect(leader.receive(B, { kind: 'heartbeatResponse', term: 1, context }).reads).toHaveLength(1);
    // The host repeats its own number: only a new round of heartbeats answers it.
    leader.step({ kind: 'read', context: 1 });
    expect(leader.receive(B, { kind: 'heartbeatResponse', term: 1, context }).reads).toEqual([]);
    expect(leader.receive(B, { kind: 'heartbeatResponse', term: 1, context: context + 1 }).reads).toHaveLength(1);
  });

  it('19: no read before the own no-op is committed', () => {
    const leader = new Replica(A, 3).lead([B], false);
    leader.step({ kind: 'read', context: 1 });
    for (let context = 0; context < 5; context++) {
      expect(leader.receive(B, { kind: 'heartbeatResponse', term: 1, context }).reads).toEqual([]);
    }
    expect(
      saidIn(leader.acknowledge([B])).filter((said) => said.kind === 'heartbeat' && said.context > 1),
    ).toHaveLength(2);
  });

  it('19: the answer to a read of an earlier run answers none of this one', () => {
    const asks = (seed: Uint8Array) => {
      const follower = new Replica(A, 3, {}, { seed });
      follower.receive(B, { kind: 'heartbeat', term: 1, commit: 0, context: 1 });
      const said = saidIn(follower.step({ kind: 'read', context: 1 }))[0];
      return said?.kind === 'readRequest' ? said.context : 0;
    };
    expect(asks(new Uint8Array(32).fill(1))).not.toBe(asks(new Uint8Array(32).fill(2)));
  });

  it('20: a pre-vote grant leaves the election timer alone, and is no vote', () => {
    const voter = new Replica(A, 3);
    const { wakeAt } = voter.last;
    voter.receive(B, { kind: 'requestPreVote', term: 1, lastIndex: 0, lastTerm: 0 });
    expect(voter.last.wakeAt).toBe(wakeAt);
    const candidate = new Replica(A, 3).lead([], false);
    candidate.receive(B, { kind: 'preVoteResponse', term: 1, granted: true });
    candidate.persist();
    candidate.receive(B, { kind: 'preVoteResponse', term: 1, granted: true });
    candidate.receive(C, { kind: 'preVoteResponse', term: 1, granted: true });
    expect(candidate.status.role).toBe('candidate');
  });

  it('20: the own leader may ask for a vote', () => {
    const voter = new Replica(A, 3);
    voter.receive(B, { kind: 'heartbeat', term: 1, commit: 0, context: 1 });
    voter.persist();
    voter.receive(B, { kind: 'requestPreVote', term: 2, lastIndex: 0, lastTerm: 0 });
    expect(voter.persist()).toMatchObject([{ granted: true }]);
  });

  it.each([1, 2, 3, 4, 5])('20: lag, restart and partition end with a leader in bounded time (seed %i)', (seed) => {
    const cluster = new Cluster({ n: 3, seed }).start();
    const leader = cluster.elect();
    const [x, y] = others(cluster, leader);
    cluster.partition([x ?? B]);
    cluster.demand(leader, 20).run(3000);
    cluster.crash(leader);
    cluster.heal().run(500);
    cluster.boot(leader);
    cluster.crash(y ?? C);
    cluster.run(200);
    cluster.boot(y ?? C);
    cluster.runUntil('a leader', () => cluster.leader() !== undefined, 3000);
  });

  it('20: the only electable node learns a later term from the refusal of its pre-vote', () => {
    const cluster = new Cluster({ n: 3, seed: 20 });
    Object.assign(cluster.host(A).store, { hardState: hardStateOf(1), log: logOf(1) });
    cluster.host(B).store.hardState = hardStateOf(50);
    cluster.boot(A);
    cluster.boot(B);
    cluster.runUntil('A leads', () => cluster.leader() === A, 4000);
    expect(cluster.status(A).epoch.number).toBeGreaterThan(50);
  });

  it('20: a node with a later term and a lower one both get back in', () => {
    const cluster = new Cluster({ n: 3, seed: 20 });
    cluster.host(A).store.hardState = hardStateOf(50);
    cluster.start();
    cluster.partition([A]);
    cluster.run(2000).heal();
    cluster.runUntil(
      'A follows',
      () => cluster.ids.every((id) => cluster.status(id).leader === cluster.leader()),
      4000,
    );
    expect(cluster.status(A).epoch.number).toBeGreaterThanOrEqual(50);
  });

  it('22: a leap of now elects nobody, and lets no leader answer a read by itself', () => {
    const follower = new Replica(A, 3);
    follower.now += 10 * 400;
    expect(follower.step({ kind: 'tick' }).send).toEqual([]);
    expect(follower.status.role).toBe('follower');
    expect((follower.last.wakeAt ?? 0) - follower.now).toBeGreaterThanOrEqual(400);
    const leader = new Replica(A, 3).lead([B]);
    leader.now += 10 * 400;
    expect(leader.step({ kind: 'read', context: 1 }).reads).toEqual([]);
    expect(leader.status.role).toBe('leader');
    leader.pass(801);
    expect(leader.status.role).not.toBe('leader');
  });

  it('28: a follower with an empty log comes back to an idle cluster whose logs are trimmed', () => {
    const cluster = new Cluster({ n: 3, seed: 28 });
    cluster.boot(A);
    cluster.boot(B);
    const leader = cluster.elect();
    cluster.demand(leader, 600);
    cluster.runUntil('600 committed', () => cluster.history.highest > 600);
    cluster.run(1000);
    for (const id of [A, B]) cluster.certify(id);
    cluster.run(5000);
    const { size } = cluster.history.proposals;
    cluster.boot(C);
    cluster.runUntil('C has it all', () => cluster.host(C).store.applied === cluster.history.highest, 1500);
    expect(cluster.history.proposals.size).toBe(size);
    expect(cluster.leader()).toBe(leader);
    expect(cluster.host(C).syncs[0]?.[0]).toBe(leader);
  });

  it('53: a new leader builds after what its log already holds', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(1, 1, 2) });
    leader.step({ kind: 'demand', pending: true });
    leader.lead([B]);
    expect(leader.committed.map((entry) => entry.index)).toEqual([1, 2, 3, 4]);
    expect(leader.last.build).toEqual({ index: 5, epoch: { number: 3, node: A } });
  });

  it('54: what may still be overwritten is handed out nowhere', () => {
    // Figure 8 (c) and (d): entry 2 of term 2 lies on A, B and C, which is a majority; then E overwrites it.
    const leader = new Replica(A, 5, { hardState: hardStateOf(3), log: logOf(1, 2), applied: 1 }).lead([B, C], false);
    leader.acknowledge([B, C], 2);
    expect(leader.committed).toEqual([]);
    const told = leader.wake().send.map(({ message }) => message);
    expect(told.filter((message) => message.kind === 'heartbeat' && message.commit > 1)).toEqual([]);
    const follower = new Replica(B, 5, { hardState: hardStateOf(4), log: logOf(1, 2), applied: 1 });
    follower.receive(A, { kind: 'heartbeat', term: 4, commit: 1, context: 1 });
    const entries = [entryOf(2, 3, E, 'three')];
    follower.receive(E, { kind: 'appendEntries', term: 5, prevIndex: 1, prevTerm: 1, commit: 1, entries });
    expect(follower.committed).toEqual([]);
  });

  it('56: repeated, foreign and misdirected answers change no tally', () => {
    const leader = new Replica(A, 5).lead([]);
    for (let i = 0; i < 3; i++) leader.receive(B, { kind: 'preVoteResponse', term: 1, granted: true });
    const stranger = 'stranger' as typeof A;
    leader.receive(stranger, { kind: 'preVoteResponse', term: 1, granted: true });
    const message = { kind: 'preVoteResponse', term: 1, granted: true } as const;
    leader.step({ kind: 'message', envelope: { from: C, to: D, message } });
    expect(leader.status.epoch.number).toBe(0);
    const real = new Replica(A, 3).lead([B]);
    const { build } = real.step({ kind: 'demand', pending: true });
    if (build) real.propose(build, payloadOf('x'));
    for (const from of [stranger, B]) {
      // A voter speaks for itself only.
      real.receive(from, { kind: 'appendAccepted', term: 1, matchIndex: 2, voter: C });
    }
    real.receive(B, { kind: 'appendAccepted', term: 1, matchIndex: 99, voter: B });
    real.persist();
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

  it('58: an entry never commits without the one before', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(1) });
    follower.receive(B, {
      kind: 'appendEntries',
      term: 1,
      prevIndex: 1,
      prevTerm: 1,
      commit: 2,
      entries: [entryOf(2, 1, B)],
    });
    expect(follower.persist()).toMatchObject([{ kind: 'appendRejected' }]);
    expect(follower.committed).toEqual([]);
  });
});
