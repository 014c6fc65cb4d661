import { entryOf, payloadOf } from '@varve/consensus/testing';
import { describe, expect, it } from 'vitest';
import { compareVotes } from '../src/zxid.ts';
import { A, B, C, D, E, hardStateOf } from './harness.ts';
import { notification, Replica, saidIn, voteFor, zxid } from './replica.ts';

const historyOf = (...epochs: readonly number[]) => epochs.map((epoch, i) => entryOf(i + 1, epoch, A, `${i + 1}`));

describe('phase 0: fast leader election', () => {
  it.each([
    { better: voteFor(A, 2, zxid(1, 1)), than: voteFor(E, 1, zxid(9, 9)), by: 'currentEpoch' },
    { better: voteFor(A, 1, zxid(2, 1)), than: voteFor(E, 1, zxid(1, 9)), by: 'the epoch of the zxid' },
    { better: voteFor(A, 1, zxid(1, 2)), than: voteFor(E, 1, zxid(1, 1)), by: 'its counter' },
    { better: voteFor(A, 1, zxid(1, 1), true), than: voteFor(E, 1, zxid(1, 1)), by: 'being named' },
    { better: voteFor(E, 1, zxid(1, 1)), than: voteFor(A, 1, zxid(1, 1)), by: 'name' },
  ])('votes are ordered by $by before what comes after', ({ better, than }) => {
    expect([compareVotes(better, than), compareVotes(than, better)].map(Math.sign)).toEqual([1, -1]);
  });

  it('a better vote of the round is adopted and passed on, a worse one is not', () => {
    const node = new Replica(B, 3, { hardState: hardStateOf(1, A, 1), log: historyOf(1) });
    expect(saidIn(node.receive(A, notification(1, 'looking', voteFor(A))))).toEqual([]);
    const better = voteFor(C, 1, zxid(1, 2));
    const said = { kind: 'notification', round: 1, vote: better };
    expect(saidIn(node.receive(C, notification(1, 'looking', better)))).toMatchObject([
      { to: A, ...said },
      { to: C, ...said },
    ]);
  });

  it('a higher round resets the votes of the lower one', () => {
    const node = new Replica(B, 3);
    node.receive(A, notification(1, 'looking', voteFor(B)));
    node.receive(C, notification(4, 'looking', voteFor(A)));
    expect(node.vote).toEqual(notification(4, 'looking', voteFor(B)));
    node.pass(399);
    expect(node.status.role).toBe('candidate');
  });

  it('a quorum waits for the settle time, and a better vote starts it anew', () => {
    const node = new Replica(A, 5);
    for (const from of [B, C]) node.receive(from, notification(1, 'looking', voteFor(C)));
    node.pass(99);
    expect(node.status.role).toBe('candidate');
    node.receive(D, notification(1, 'looking', voteFor(D)));
    node.pass(100);
    expect(node.status.role).toBe('candidate');
    for (const from of [B, C]) node.receive(from, notification(1, 'looking', voteFor(D)));
    node.pass(100);
    expect(node.status).toMatchObject({ role: 'recovering', leader: D });
  });

  it('votes are repeated with growing pauses', () => {
    const node = new Replica(A, 3);
    const pauses = Array.from({ length: 6 }, () => {
      const before = node.now;
      expect(saidIn(node.wake()).map(({ to }) => to)).toEqual([B, C]);
      return node.now - before;
    });
    expect(pauses).toEqual([50, 100, 200, 400, 400, 400]);
  });
});

describe('phase 1: discovery', () => {
  it('the epoch is one above all that a quorum accepted', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(4, B, 2) });
    expect(leader.discover([B], 6)).toMatchObject([{ to: B, kind: 'newEpoch', epoch: 7 }]);
  });

  it('a follower answers with its currentEpoch and last zxid, not with the epoch that it accepts', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(2, C, 1), log: historyOf(1, 1) });
    follower.receive(C, notification(3, 'following', voteFor(B)));
    follower.receive(B, notification(3, 'leading', voteFor(B)));
    follower.receive(B, { kind: 'newEpoch', epoch: 3 });
    expect(follower.persist()).toMatchObject([{ kind: 'ackEpoch', epoch: 3, currentEpoch: 1, zxid: zxid(1, 2) }]);
  });

  it('the leader gives up before one with a better history', () => {
    for (const [currentEpoch, last] of [
      [2, zxid(1, 1)],
      [1, zxid(1, 3)],
    ] as const) {
      const leader = new Replica(A, 3, { hardState: hardStateOf(2, A, 1), log: historyOf(1, 1) });
      leader.discover([B], 2);
      leader.accept(B, last, currentEpoch);
      expect(leader.status.role).toBe('candidate');
    }
  });
});

describe('phase 2: synchronization', () => {
  const store = { hardState: hardStateOf(2, A, 2), log: historyOf(1, 1, 2, 2) };

  it.each([
    { what: 'empty DIFF', last: zxid(2, 4), prev: zxid(2, 4), entries: 0 },
    { what: 'DIFF', last: zxid(1, 1), prev: zxid(1, 1), entries: 3 },
    { what: 'TRUNC and DIFF', last: zxid(1, 7), prev: zxid(1, 2), entries: 2 },
  ])('$what after $last', ({ last, prev, entries }) => {
    const leader = new Replica(A, 3, store);
    const said = leader.synchronize([B], last, 2);
    const diff = said.find((one) => one.kind === 'diff');
    expect(diff?.kind === 'diff' && [diff.prev, diff.entries.length]).toEqual([prev, entries]);
    expect(said.at(-1)).toMatchObject({ kind: 'newLeader', zxid: zxid(2, 4) });
  });

  it('UPTODATE follows a quorum of acknowledgements, the own included', () => {
    const leader = new Replica(A, 3, store);
    leader.synchronize([B], zxid(2, 4), 2);
    const output = leader.receive(B, { kind: 'ackLeader', epoch: 3, counter: 4, voter: B });
    expect(saidIn(output)).toMatchObject([{ to: B, kind: 'upToDate', counter: 4 }]);
    expect(output.commit.map((entry) => entry.index)).toEqual([1, 2, 3, 4]);
  });
});

describe('phase 3: broadcast', () => {
  it('proposals go out at once, in order, and commit with a quorum, in order', () => {
    const leader = new Replica(A, 3).lead([B]);
    for (const text of ['x', 'y']) {
      const slot = leader.last.build ?? leader.step({ kind: 'demand', pending: true }).build;
      if (!slot) throw new Error('it builds nothing');
      const said = saidIn(leader.propose(slot, payloadOf(text))).filter(({ to }) => to === B);
      expect(said).toMatchObject([{ kind: 'proposal', entries: [{ index: slot.index }] }]);
    }
    leader.persist();
    const output = leader.acknowledge([B], 2);
    expect(output.commit.map((entry) => entry.index)).toEqual([1, 2]);
    expect(saidIn(output)).toEqual([{ to: B, kind: 'commit', epoch: 1, counter: 2 }]);
  });

  it('a leader that no synchronized quorum answers for an election timeout looks again', () => {
    const leader = new Replica(A, 3).lead([B]);
    for (let ms = 0; ms < 1000; ms += 100) {
      leader.receive(C, { kind: 'followerInfo', acceptedEpoch: { number: 0, node: '' } });
      leader.persist();
      leader.pass(100);
    }
    expect(leader.status.role).toBe('candidate');
  });

  it('a follower that hears nothing for an election timeout looks again', () => {
    const follower = new Replica(A, 3).follow(B, [C], 3);
    follower.pass(399);
    expect(follower.status.role).toBe('recovering');
    follower.pass(1);
    expect(follower.status.role).toBe('candidate');
  });
});
