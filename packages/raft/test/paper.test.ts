import { entryOf, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { A, B, C, Cluster, D, E, hardStateOf } from './harness.ts';
import { Replica, saidIn } from './replica.ts';

const logOf = (...terms: readonly number[]) => terms.map((term, i) => entryOf(i + 1, term, A, `${i + 1}/${term}`));

describe('§5.1: terms', () => {
  it('adopts a later term and follows, as leader and as candidate', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.receive(C, { kind: 'appendRejected', term: 5, prevIndex: 1, hintIndex: 0, hintTerm: 0 });
    expect(leader.status).toMatchObject({ role: 'follower', epoch: { number: 5 } });
    const candidate = new Replica(A, 3);
    candidate.wake();
    candidate.receive(C, { kind: 'appendEntries', term: 2, prevIndex: 0, prevTerm: 0, commit: 0, entries: [] });
    expect(candidate.status).toMatchObject({ role: 'follower', epoch: { number: 2 }, leader: C });
  });

  it('answers an older leader with its own term and changes nothing', () => {
    const replica = new Replica(A, 3, { hardState: hardStateOf(4) });
    replica.receive(B, { kind: 'appendEntries', term: 3, prevIndex: 0, prevTerm: 0, commit: 9, entries: logOf(1) });
    expect(replica.persist()).toMatchObject([{ to: B, kind: 'appendRejected', term: 4 }]);
    const beat = replica.receive(B, { kind: 'heartbeat', term: 3, commit: 0, context: 7 });
    expect(saidIn(beat)).toMatchObject([{ to: B, kind: 'heartbeatResponse', term: 4, context: 0 }]);
    expect(replica.status).toMatchObject({ lastIndex: 0, committed: 0 });
  });
});

describe('§5.2: elections', () => {
  it('waits for a timeout in [T, 2T) that differs between nodes and seeds', () => {
    const deadlines = [A, B, C, D, E].map((id) => (new Replica(id, 5).last.wakeAt ?? 0) - 1000);
    for (const deadline of deadlines) expect(deadline).toSatisfy((ms: number) => ms >= 400 && ms < 800);
    expect(new Set(deadlines).size).toBeGreaterThan(1);
  });

  it('votes once in a term, first come first served, and again for the same', () => {
    const replica = new Replica(A, 3);
    const ask = { kind: 'requestVote', term: 1, lastIndex: 0, lastTerm: 0, transfer: false } as const;
    for (const from of [B, C, B]) replica.receive(from, ask);
    expect(replica.persist()).toMatchObject([
      { to: B, granted: true },
      { to: C, granted: false },
      { to: B, granted: true },
    ]);
  });

  it('leads with a quorum of votes and says so to all at once', () => {
    const replica = new Replica(A, 5);
    replica.wake();
    for (const from of [B, C]) replica.receive(from, { kind: 'preVoteResponse', term: 1, granted: true });
    replica.persist();
    replica.receive(B, { kind: 'voteResponse', term: 1, granted: true, voter: B });
    expect(replica.status.role).toBe('candidate');
    const output = replica.receive(C, { kind: 'voteResponse', term: 1, granted: true, voter: C });
    expect(replica.status.role).toBe('leader');
    expect(saidIn(output).map((said) => [said.to, said.kind])).toEqual([B, C, D, E].map((id) => [id, 'appendEntries']));
  });

  it('campaigns again in a later term after a split vote', () => {
    const replica = new Replica(A, 3).lead([], false);
    replica.receive(B, { kind: 'preVoteResponse', term: 1, granted: true });
    replica.persist();
    expect(replica.status).toMatchObject({ role: 'candidate', epoch: { number: 1 } });
    replica.wake();
    replica.persist();
    replica.receive(B, { kind: 'preVoteResponse', term: 2, granted: true });
    expect(replica.status.epoch.number).toBe(2);
  });

  it('lets the designated first leader of a fresh instance campaign at once, and a single voter', () => {
    expect(new Replica(A, 3, {}, { first: A }).last.wakeAt).toBe(1000);
    expect(new Replica(B, 3, {}, { first: A }).last.wakeAt).toBeGreaterThan(1000);
    expect(new Replica(A, 3, { hardState: hardStateOf(1) }, { first: A }).last.wakeAt).toBeGreaterThan(1000);
    expect(new Replica(A, 1).last.wakeAt).toBe(1000);
  });
});

describe('§5.3: log replication', () => {
  it('commits with a quorum and tells followers in the next message', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    expect(build).toEqual({ index: 2, epoch: { number: 1, node: A } });
    if (!build) return;
    const proposed = leader.propose(build, payloadOf('x'));
    expect(saidIn(proposed)).toMatchObject([{ to: B, kind: 'appendEntries', prevIndex: 1, prevTerm: 1, commit: 1 }]);
    leader.persist();
    const output = leader.acknowledge([B]);
    expect(output.commit).toMatchObject([{ index: 2, payload: payloadOf('x') }]);
    expect(saidIn(output)).toMatchObject([{ to: B, kind: 'heartbeat', commit: 2, context: 0 }]);
  });

  it('tells a follower that answered before the own disk did, and no more than it is known to hold', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    if (build) leader.propose(build, payloadOf('x'));
    leader.acknowledge([B]);
    expect(leader.persist()).toMatchObject([{ to: B, kind: 'heartbeat', commit: 2, context: 0 }]);
    const beats = saidIn(leader.wake()).filter((said) => said.kind === 'heartbeat');
    expect(beats).toMatchObject([
      { to: B, commit: 2 },
      { to: C, commit: 0 },
    ]);
  });

  it.each([
    { name: 'a place beyond the log', prevIndex: 5, prevTerm: 3, hint: [3, 2] },
    { name: 'another term at the place', prevIndex: 3, prevTerm: 1, hint: [2, 1] },
  ])('refuses $name with a hint', ({ prevIndex, prevTerm, hint }) => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(3), log: logOf(1, 1, 2) });
    follower.receive(B, { kind: 'appendEntries', term: 3, prevIndex, prevTerm, commit: 0, entries: [] });
    const [hintIndex, hintTerm] = hint;
    expect(follower.persist()).toMatchObject([{ kind: 'appendRejected', prevIndex, hintIndex, hintTerm }]);
  });

  it('replaces what conflicts in one write', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(3), log: logOf(1, 2, 2) });
    const entries = [entryOf(2, 3, B, 'new')];
    follower.receive(B, { kind: 'appendEntries', term: 3, prevIndex: 1, prevTerm: 1, commit: 0, entries });
    expect(follower.writes).toMatchObject([{ truncateFrom: 2, append: entries }]);
    // Entries 2 and 3 carried payloads of A's own.
    expect(follower.last.dropped).toHaveLength(2);
    expect(follower.persist()).toMatchObject([{ kind: 'appendAccepted', matchIndex: 2 }]);
  });

  it.each([
    { follower: [1, 1, 1, 4, 4, 5, 5, 6, 6] },
    { follower: [1, 1, 1, 4] },
    { follower: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6] },
    { follower: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7] },
    { follower: [1, 1, 1, 4, 4, 4, 4] },
    { follower: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
  ])('brings the follower $follower of figure 7 to the log of the leader', ({ follower }) => {
    const cluster = new Cluster({ n: 3, seed: 7 });
    const leaders = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    const stores = [cluster.host(A).store, cluster.host(B).store, cluster.host(C).store];
    [leaders, follower, leaders].forEach((terms, i) => {
      Object.assign(stores[i] ?? {}, { log: terms.map((t, j) => entryOf(j + 1, t, D)), hardState: hardStateOf(7) });
    });
    cluster.start();
    cluster.crash(C);
    // B, whose log may be the longer one, cannot vote for A then: C makes the quorum.
    if (follower.length > 10 && (follower.at(-1) ?? 0) > 6) cluster.boot(C);
    cluster.elect();
    cluster.runUntil(
      'equal logs',
      () => stores[0]?.log.length === stores[1]?.log.length && cluster.committed.size > 10,
    );
    cluster.check();
  });

  it('skips a whole term a probe', () => {
    const cluster = new Cluster({ n: 3, seed: 8 });
    const long = (term: number) => Array.from({ length: 300 }, (_, i) => entryOf(i + 1, i < 10 ? 1 : term, D));
    for (const id of [A, C]) Object.assign(cluster.host(id).store, { log: long(3), hardState: hardStateOf(3) });
    Object.assign(cluster.host(B).store, { log: long(2), hardState: hardStateOf(3) });
    cluster.start();
    cluster.elect();
    cluster.runUntil('B has it all', () => cluster.host(B).delivered > 300);
    const rejected = cluster.sent.filter(({ from, message }) => from === B && message.kind === 'appendRejected');
    expect(rejected.length).toBeLessThanOrEqual(3);
  });

  it('keeps many appends on the way before the first answer', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'demand', pending: true });
    const sent = [];
    for (let build = leader.last.build; build && sent.length < 10; build = leader.last.build) {
      sent.push(...saidIn(leader.propose(build, payloadOf(String(build.index)))).filter((said) => said.to === B));
    }
    expect(sent.map((said) => said.kind === 'appendEntries' && said.prevIndex)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });
});

describe('§5.4.1: the election restriction', () => {
  it.each([
    { lastIndex: 2, lastTerm: 2, granted: true },
    { lastIndex: 1, lastTerm: 3, granted: true },
    { lastIndex: 3, lastTerm: 2, granted: true },
    { lastIndex: 1, lastTerm: 2, granted: false },
    { lastIndex: 9, lastTerm: 1, granted: false },
  ])('grants ($lastIndex, $lastTerm) against (2, 2): $granted', ({ lastIndex, lastTerm, granted }) => {
    const voter = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(1, 2) });
    voter.receive(B, { kind: 'requestPreVote', term: 3, lastIndex, lastTerm });
    voter.receive(B, { kind: 'requestVote', term: 3, lastIndex, lastTerm, transfer: false });
    expect(voter.persist().map((said) => 'granted' in said && said.granted)).toEqual([granted, granted]);
  });
});

describe('§5.4.2: entries of earlier terms', () => {
  it('commit only with one of the own term', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(1, 2) }).lead([B], false);
    leader.persist();
    leader.acknowledge([B], 2);
    expect(leader.status.committed).toBe(0);
    leader.acknowledge([B], 3);
    expect(leader.committed.map((entry) => entry.index)).toEqual([1, 2, 3]);
  });
});

describe('§8: clients', () => {
  it('a new leader appends a no-op of its term and builds only when that is committed', () => {
    const leader = new Replica(A, 3).lead([B], false);
    expect(leader.step({ kind: 'demand', pending: true }).build).toBeUndefined();
    leader.persist();
    expect(leader.acknowledge([B]).build).toEqual({ index: 2, epoch: { number: 1, node: A } });
    expect(leader.committed).toEqual([{ index: 1, epoch: { number: 1, node: A } }]);
  });
});

describe('thesis §3.10: leadership transfer', () => {
  it('waits until the target has the whole log, builds nothing meanwhile, then tells it to campaign', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    expect(saidIn(leader.step({ kind: 'transfer', to: C }))).toEqual([]);
    if (build) expect(leader.propose(build, payloadOf('late')).dropped).toEqual([payloadOf('late').id]);
    const output = leader.acknowledge([C]);
    expect(saidIn(output)).toContainEqual({ to: C, kind: 'timeoutNow', term: 1 });
    expect(output.build).toBeUndefined();
  });

  it('is given up after an election timeout', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'demand', pending: true });
    const { build } = leader.step({ kind: 'transfer', to: C });
    expect(build).toBeUndefined();
    leader.acknowledge([B]);
    for (let ms = 0; ms <= 400; ms += 50) {
      leader.pass(50);
      leader.receive(B, { kind: 'heartbeatResponse', term: 1, context: 0 });
    }
    expect(leader.status.role).toBe('leader');
    leader.propose({ index: 2, epoch: { number: 1, node: A } }, payloadOf('again'));
    expect(leader.status.lastIndex).toBe(2);
  });

  it('moves leadership although every follower has just heard the leader', () => {
    const cluster = new Cluster({ n: 5, seed: 1 }).start();
    const old = cluster.elect();
    const to = cluster.ids.find((id) => id !== old) ?? A;
    cluster.run(100);
    const before = cluster.now;
    cluster.input(old, { kind: 'transfer', to });
    cluster.runUntil('the target leads', () => cluster.leader() === to);
    expect(cluster.now - before).toBeLessThan(50);
  });
});

describe('thesis §6.2: a leader that hears no quorum', () => {
  it('steps down within two election timeouts', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.pass(801);
    expect(leader.status.role).not.toBe('leader');
    expect(leader.status.waiting).toMatchObject({ code: 'NO_QUORUM' });
  });
});

describe('thesis §6.4: reads', () => {
  it('confirms a read by a round of heartbeats and names what was committed', () => {
    const leader = new Replica(A, 5).lead([B, C]);
    const asked = leader.step({ kind: 'read', context: 77 });
    const beats = saidIn(asked).filter((said) => said.kind === 'heartbeat');
    expect(beats).toHaveLength(4);
    const context = beats[0]?.kind === 'heartbeat' ? beats[0].context : 0;
    expect(leader.receive(B, { kind: 'heartbeatResponse', term: 1, context }).reads).toEqual([]);
    expect(leader.receive(B, { kind: 'heartbeatResponse', term: 1, context }).reads).toEqual([]);
    const answered = leader.receive(C, { kind: 'heartbeatResponse', term: 1, context });
    expect(answered.reads).toEqual([{ context: 77, index: 1, ok: true }]);
  });

  it.each([1, 2, 3, 5])('are answered at any of %i voters', (n) => {
    const cluster = new Cluster({ n, seed: n }).start();
    cluster.demand(cluster.elect(), 3).run(200);
    for (const id of cluster.ids) {
      const context = cluster.read(id);
      cluster.run(50);
      expect(cluster.host(id).reads).toContainEqual({ context, index: 4, ok: true });
    }
  });

  it('are refused without a leader, when draining, and when leadership is lost', () => {
    const follower = new Replica(A, 3);
    expect(follower.step({ kind: 'read', context: 1 }).reads).toEqual([{ context: 1, index: 0, ok: false }]);
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'read', context: 2 });
    leader.receive(C, { kind: 'readRequest', term: 1, context: 3 });
    const lost = leader.receive(C, { kind: 'heartbeatResponse', term: 2, context: 0 });
    expect(lost.reads).toEqual([{ context: 2, index: 0, ok: false }]);
    expect(saidIn(lost)).toMatchObject([{ to: C, kind: 'readResponse', context: 3, ok: false }]);
    const draining = new Replica(A, 3).lead([B]);
    draining.step({ kind: 'read', context: 4 });
    expect(draining.step({ kind: 'drain' }).reads).toEqual([{ context: 4, index: 0, ok: false }]);
    expect(draining.step({ kind: 'read', context: 5 }).reads).toEqual([{ context: 5, index: 0, ok: false }]);
  });

  it('fail after an election timeout when nobody answers', () => {
    const follower = new Replica(A, 3);
    const alive = () => follower.receive(B, { kind: 'heartbeat', term: 1, commit: 0, context: 1 });
    alive();
    follower.step({ kind: 'read', context: 9 });
    const answers = [];
    for (let i = 0; i < 9; i++) {
      follower.pass(50);
      answers.push(...follower.last.reads);
      alive();
    }
    expect(answers).toEqual([{ context: 9, index: 0, ok: false }]);
  });

  it('are not confirmed by a voter that drains', () => {
    const follower = new Replica(A, 3);
    follower.step({ kind: 'drain' });
    const answer = follower.receive(B, { kind: 'heartbeat', term: 1, commit: 0, context: 6 });
    expect(saidIn(answer)).toMatchObject([{ kind: 'heartbeatResponse', context: 0 }]);
  });
});

describe('thesis §9.6: pre-vote', () => {
  it('changes neither term nor vote, on either side', () => {
    const candidate = new Replica(A, 3);
    expect(saidIn(candidate.wake())).toMatchObject([
      { to: B, kind: 'requestPreVote', term: 1 },
      { to: C, kind: 'requestPreVote', term: 1 },
    ]);
    expect(candidate.status).toMatchObject({ role: 'candidate', epoch: { number: 0 } });
    const voter = new Replica(B, 3);
    voter.receive(A, { kind: 'requestPreVote', term: 1, lastIndex: 0, lastTerm: 0 });
    expect(voter.writes).toHaveLength(1);
    expect(voter.writes[0]).not.toHaveProperty('hardState');
    expect(voter.persist()).toEqual([{ to: A, kind: 'preVoteResponse', term: 1, granted: true }]);
  });

  it('refuses aloud, with the own term, while a leader lives, and ignores a real request', () => {
    const voter = new Replica(A, 3);
    voter.receive(B, { kind: 'heartbeat', term: 4, commit: 0, context: 1 });
    voter.persist();
    voter.receive(C, { kind: 'requestPreVote', term: 9, lastIndex: 9, lastTerm: 4 });
    expect(voter.persist()).toEqual([{ to: C, kind: 'preVoteResponse', term: 4, granted: false }]);
    voter.receive(C, { kind: 'requestVote', term: 9, lastIndex: 9, lastTerm: 4, transfer: false });
    expect([voter.persist(), voter.term]).toEqual([[], 4]);
    voter.receive(C, { kind: 'requestVote', term: 9, lastIndex: 9, lastTerm: 4, transfer: true });
    expect(voter.persist()).toMatchObject([{ to: C, granted: true, term: 9 }]);
  });

  it('lets a partitioned node return without an election', () => {
    const cluster = new Cluster({ n: 3, seed: 3 }).start();
    const leader = cluster.elect();
    const away = cluster.ids.find((id) => id !== leader) ?? A;
    cluster.partition([away]).run(5000).heal().run(2000);
    expect(cluster.leaders.size).toBe(1);
    expect(cluster.status(away)).toMatchObject({ role: 'follower', leader });
  });
});
