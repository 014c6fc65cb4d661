import { createRng, type Entry, IN_FLIGHT_BYTES_MAX, IN_FLIGHT_MESSAGES_MAX, uniformBelow } from '@varve/consensus';
import { anchorAt, entryOf, hashOf, payloadOf } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { BALLOT_ZERO } from '../src/ballot.ts';
import { A, B, ballotOf, C, Cluster, D, hardStateOf } from './harness.ts';
import { NOTHING as CLAIM, Replica, type Said, saidIn } from './replica.ts';

const logOf = (...numbers: readonly number[]): Entry[] =>
  numbers.map((number, i) => entryOf(i + 1, number, ballotOf(number).node as NodeId, `${i + 1}/${number}`));
const others = (cluster: Cluster, ...not: readonly (string | undefined)[]) =>
  cluster.ids.filter((id) => !not.includes(id));
/** Follows B's ballot 2 with `numbers` accepted in it. */
const following = (...numbers: readonly number[]) => {
  const replica = new Replica(A, 3);
  const start = { prevIndex: 0, prevEpoch: BALLOT_ZERO, decided: 0 };
  replica.receive(B, { kind: 'decide', ballot: ballotOf(2), decided: 0, sentIndex: 0, accepted: 0, context: 0 });
  const syncIndex = numbers.length;
  replica.receive(B, { kind: 'acceptSync', ballot: ballotOf(2), ...start, entries: logOf(...numbers), syncIndex });
  replica.persist();
  return replica;
};
const acceptOf = (prevIndex: number, prev: number, entries: readonly Entry[], decided = 0) =>
  ({ kind: 'acceptDecide', ballot: ballotOf(2), prevIndex, prevEpoch: ballotOf(prev), decided, entries }) as const;

describe('research traps', () => {
  it('1: figure 8: what a majority holds of an older ballot is not decided until this ballot accepts it', () => {
    const leader = new Replica(A, 5, { hardState: hardStateOf(3, 1, 5), log: logOf(1, 1) }).campaign();
    leader.persist();
    const claim = { acceptedRound: ballotOf(1, 5), lastIndex: 2, prevIndex: 2 };
    for (const voter of [B, C]) leader.promise(voter, claim);
    leader.persist();
    expect(leader.status).toMatchObject({ role: 'leader', committed: 0, lastIndex: 2 });
    expect(leader.accepted([B]).commit).toEqual([]);
    expect(leader.accepted([C]).commit.map((entry) => entry.index)).toEqual([1, 2]);
  });

  it('2, 3: a crash at any write boundary never takes back a promise that was heard', () => {
    for (let durable = 0; durable <= 2; durable++) {
      const voter = new Replica(A, 3);
      const prepare = { kind: 'prepare', acceptedRound: BALLOT_ZERO, lastIndex: 0, decided: 0 } as const;
      voter.receive(B, { ...prepare, ballot: ballotOf(2) });
      voter.receive(C, { ...prepare, ballot: ballotOf(3) });
      const written = voter.writes.slice(0, durable).findLast((write) => write.hardState)?.hardState;
      const heard = voter.persist(durable).filter((said) => said.kind === 'promise');
      expect(heard).toHaveLength(durable);
      const again = new Replica(A, 3, written ? { hardState: written } : {});
      again.receive(B, { ...prepare, ballot: ballotOf(2) });
      const said = again.persist().filter(({ kind }) => kind === 'promise');
      expect(said).toHaveLength(durable === 2 ? 0 : 1);
    }
  });

  it('2: both ballots are in one record, and nothing that vouches leaves before it is durable', () => {
    const follower = following();
    const output = follower.receive(B, acceptOf(0, 0, logOf(2)));
    expect(output.send).toEqual([]);
    expect(output.write?.then).toMatchObject([{ to: B, message: { kind: 'accepted', lastIndex: 1 } }]);
    const taken = follower.receive(C, { ...acceptOf(0, 0, []), ballot: ballotOf(3) });
    expect(taken.send.every(({ message }) => message.kind === 'heartbeatRequest')).toBe(true);
    expect(taken.write).toMatchObject({ hardState: hardStateOf(3, 2) });
  });

  it('4: a ballot that was only seen is not promised', () => {
    const voter = new Replica(A, 3);
    voter.receive(C, { kind: 'heartbeatRequest', ballot: ballotOf(30), round: 1 });
    voter.receive(C, { kind: 'heartbeatReply', ballot: ballotOf(30), round: 1, happy: true });
    expect(voter.status.epoch).toEqual(BALLOT_ZERO);
    voter.receive(B, { kind: 'prepare', ballot: ballotOf(2), acceptedRound: BALLOT_ZERO, lastIndex: 0, decided: 0 });
    expect(voter.persist()).toMatchObject([{ to: B, kind: 'promise', ballot: ballotOf(2) }]);
  });

  it('5: promises are compared by round and length, never by name', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(3, 2), log: logOf(...Array(100).fill(2)) }).campaign();
    leader.persist();
    leader.promise(C, { acceptedRound: ballotOf(2), lastIndex: 1 });
    expect(leader.status).toMatchObject({ role: 'leader', lastIndex: 100 });
  });

  it('6: each write releases only its own answers, in order', () => {
    const follower = following();
    follower.receive(B, acceptOf(0, 0, logOf(2)));
    follower.receive(B, acceptOf(1, 2, logOf(2, 2).slice(1)));
    expect(follower.persist(1)).toMatchObject([{ lastIndex: 1 }]);
    expect(follower.persist(1)).toMatchObject([{ lastIndex: 2 }]);
  });

  it('7: a late acceptance of an older ballot vouches for nothing of this one', () => {
    const node = following();
    node.receive(B, acceptOf(0, 0, logOf(2, 2)));
    const [old] = node.writes;
    node.receive(B, { kind: 'takeOver', ballot: ballotOf(2) });
    node.writes = [];
    node.receive(A, { kind: 'promise', ballot: node.ballot, voter: A, ...CLAIM });
    node.promise(B);
    expect(node.status).toMatchObject({ role: 'leader', lastIndex: 2 });
    node.step({ kind: 'persisted', sequence: old?.sequence ?? 0 });
    for (const envelope of old?.then ?? []) node.step({ kind: 'message', envelope: { ...envelope, from: A, to: A } });
    expect(node.accepted([B], 2).commit).toEqual([]);
    node.persist();
    expect(node.status.committed).toBe(2);
  });

  it('8: a single voter commits only what is durable', () => {
    const single = new Replica(A, 1);
    single.wake();
    single.persist();
    const { build } = single.step({ kind: 'demand', pending: true });
    expect(build).toMatchObject({ index: 1 });
    if (build) expect(single.propose(build, payloadOf('x')).commit).toEqual([]);
    single.persist();
    expect(single.committed.map((entry) => entry.index)).toEqual([1]);
  });

  it('8: a leader that is one of three does not count itself before its disk does', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    if (build) leader.propose(build, payloadOf('x'));
    expect(leader.accepted([B]).commit).toEqual([]);
    leader.persist();
    expect(leader.status.committed).toBe(1);
  });

  it('11: a leader whose disk hangs gives way, though its heartbeats go on', () => {
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

  it('12: a stale promise lowers nothing that is known, and nothing is accepted beyond the message', () => {
    const leader = new Replica(A, 3).lead([B]);
    const { build } = leader.step({ kind: 'demand', pending: true });
    if (build) leader.propose(build, payloadOf('x'));
    leader.accepted([B]);
    for (const acceptedRound of [BALLOT_ZERO, leader.ballot]) leader.promise(B, { acceptedRound });
    expect(leader.status.peers.find((peer) => peer.id === B)?.match).toBe(1);
    leader.accepted([C], 99);
    expect(leader.status).toMatchObject({ committed: 0, peers: [{ match: 1 }, { match: 0 }] });
  });

  it('13: an old short message, or a promise, keeps what follows', () => {
    const follower = following(2, 2, 2, 2);
    const short = { prevIndex: 0, prevEpoch: BALLOT_ZERO, decided: 0, entries: logOf(2), syncIndex: 1 };
    follower.receive(B, { kind: 'acceptSync', ballot: ballotOf(2), ...short });
    follower.receive(B, acceptOf(1, 2, logOf(2, 2).slice(1)));
    follower.receive(C, { kind: 'prepare', ballot: ballotOf(3), acceptedRound: ballotOf(2), lastIndex: 9, decided: 0 });
    expect(follower.writes.filter((write) => write.truncateFrom !== undefined)).toEqual([]);
    expect(follower.status.lastIndex).toBe(4);
  });

  it('14: after trimming, a message about a place before the log matches nothing', () => {
    const anchor = anchorAt(5, ballotOf(2));
    const follower = new Replica(A, 3, { hardState: hardStateOf(2, 1), anchor, ledger: anchor });
    const part = { kind: 'acceptSync', ballot: ballotOf(2), decided: 0, entries: [], syncIndex: 9 } as const;
    follower.receive(B, { ...part, prevIndex: 4, prevEpoch: BALLOT_ZERO });
    follower.now += 100;
    follower.receive(B, { ...part, prevIndex: 9, prevEpoch: BALLOT_ZERO });
    expect(follower.persist().map((said) => said.kind)).toEqual(['promise', 'promise']);
    expect(follower.status).toMatchObject({ committed: 5, lastIndex: 5 });
  });

  it('15, 16: a window whose messages were all lost reopens', () => {
    const cluster = new Cluster({ n: 3, seed: 16, engine: { window: { payloads: 500, bytes: 1e8 } } }).start();
    const leader = cluster.elect();
    cluster.run(200);
    const [lost] = others(cluster, leader);
    cluster.filter = ({ to, message }) => to === lost && message.kind === 'acceptDecide';
    cluster.demand(leader, IN_FLIGHT_MESSAGES_MAX * 2);
    cluster.runUntil('the others commit', () => cluster.committed.size >= IN_FLIGHT_MESSAGES_MAX * 2);
    expect(cluster.leader()).toBe(leader);
    cluster.heal();
    cluster.runUntil('it catches up', () => cluster.host(lost ?? A).delivered >= IN_FLIGHT_MESSAGES_MAX * 2, 500);
  });

  it('15: bytes in flight are given back when they are accepted', () => {
    const payloadBytes = 400_000;
    const cluster = new Cluster({ n: 3, seed: 15, payloadBytes, delayMsMax: 1 }).start();
    const leader = cluster.elect();
    const count = Math.ceil((2 * IN_FLIGHT_BYTES_MAX) / payloadBytes);
    cluster.demand(leader, count);
    cluster.runUntil('two windows of bytes', () => cluster.ids.every((id) => cluster.host(id).delivered >= count));
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

  it.each([1, 2, 3, 4, 5])('18: in whatever portions decisions come, none is skipped or repeated (seed %i)', (seed) => {
    const rng = createRng(hashOf(`portions/${seed}`));
    const log = logOf(...Array.from({ length: 300 }, (_, i) => 1 + Math.floor(i / 200)));
    const committed: Entry[] = [];
    let follower = new Replica(A, 3, { hardState: hardStateOf(2) });
    while (committed.length < log.length) {
      const { lastIndex, committed: applied } = follower.status;
      const prevIndex = uniformBelow(rng, lastIndex + 1);
      const entries = log.slice(prevIndex, prevIndex + uniformBelow(rng, 50));
      const decided = uniformBelow(rng, log.length + 1);
      if (uniformBelow(rng, 4) === 0) {
        const numbers = { decided, sentIndex: lastIndex, accepted: lastIndex, context: 0 };
        follower.receive(B, { kind: 'decide', ballot: ballotOf(2), ...numbers });
      } else {
        follower.receive(B, acceptOf(prevIndex, log[prevIndex - 1]?.epoch.number ?? 0, entries, decided));
      }
      committed.push(...follower.committed.splice(0));
      follower.persist();
      if (uniformBelow(rng, 8) > 0 || follower.status.committed !== applied) continue;
      const held = log.slice(0, follower.status.lastIndex);
      follower = new Replica(A, 3, { hardState: hardStateOf(2), log: held, applied });
    }
    expect(committed).toEqual(log);
  });

  it('19: an answer to an old round confirms no new read', () => {
    const leader = new Replica(A, 3).lead([B]);
    const asked = saidIn(leader.step({ kind: 'read', context: 1 })).find((said) => said.kind === 'decide');
    const context = asked?.kind === 'decide' ? asked.context : 0;
    const confirm = (number: number) => leader.receive(B, { kind: 'confirm', ballot: leader.ballot, context: number });
    expect(confirm(context).reads).toHaveLength(1);
    // The host repeats its own number: only a new round answers it.
    leader.step({ kind: 'read', context: 1 });
    expect(confirm(context).reads).toEqual([]);
    expect(confirm(context + 1).reads).toHaveLength(1);
  });

  it('19: no read below the end of what was adopted, and none before that is decided', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(2, 2) }).campaign();
    leader.persist();
    leader.promise(B, { acceptedRound: ballotOf(2), lastIndex: 2, prevIndex: 2 });
    const asks = (said: Said) => said.kind === 'decide' && said.context > 0;
    expect(saidIn(leader.step({ kind: 'read', context: 1 })).filter(asks)).toEqual([]);
    leader.persist();
    const [asked] = saidIn(leader.accepted([B], 2)).filter(asks);
    const context = asked?.kind === 'decide' ? asked.context : 0;
    expect(leader.last.reads).toEqual([]);
    const confirm = { kind: 'confirm', ballot: leader.ballot, context } as const;
    expect(leader.receive(B, confirm).reads).toEqual([{ context: 1, index: 2, ok: true }]);
  });

  it('19: whoever promised a later ballot confirms no read of this one', () => {
    const follower = following();
    const numbers = { decided: 0, sentIndex: 0, accepted: 0, context: 7 };
    const ask = () => saidIn(follower.receive(B, { kind: 'decide', ballot: ballotOf(2), ...numbers }));
    expect(ask()).toMatchObject([{ to: B, kind: 'confirm', context: 7 }]);
    follower.receive(C, { kind: 'prepare', ballot: ballotOf(3), acceptedRound: BALLOT_ZERO, lastIndex: 0, decided: 0 });
    expect(ask()).toEqual([]);
  });

  it('22: a leap of now elects nobody, and lets no leader answer a read by itself', () => {
    const follower = new Replica(A, 3).endRound();
    // Two that are unhappy have answered: at the end of an ordinary round it would take over.
    follower.hearUnhappy([B, C]);
    follower.now += 10 * 400;
    follower.step({ kind: 'tick' });
    expect(follower.status).toMatchObject({ role: 'follower', epoch: BALLOT_ZERO });
    const leader = new Replica(A, 3).lead([B]);
    leader.now += 10 * 400;
    expect(leader.step({ kind: 'read', context: 1 }).reads).toEqual([]);
    expect(leader.status.role).toBe('leader');
    leader.endRound().endRound();
    expect(leader.status.role).not.toBe('leader');
  });

  it('28: a node with an empty log comes back to an idle cluster whose logs are trimmed', () => {
    const cluster = new Cluster({ n: 3, seed: 28 });
    cluster.boot(A);
    cluster.boot(B);
    const leader = cluster.elect();
    cluster.demand(leader, 600);
    cluster.runUntil('600 decided', () => cluster.history.highest >= 600);
    cluster.run(1000);
    for (const id of [A, B]) cluster.certify(id);
    cluster.run(5000);
    cluster.boot(C);
    cluster.runUntil('C has it all', () => cluster.host(C).store.applied === cluster.history.highest, 1500);
    expect(cluster.history.highest).toBe(600);
    expect(cluster.host(C).syncs[0]?.[0]).toBe(leader);
  });

  it('53: a new leader builds after what it adopted, once that is decided', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(2), log: logOf(1, 1, 2) });
    leader.step({ kind: 'demand', pending: true });
    leader.campaign().persist();
    leader.promise(B, { acceptedRound: ballotOf(2), lastIndex: 3, prevIndex: 3 });
    leader.persist();
    expect(leader.last.build).toBeUndefined();
    expect(leader.accepted([B]).build).toEqual({ index: 4, epoch: leader.ballot });
  });

  it('54: an entry keeps the ballot in which it was first proposed, and what may be replaced is handed out nowhere', () => {
    const cluster = new Cluster({ n: 3, seed: 54 }).start();
    const first = cluster.elect();
    const { epoch } = cluster.status(first);
    cluster.filter = ({ message }) => message.kind === 'accepted';
    cluster.demand(first, 3).run(50);
    expect(cluster.history.highest).toBe(0);
    cluster.crash(first);
    cluster.heal();
    cluster.runUntil('decided', () => cluster.history.highest >= 3);
    for (const index of [1, 2, 3]) expect(cluster.committed.get(index)).toMatch(new RegExp(`^${epoch.number}/`));
    expect(cluster.leader()).not.toBe(first);
    cluster.recover().check();
  });

  it('56: repeated, foreign and misdirected answers change no tally', () => {
    const leader = new Replica(A, 5).campaign();
    leader.persist();
    const stranger = 'stranger' as typeof A;
    for (const from of [B, B, B, stranger]) leader.promise(from);
    // A voter speaks for itself only, and to whom it speaks.
    leader.receive(B, { kind: 'promise', ballot: leader.ballot, voter: C, ...CLAIM });
    const message = { kind: 'promise', ballot: leader.ballot, voter: C, ...CLAIM } as const;
    leader.step({ kind: 'message', envelope: { from: C, to: D, message } });
    leader.receive(C, { kind: 'promise', ballot: ballotOf(2, 5), voter: C, ...CLAIM });
    expect(leader.status.role).toBe('candidate');
    leader.promise(C);
    expect(leader.status.role).toBe('leader');
  });

  it('56: no one but the leader of a ballot speaks for it', () => {
    const follower = following();
    const lie = { kind: 'prepare', acceptedRound: BALLOT_ZERO, lastIndex: 0, decided: 0 } as const;
    follower.receive(B, { ...lie, ballot: ballotOf(3) });
    follower.receive(C, { ...lie, ballot: { number: 5, node: C } });
    follower.receive(C, { ...acceptOf(0, 0, logOf(2)) });
    expect(follower.status).toMatchObject({ epoch: ballotOf(2), lastIndex: 0 });
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

  it('58: an entry is never accepted without the one before', () => {
    const follower = following();
    follower.now += 100;
    follower.receive(B, acceptOf(1, 2, logOf(2, 2).slice(1), 2));
    expect(follower.persist()).toMatchObject([{ kind: 'promise', lastIndex: 0 }]);
    expect(follower.committed).toEqual([]);
  });
});
