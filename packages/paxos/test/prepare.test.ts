import type { Entry } from '@varve/consensus';
import { anchorAt, entryOf } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { A, B, ballotOf, C, Cluster, D, E, hardStateOf } from './harness.ts';
import { Replica, type Said, saidIn } from './replica.ts';

const entriesOf = (n: number, ...numbers: readonly number[]): readonly Entry[] =>
  numbers.map((number, i) => entryOf(i + 1, number, ballotOf(number, n).node as NodeId, `${i + 1}/${number}`));

/** What a voter may hold: leader 2 adopted one entry of 1, leader 3 one entry of 2's log. */
const LOGS: readonly (readonly number[])[] = [[], [1, 1, 1], [1, 2, 2], [1, 3, 3]];
const HOLDINGS = LOGS.flatMap((log, round) =>
  (round === 0 ? [0] : [1, 2, 3]).map((length) => ({ round, log: log.slice(0, length) })),
);

function voterOf(id: NodeId, n: number, { round, log }: (typeof HOLDINGS)[number]): Replica {
  return new Replica(id, n, { hardState: hardStateOf(3, round, n), log: [...entriesOf(n, ...log)] });
}

/** Delivers what `leader` says to `voters` and their answers, until nothing is said. */
function converse(leader: Replica, voters: readonly Replica[], first: readonly Said[]): void {
  const queue = [...first];
  for (let said = queue.shift(); said; said = queue.shift()) {
    const { to, ...message } = said;
    const voter = voters.find(({ self }) => self === to);
    if (!voter) continue;
    const answers = [...saidIn(voter.receive(leader.self, message)), ...voter.persist()];
    for (const { to: asker, ...answer } of answers) {
      if (asker === leader.self) queue.push(...saidIn(leader.receive(voter.self, answer)));
    }
  }
}

function adoptedBy(leader: Replica): readonly string[] {
  leader.persist();
  leader.accepted(leader.status.peers.map((peer) => peer.id));
  return leader.committed.map((entry) => `${entry.epoch.number}`);
}

describe('trap 29: the log of the highest accepted round is adopted, and of those the longest', () => {
  it.each([
    { n: 3, others: [B], sets: 100 },
    { n: 5, others: [B, C], sets: 1000 },
  ])('in all $sets sets of promises that make a quorum of $n', ({ n, others, sets }) => {
    let tried = 0;
    const choose = (chosen: readonly (typeof HOLDINGS)[number][]): void => {
      if (chosen.length <= others.length) {
        for (const holding of HOLDINGS) choose([...chosen, holding]);
        return;
      }
      const [own, ...theirs] = chosen;
      if (!own) return;
      const leader = voterOf(A, n, own).campaign();
      const voters = theirs.map((holding, i) => voterOf(others[i] ?? B, n, holding));
      converse(leader, voters, leader.persist());
      const round = Math.max(...chosen.map((holding) => holding.round));
      const length = Math.max(...chosen.filter((holding) => holding.round === round).map(({ log }) => log.length));
      const expected = (LOGS[round] ?? []).slice(0, length).map(String);
      expect(leader.status.role, JSON.stringify(chosen)).toBe('leader');
      expect(adoptedBy(leader), JSON.stringify(chosen)).toEqual(expected);
      tried += 1;
    };
    choose([]);
    expect(tried).toBe(sets);
  });

  it('a promise that shows its log in many parts is adopted whole, whatever is lost on the way', () => {
    for (const seed of [1, 2, 3, 4]) {
      const cluster = new Cluster({ n: 3, seed: `parts/${seed}`, payloadBytes: 300_000 }).start();
      const leader = cluster.elect();
      const [, late] = cluster.ids.filter((id) => id !== leader);
      cluster.partition([late ?? B]);
      cluster.demand(leader, 25);
      cluster.runUntil('25 decided', () => cluster.history.highest >= 25);
      cluster.loss = 0.2;
      cluster.crash(leader);
      cluster.cut.clear();
      cluster.mute([]);
      // The dead leader's last word: the one that lacks everything takes over.
      const message = { kind: 'takeOver', ballot: cluster.status(late ?? B).epoch } as const;
      cluster.inject(cluster.wire.seal({ from: leader, to: late ?? B, message }));
      cluster.runUntil('the late one leads', () => cluster.status(late ?? B).role === 'leader');
      expect(cluster.status(late ?? B).lastIndex).toBe(25);
      cluster.recover().progress(1).check();
    }
  });

  it('a promiser that is gone with the rest of its log is not waited for', () => {
    const leader = new Replica(A, 5, { hardState: hardStateOf(3, 0, 5) }).campaign();
    leader.persist();
    leader.promise(B, { acceptedRound: ballotOf(2, 5), lastIndex: 9, entries: entriesOf(5, 2, 2) });
    leader.promise(C);
    leader.promise(D);
    expect(saidIn(leader.last)).toMatchObject([{ to: B, kind: 'prepare', lastIndex: 2 }]);
    expect(leader.status.role).toBe('candidate');
    leader.hearUnhappy([C, D, E]);
    leader.endRound();
    leader.promise(C);
    expect(leader.status.role).toBe('candidate');
    leader.promise(D);
    expect(leader.status).toMatchObject({ role: 'leader', lastIndex: 0 });
  });

  it('a leader behind a trimmed log asks for blocks first, and then adopts what follows them', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(3, 0) }).campaign();
    leader.persist();
    const claim = { acceptedRound: ballotOf(2), lastIndex: 6, decided: 5 };
    const shown = { prevIndex: 4, entries: [entryOf(5, 2, B, 'five'), entryOf(6, 2, B, 'six')] };
    expect(leader.promise(B, { ...claim, ...shown }).sync).toEqual({ peers: [B, C] });
    expect(leader.status.role).toBe('syncing');
    leader.step({ kind: 'synced', anchor: anchorAt(4, ballotOf(2)) });
    expect(saidIn(leader.last)).toContainEqual(expect.objectContaining({ to: B, kind: 'prepare', decided: 4 }));
    // An answer to what was asked before begins where that log ended.
    const log = [...entriesOf(3, 1, 1, 2, 2), ...shown.entries];
    leader.promise(B, { ...claim, prevIndex: 0, entries: log });
    expect(leader.status).toMatchObject({ role: 'leader', lastIndex: 6, committed: 5 });
    expect(leader.committed.map((entry) => entry.index)).toEqual([5]);
  });
});

describe('trap 30: a session opens where the logs are the same', () => {
  const LEADERS = entriesOf(3, 1, 2, 2, 5, 5, 5);
  const followers = [
    { round: 0, log: entriesOf(3) },
    { round: 1, log: entriesOf(3, 1, 1, 1) },
    { round: 1, log: entriesOf(3, 1, 1, 1, 1, 1, 1, 1, 1) },
    { round: 2, log: entriesOf(3, 1, 2, 2) },
    { round: 2, log: entriesOf(3, 1, 2, 2, 2, 2) },
    { round: 5, log: LEADERS.slice(0, 4) },
    { round: 5, log: LEADERS },
  ];
  const matrix = followers.flatMap((follower) =>
    [0, 1, 2, 4, 6].flatMap((trimmed) => [0, 1, 2].map((known) => ({ ...follower, trimmed, known }))),
  );

  it(`in ${matrix.length} pairs of logs and places up to which they are trimmed: both end the same`, () => {
    for (const { round, log, trimmed, known } of matrix) {
      const cluster = new Cluster({ n: 3, seed: `${round}/${log.length}/${trimmed}/${known}` });
      const anchor = anchorAt(trimmed, LEADERS[trimmed - 1]?.epoch ?? ballotOf(0));
      for (const id of [B, C]) {
        const ahead = trimmed === 0 ? {} : { anchor, ledger: anchor, applied: trimmed };
        Object.assign(cluster.host(id).store, { hardState: hardStateOf(5), log: LEADERS.slice(trimmed), ...ahead });
      }
      const hardState = hardStateOf(5, round);
      Object.assign(cluster.host(A).store, { hardState, log: [...log], applied: Math.min(known, 1, log.length) });
      cluster.start().progress(2).run(500);
      const [mine, theirs] = [A, B].map((id) => cluster.host(id).store);
      const logs = [mine, theirs].map((store) => store?.log.slice(-1).map((entry) => [entry.index, entry.epoch]));
      expect(logs[0]).toEqual(logs[1]);
      if (trimmed < 6) expect(cluster.committed.get(6)).toMatch(/^5\//);
      cluster.check();
    }
  });

  it('a log that claims an earlier round is continued after what is decided, however long it is', () => {
    const leader = new Replica(A, 3, { hardState: hardStateOf(5), log: [...LEADERS] }).campaign();
    leader.persist();
    const shorter = leader.promise(B, { acceptedRound: ballotOf(2), lastIndex: 6, decided: 1 });
    expect(saidIn(shorter)).toMatchObject([{ to: B, kind: 'acceptSync', prevIndex: 1, syncIndex: 6 }]);
    const same = leader.promise(C, { acceptedRound: ballotOf(5), lastIndex: 4, decided: 1 });
    expect(saidIn(same)).toMatchObject([{ to: C, kind: 'acceptSync', prevIndex: 4, syncIndex: 6 }]);
    const own = leader.promise(B, { acceptedRound: leader.ballot, lastIndex: 5, decided: 1 });
    expect(saidIn(own)).toMatchObject([{ to: B, kind: 'acceptDecide', prevIndex: 5 }]);
  });

  it('a follower takes the leader’s log as a whole: half of it would lose what a quorum accepted', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(3, 1), log: [...entriesOf(3, 1, 1, 1, 1)] });
    const part = { kind: 'acceptSync', ballot: ballotOf(5), decided: 0, syncIndex: 6 } as const;
    follower.receive(B, { kind: 'prepare', ballot: ballotOf(5), acceptedRound: ballotOf(5), lastIndex: 6, decided: 0 });
    follower.persist();
    follower.receive(B, { ...part, prevIndex: 0, prevEpoch: ballotOf(0), entries: LEADERS.slice(0, 3) });
    expect(follower.writes).toEqual([]);
    const rest = { ...part, prevIndex: 3, prevEpoch: ballotOf(2), entries: LEADERS.slice(3) };
    const { write } = follower.receive(B, rest);
    expect(write).toMatchObject({ truncateFrom: 2, hardState: hardStateOf(5) });
    expect(write?.then).toMatchObject([{ message: { kind: 'accepted', lastIndex: 6 } }]);
    expect(write?.append.map((entry) => entry.index)).toEqual([2, 3, 4, 5, 6]);
  });

  it('a follower that misses a part, or whose log changed meanwhile, asks for another opening', () => {
    const follower = new Replica(A, 3, { hardState: hardStateOf(5, 0) });
    const part = { kind: 'acceptSync', ballot: ballotOf(5), decided: 0, syncIndex: 6 } as const;
    follower.receive(B, { ...part, prevIndex: 0, prevEpoch: ballotOf(0), entries: LEADERS.slice(0, 2) });
    follower.now += 100;
    follower.receive(B, { ...part, prevIndex: 3, prevEpoch: ballotOf(2), entries: LEADERS.slice(3) });
    expect(follower.persist()).toMatchObject([{ to: B, kind: 'promise', acceptedRound: ballotOf(0), lastIndex: 0 }]);
    expect(follower.status.lastIndex).toBe(0);
  });
});

describe('trap 31: a ballot is used once', () => {
  it('is durable before anybody hears of it, and not taken again after a restart', () => {
    const first = new Replica(A, 3).campaign();
    expect(saidIn(first.last).filter((said) => said.kind === 'prepare')).toEqual([]);
    const { hardState } = first.writes.at(-1) ?? {};
    expect(first.persist().filter((said) => said.kind === 'prepare')).toHaveLength(2);
    const again = new Replica(A, 3, hardState ? { hardState } : {}).campaign();
    expect(again.ballot.number).toBeGreaterThan(first.ballot.number);
  });

  it('a leader that returns does not lead in its old ballot, whatever it is told of it', () => {
    const node = new Replica(A, 3, { hardState: hardStateOf(4), log: [...entriesOf(3, 1, 4)] });
    expect(node.status.role).toBe('recovering');
    for (const voter of [B, C]) node.promise(voter, { ballot: ballotOf(4) });
    node.accepted([B, C], 2);
    node.step({ kind: 'demand', pending: true });
    expect(node.status).toMatchObject({ role: 'recovering', committed: 0 });
    expect(node.last.build).toBeUndefined();
    expect(node.committed).toEqual([]);
  });

  it('two that take over at once have different ballots', () => {
    const nodes = [A, B, C].map((id) => new Replica(id, 3).campaign());
    expect(new Set(nodes.map((node) => node.ballot.number)).size).toBe(3);
  });

  it.each([1, 2, 3, 4])('in random crashes at every moment of takeovers (seed %i)', (seed) => {
    // The harness refuses a ballot that two runs lead.
    const cluster = new Cluster({ n: 3, seed: `31/${seed}`, diskMsMax: 20 }).start();
    for (let i = 0; i < 30; i++) {
      const id = cluster.leader() ?? A;
      cluster.demandAll(2);
      cluster.crash(id);
      cluster.run(7 * i);
      cluster.boot(id);
      cluster.run(300);
    }
    cluster.recover().progress(1).check();
    expect(cluster.leaders.size).toBeGreaterThan(5);
  });
});

describe('trap 32: what belongs together is written together', () => {
  it('an anchor, what it drops and the ballots it raises are one write', () => {
    const node = new Replica(A, 3, { hardState: hardStateOf(2), log: [...entriesOf(3, 2, 2, 2)] });
    const { write } = node.step({ kind: 'synced', anchor: anchorAt(2, ballotOf(6)) });
    expect(write).toMatchObject({ anchor: { index: 2 }, truncateFrom: 3, hardState: hardStateOf(6) });
    expect(node.writes).toHaveLength(1);
  });

  it('ticks while blocks are fetched write nothing', () => {
    const node = new Replica(A, 3);
    node.receive(B, { kind: 'syncNeeded', ballot: ballotOf(2), index: 9 });
    node.persist();
    expect(node.receive(B, { kind: 'syncNeeded', ballot: ballotOf(2), index: 9 }).sync).toEqual({ peers: [B] });
    for (let i = 0; i < 5; i++) {
      node.hearHappy(ballotOf(2));
      node.endRound();
    }
    expect(node.status.role).toBe('syncing');
    expect(node.writes).toEqual([]);
  });
});
