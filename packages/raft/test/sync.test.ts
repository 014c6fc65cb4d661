import { LOG_TAIL_ENTRIES_MAX } from '@varve/consensus';
import { anchorAt, entryOf, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { A, B, C, Cluster, hardStateOf } from './harness.ts';
import { Replica, saidIn } from './replica.ts';

const logOf = (...terms: readonly number[]) => terms.map((term, i) => entryOf(i + 1, term, B, `${i + 1}/${term}`));
const follower = (commit: number) => {
  const replica = new Replica(A, 3);
  const entries = logOf(1, 1, 1, 1);
  replica.receive(B, { kind: 'appendEntries', term: 1, prevIndex: 0, prevTerm: 0, commit, entries });
  replica.persist();
  return replica;
};

describe('certified', () => {
  it('moves the anchor to a committed entry, and only there', () => {
    const replica = follower(3);
    const anchor = anchorAt(2, { number: 1, node: B });
    expect(replica.step({ kind: 'certified', anchor }).write).toMatchObject({ anchor, append: [] });
    expect(replica.status).toMatchObject({ anchor: 2, lastIndex: 4, committed: 3 });
    expect(replica.step({ kind: 'certified', anchor }).write).toBeUndefined();
    for (const [index, term] of [
      [4, 1],
      [3, 2],
      [9, 1],
    ] as const) {
      const other = anchorAt(index, { number: term, node: B });
      expect(replica.step({ kind: 'certified', anchor: other }).write).toBeUndefined();
    }
  });

  it('keeps a tail in memory, so that a follower that lags a little needs no block sync', () => {
    const cluster = new Cluster({ n: 3, seed: 1 }).start();
    const leader = cluster.elect();
    const [slow] = cluster.ids.filter((id) => id !== leader);
    cluster.partition([slow ?? A]);
    cluster.demand(leader, LOG_TAIL_ENTRIES_MAX - 10);
    cluster.runUntil('committed', () => cluster.committed.size > LOG_TAIL_ENTRIES_MAX - 10);
    cluster.run(50);
    cluster.certify(leader);
    cluster.heal();
    cluster.runUntil('caught up', () => cluster.host(slow ?? A).delivered > LOG_TAIL_ENTRIES_MAX - 10);
    expect(cluster.host(slow ?? A).syncs).toEqual([]);
  });
});

describe('synced', () => {
  it('keeps what follows an anchor that the log holds', () => {
    const replica = follower(1);
    const output = replica.step({ kind: 'synced', anchor: anchorAt(3, { number: 1, node: B }) });
    expect(output.commit).toEqual([]);
    expect(output.write).toMatchObject({ anchor: { index: 3 } });
    expect(output.write).not.toHaveProperty('truncateFrom');
    expect(replica.status).toMatchObject({ lastIndex: 4, committed: 3, anchor: 3 });
    replica.receive(B, { kind: 'heartbeat', term: 1, commit: 4, context: 1 });
    expect(replica.committed.map((entry) => entry.index)).toEqual([1, 4]);
  });

  it('drops the log where it holds another entry, and hard state never goes back', () => {
    const replica = new Replica(A, 3, {
      hardState: hardStateOf(7, C),
      log: [entryOf(1, 1, B), entryOf(2, 7, A, 'mine'), entryOf(3, 7, A)],
    });
    const output = replica.step({ kind: 'synced', anchor: anchorAt(2, { number: 6, node: C }) });
    expect(output.write).toMatchObject({ anchor: { index: 2 }, truncateFrom: 3 });
    expect(output.write).not.toHaveProperty('hardState');
    expect(output.dropped).toEqual([payloadOf('mine').id]);
    expect(replica.status).toMatchObject({ lastIndex: 2, committed: 2, anchor: 2, epoch: { number: 7 } });
  });

  it('asks the leader to go on from there, and the leader does', () => {
    const replica = follower(1);
    const output = replica.receive(B, { kind: 'snapshotNeeded', term: 1, index: 8 });
    expect(output.sync).toEqual({ peers: [B] });
    expect(replica.status.role).toBe('syncing');
    replica.step({ kind: 'synced', anchor: anchorAt(9, { number: 1, node: B }) });
    expect(replica.persist()).toMatchObject([{ to: B, kind: 'appendRejected', hintIndex: 9, hintTerm: 1 }]);
    expect(replica.status.role).toBe('follower');
  });

  it('adopts the term of the anchor: no entry is of a later term than its holder', () => {
    const replica = follower(1);
    replica.step({ kind: 'synced', anchor: anchorAt(9, { number: 5, node: C }) });
    expect(replica.status.epoch.number).toBe(5);
  });

  it('acknowledges nothing to a leader that lacks what sync brought', () => {
    // Index 2 was proposed in term 2 and committed in a term A has not heard of. B still leads term 3, with an entry of
    // its own there: an acknowledgement would help to commit that.
    const log = [entryOf(1, 1, B), entryOf(2, 3, B, 'rival')];
    const replica = new Replica(A, 3, { hardState: hardStateOf(3), log });
    replica.step({ kind: 'synced', anchor: anchorAt(2, { number: 2, node: C }) });
    for (const entries of [log, [...log, entryOf(3, 3, B)]]) {
      replica.receive(B, { kind: 'appendEntries', term: 3, prevIndex: 0, prevTerm: 0, commit: 1, entries });
    }
    replica.receive(B, { kind: 'appendEntries', term: 3, prevIndex: 1, prevTerm: 1, commit: 1, entries: log.slice(1) });
    replica.receive(B, { kind: 'appendEntries', term: 3, prevIndex: 2, prevTerm: 3, commit: 1, entries: [] });
    const said = replica.persist();
    expect(said.map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => 'appendRejected'));
    expect(said[0]).toMatchObject({ hintIndex: 2, hintTerm: 2 });
    expect(replica.status).toMatchObject({ committed: 2, lastIndex: 2 });
  });

  it('is asked for again at each heartbeat, until the log reaches', () => {
    const anchor = anchorAt(5, { number: 1, node: B });
    const leader = new Replica(A, 3, { hardState: hardStateOf(1), anchor, ledger: anchor, applied: 5 }).lead([B]);
    leader.receive(C, { kind: 'appendRejected', term: 2, prevIndex: 5, hintIndex: 2, hintTerm: 1 });
    expect(saidIn(leader.last)).toEqual([{ to: C, kind: 'snapshotNeeded', term: 2, index: 5 }]);
    const again = leader.receive(C, { kind: 'heartbeatResponse', term: 2, context: 1 });
    expect(saidIn(again)).toEqual([{ to: C, kind: 'snapshotNeeded', term: 2, index: 5 }]);
    const moved = leader.receive(C, { kind: 'appendRejected', term: 2, prevIndex: 5, hintIndex: 5, hintTerm: 1 });
    expect(saidIn(moved)).toMatchObject([{ to: C, kind: 'appendEntries', prevIndex: 5, entries: [{ index: 6 }] }]);
  });

  it('makes a leader without the anchor step down', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'synced', anchor: anchorAt(5, { number: 2, node: B }) });
    expect(leader.status).toMatchObject({ role: 'follower', lastIndex: 5, committed: 5, epoch: { number: 2 } });
  });

  it('is ignored when it brings nothing', () => {
    const replica = follower(3);
    for (const index of [0, 3])
      replica.step({ kind: 'synced', anchor: anchorAt(index, { number: index && 1, node: B }) });
    expect(replica.status).toMatchObject({ committed: 3, lastIndex: 4 });
  });
});

describe('recovery', () => {
  const ledger = (index: number, term = 1) => anchorAt(index, { number: term, node: B });

  it('starts with hard state, log and what was executed', () => {
    const replica = new Replica(A, 3, {
      hardState: hardStateOf(4, C),
      log: logOf(1, 1, 2, 4),
      ledger: ledger(2),
      applied: 3,
    });
    expect(replica.status).toMatchObject({ role: 'follower', lastIndex: 4, committed: 3, applied: 3, anchor: 0 });
    expect(replica.last.write).toBeUndefined();
    replica.receive(B, { kind: 'heartbeat', term: 4, commit: 4, context: 1 });
    expect(replica.committed.map((entry) => entry.index)).toEqual([4]);
    replica.receive(B, { kind: 'requestVote', term: 4, lastIndex: 9, lastTerm: 4, transfer: true });
    expect(replica.persist()).toMatchObject([{ granted: false }]);
  });

  it('drops a log that contradicts what was executed, however long either is', () => {
    // Block sync brought the chain here while no engine ran: a stale leader's entry is still in the log.
    const log = logOf(1, 1, 2);
    for (const [index, applied] of [
      [3, 3],
      [3, 5],
      [2, 3],
    ] as const) {
      const replica = new Replica(A, 3, { hardState: hardStateOf(2), log, ledger: ledger(index, 3), applied });
      expect(replica.status).toMatchObject({ lastIndex: index, committed: index, anchor: index });
    }
  });

  it('keeps a log that holds the ledger tip whole, and starts anew where it does not', () => {
    const holds = new Replica(A, 3, { hardState: hardStateOf(1), log: logOf(1, 1, 1), ledger: ledger(2) });
    expect(holds.status).toMatchObject({ lastIndex: 3, committed: 2, anchor: 0 });
    const lacks = new Replica(A, 3, { hardState: hardStateOf(1), log: logOf(1, 1, 1), ledger: ledger(8, 3) });
    expect(lacks.status).toMatchObject({ lastIndex: 8, committed: 8, anchor: 8, epoch: { number: 3 } });
    expect(lacks.last.write).toMatchObject({ anchor: { index: 8 }, hardState: hardStateOf(3) });
  });
});

describe('drain', () => {
  it('votes, acknowledges and commits, but builds nothing', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    leader.step({ kind: 'drain' });
    if (build) expect(leader.propose(build, payloadOf('x')).dropped).toHaveLength(1);
    expect(leader.step({ kind: 'demand', pending: true }).build).toBeUndefined();
    expect(leader.status.role).toBe('draining');
    const voter = follower(1);
    voter.step({ kind: 'drain' });
    voter.receive(B, {
      kind: 'appendEntries',
      term: 1,
      prevIndex: 4,
      prevTerm: 1,
      commit: 5,
      entries: [entryOf(5, 1, B)],
    });
    expect(voter.persist()).toMatchObject([{ kind: 'appendAccepted', matchIndex: 5 }]);
    expect(voter.committed.at(-1)?.index).toBe(5);
  });

  it('announces to who missed the commit, also after the leader died', () => {
    const cluster = new Cluster({ n: 3, seed: 2 }).start();
    const leader = cluster.elect();
    cluster.filter = ({ message }) =>
      message.kind === 'heartbeat' || (message.kind === 'appendEntries' && message.commit > 1);
    cluster.demand(leader, 1);
    cluster.runUntil('the leader commits', () => cluster.host(leader).delivered === 2, 300);
    cluster.crash(leader);
    for (const id of cluster.ids) cluster.input(id, { kind: 'drain' });
    cluster.heal();
    cluster.runUntil('the others commit', () =>
      cluster.ids.every((id) => id === leader || cluster.host(id).delivered >= 2),
    );
  });
});

describe('link', () => {
  it('probes after a link was down, and at once when it is back', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'link', peer: B, up: false });
    const { build } = leader.step({ kind: 'demand', pending: true });
    if (build) expect(saidIn(leader.propose(build, payloadOf('x'))).filter((said) => said.to === B)).toEqual([]);
    const up = leader.step({ kind: 'link', peer: B, up: true });
    expect(saidIn(up)).toMatchObject([{ to: B, kind: 'appendEntries', prevIndex: 1, entries: [{ index: 2 }] }]);
  });
});
