import { LOG_TAIL_ENTRIES_MAX } from '@varve/consensus';
import { anchorAt, entryOf, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { BALLOT_ZERO } from '../src/ballot.ts';
import { A, B, ballotOf, Cluster, hardStateOf } from './harness.ts';
import { Replica, saidIn } from './replica.ts';

/** Follows B's ballot 2 with four entries, of which `decided` are. */
const follower = (decided: number) => {
  const log = [1, 2, 3, 4].map((index) => entryOf(index, 2, B, `${index}`));
  const replica = new Replica(A, 3, { hardState: hardStateOf(2), log });
  const numbers = { decided, sentIndex: 4, accepted: 4, context: 0 };
  replica.receive(B, { kind: 'decide', ballot: ballotOf(2), ...numbers });
  return replica;
};

describe('certified', () => {
  it('moves the anchor to a decided entry, and only there', () => {
    const replica = follower(3);
    const anchor = anchorAt(2, ballotOf(2));
    expect(replica.step({ kind: 'certified', anchor }).write).toMatchObject({ anchor, append: [] });
    expect(replica.status).toMatchObject({ anchor: 2, lastIndex: 4, committed: 3 });
    for (const other of [anchor, anchorAt(4, ballotOf(2)), anchorAt(3, ballotOf(5)), anchorAt(9, ballotOf(2))]) {
      expect(replica.step({ kind: 'certified', anchor: other }).write).toBeUndefined();
    }
  });

  it('keeps a tail in memory, so that a follower that lags a little needs no block sync', () => {
    const cluster = new Cluster({ n: 3, seed: 1 }).start();
    const leader = cluster.elect();
    const [slow = A] = cluster.ids.filter((id) => id !== leader);
    cluster.partition([slow]);
    cluster.demand(leader, LOG_TAIL_ENTRIES_MAX - 10);
    cluster.runUntil('decided', () => cluster.history.highest >= LOG_TAIL_ENTRIES_MAX - 10);
    cluster.run(50);
    cluster.certify(leader);
    cluster.heal();
    cluster.runUntil('caught up', () => cluster.host(slow).delivered >= LOG_TAIL_ENTRIES_MAX - 10);
    expect(cluster.host(slow).syncs).toEqual([]);
  });
});

describe('synced', () => {
  it('keeps what follows an anchor that the log holds', () => {
    const replica = follower(1);
    const output = replica.step({ kind: 'synced', anchor: anchorAt(3, ballotOf(2)) });
    expect(output.commit).toEqual([]);
    expect(output.write).toMatchObject({ anchor: { index: 3 } });
    expect(output.write).not.toHaveProperty('truncateFrom');
    expect(replica.status).toMatchObject({ lastIndex: 4, committed: 3, anchor: 3 });
  });

  it('drops the log where it holds another entry, and no ballot goes back', () => {
    const log = [entryOf(1, 2, B), entryOf(2, 4, A, 'mine'), entryOf(3, 4, A)];
    const replica = new Replica(A, 3, { hardState: hardStateOf(6, 4), log });
    const output = replica.step({ kind: 'synced', anchor: anchorAt(2, ballotOf(3)) });
    expect(output.write).toMatchObject({ anchor: { index: 2 }, truncateFrom: 3 });
    expect(output.write).not.toHaveProperty('hardState');
    expect(output.dropped).toEqual([payloadOf('mine').id]);
    expect(replica.status).toMatchObject({ lastIndex: 2, committed: 2, anchor: 2, epoch: ballotOf(6) });
  });

  it('asks the leader to go on from there', () => {
    const replica = follower(1);
    const sync = replica.receive(B, { kind: 'syncNeeded', ballot: ballotOf(2), index: 8 });
    expect(sync.sync).toEqual({ peers: [B] });
    expect(replica.status.role).toBe('syncing');
    replica.step({ kind: 'synced', anchor: anchorAt(9, ballotOf(2)) });
    expect(replica.persist()).toMatchObject([{ to: B, kind: 'promise', lastIndex: 9, decided: 9 }]);
  });

  it('ends the lead of who lacks the synced entry', () => {
    const leader = new Replica(A, 3).lead([B]);
    leader.step({ kind: 'synced', anchor: anchorAt(5, ballotOf(3)) });
    expect(leader.status).toMatchObject({ role: 'follower', committed: 5, epoch: ballotOf(3) });
    // What its old session still says does not continue the log that came.
    const place = { prevIndex: 3, prevEpoch: BALLOT_ZERO, decided: 0 };
    const entries = [4, 5, 6].map((index) => entryOf(index, 2, B));
    const late = leader.receive(B, { kind: 'acceptDecide', ballot: ballotOf(2), ...place, entries });
    expect([late.write, saidIn(late)]).toEqual([undefined, []]);
  });

  it('in a session, what another log continues is not taken in', () => {
    const replica = follower(1);
    replica.step({ kind: 'synced', anchor: anchorAt(5, ballotOf(1)) });
    replica.now += 100;
    const entries = [4, 5, 6].map((index) => entryOf(index, 2, B));
    const place = { prevIndex: 3, prevEpoch: ballotOf(2), decided: 0 };
    const { write } = replica.receive(B, { kind: 'acceptDecide', ballot: ballotOf(2), ...place, entries });
    expect(write?.append).toEqual([]);
    expect(replica.status).toMatchObject({ lastIndex: 5 });
  });
});

describe('recovery', () => {
  it('drops a log that contradicts what was executed, however long either is', () => {
    // Block sync brought the chain here while no engine ran: what a stale leader proposed is still in the log.
    const log = [1, 1, 2].map((number, i) => entryOf(i + 1, number, B, `${i + 1}`));
    for (const [index, applied] of [
      [3, 3],
      [3, 5],
      [2, 3],
    ] as const) {
      const store = { hardState: hardStateOf(2), log, ledger: anchorAt(index, ballotOf(3)), applied };
      const { status } = new Replica(A, 3, store);
      expect(status).toMatchObject({ lastIndex: index, committed: index, anchor: index, epoch: ballotOf(3) });
    }
  });

  it('keeps a log that holds the ledger tip whole, and commits what was executed behind it', () => {
    const log = [1, 2, 3, 4].map((index) => entryOf(index, 2, B, `${index}`));
    const store = { hardState: hardStateOf(2), log, ledger: anchorAt(2, ballotOf(2)) };
    const { status } = new Replica(A, 3, { ...store, applied: 3 });
    expect(status).toMatchObject({ lastIndex: 4, committed: 3, anchor: 0 });
    expect(new Replica(A, 3, { ...store, applied: 9 }).status).toMatchObject({ committed: 4 });
  });
});
