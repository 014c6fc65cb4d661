import type { Store } from '@varve/consensus/testing';
import { anchorAt, names, payloadOf } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { timeoutMs } from '../src/activity.ts';
import { encodeHardState } from '../src/hard-state.ts';
import { tendermint } from '../src/index.ts';
import { bundle, decidedOf, proposalOf, V, votesOf, W } from './builders.ts';
import { A, B, C, D, INSTANCE } from './harness.ts';
import { LyingCluster } from './liars.ts';
import { Replica } from './replica.ts';

const sizes = Array.from({ length: 30 }, (_, i) => i + 1);

describe('41: quorums where n is not 3f + 1', () => {
  it.each(sizes)('of %i: two share more than f, and the correct are enough', (n) => {
    const f = Math.floor((n - 1) / 3);
    const q = tendermint.quorum(n);
    expect(2 * q - n).toBeGreaterThan(f);
    expect(q).toBeLessThanOrEqual(n - f);
    expect(3 * q).toBeGreaterThan(2 * n);
  });

  it.each(sizes)('of %i: who is followed into a later round includes a correct one, and the correct suffice', (n) => {
    const f = Math.floor((n - 1) / 3);
    const skip = Math.floor(n / 3) + 1;
    expect(skip).toBeGreaterThan(f);
    expect(skip).toBeLessThanOrEqual(n - f);
  });
});

describe('41: the engine counts so', () => {
  it.each(sizes.filter((n) => n >= 2 && n <= 26))('of %i: one less than a quorum decides nothing', (n) => {
    const voters = names(n);
    const self = voters.at(-1) ?? D;
    const d = new Replica(self, n);
    d.receive(A, proposalOf(n, 0, V));
    d.judge();
    const q = tendermint.quorum(n);
    d.votes('precommit', 0, V.id, voters.slice(0, q - 1));
    expect(d.committed).toHaveLength(0);
    d.votes('precommit', 0, V.id, voters.slice(q - 1, q));
    expect(d.committed).toHaveLength(1);
  });

  it.each(sizes.filter((n) => n >= 2 && n <= 26))('of %i: a third and no more is not followed', (n) => {
    const voters = names(n);
    const skip = Math.floor(n / 3) + 1;
    const d = new Replica(voters.at(-1) ?? D, n);
    d.votes('prevote', 9, null, voters.slice(0, skip - 1));
    expect(d.round).toBe(0);
    d.votes('prevote', 9, null, voters.slice(skip - 1, skip));
    expect(d.round).toBe(9);
  });
});

/** d locked on V in round 0 by a polka that only it saw, now in a later round. */
function hiddenLock(): Replica {
  const d = new Replica(D, 4);
  d.receive(A, proposalOf(4, 0, V));
  d.judge().settle();
  d.votes('prevote', 0, V.id, [A, B]).settle();
  d.votes('precommit', 0, null, [A, B, C]).settle();
  return d;
}

describe('42: locks without proof', () => {
  it('the polka goes along into every later round', () => {
    const d = hiddenLock();
    for (const round of [1, 2]) {
      const [votes] = d.saidOf('votes').filter((said) => said.round === round);
      const polka = votes?.votes.filter((vote) => vote.kind === 'prevote' && vote.round === 0 && vote.id === V.id);
      expect(polka?.map(({ voter }) => voter)).toEqual([A, B, D]);
      d.votes('precommit', round, null, [A, B, C]).settle();
    }
  });

  it('and survives a restart, with the payload', () => {
    const d = hiddenLock();
    d.votes('precommit', 1, null, [A, B, C]).settle();
    d.restart().settle();
    expect(d.store.log).toMatchObject([{ index: 1, payload: V, epoch: { number: 1, node: A } }]);
    d.votes('prevote', 3, null, [A, B]).settle();
    expect(d.saidOf('proposal')).toMatchObject([
      { round: 3, validRound: 0, payload: V, epoch: { number: 1, node: A } },
    ]);
    const [votes] = d.saidOf('votes').filter((said) => said.round === 3);
    expect(votes?.votes.filter((vote) => vote.round === 0 && vote.id === V.id)).toHaveLength(3);
  });

  it('a node that never saw the polka prevotes what it proves', () => {
    const d = hiddenLock();
    const polka = d.saidOf('votes').find((said) => said.round === 1);
    const c = new Replica(C, 4);
    c.votes('prevote', 3, null, [A, B]);
    c.receive(D, proposalOf(4, 3, V, { validRound: 0 }));
    c.judge().settle();
    expect(c.voted('prevote', 3)).toBe('none');
    if (polka) c.receive(D, polka);
    c.settle();
    expect(c.voted('prevote', 3)).toBe(V.id);
  });
});

describe('43: a lock hidden by an equivocating prevote', () => {
  /** a lies: only d sees its prevote for the first payload, and d is hidden until it is locked. */
  function schedule(): LyingCluster {
    const cluster = new LyingCluster({ n: 4, seed: 'hidden lock' }, [A]).start();
    const proposal = cluster.forge(A, 1, 0, 'first');
    const id = proposal.payload.id;
    for (const to of [B, C, D]) cluster.say(A, to, proposal);
    // c hears the proposal too late, and b no prevote of d: no polka but at d.
    cluster.filter = ({ to, message }) => message.kind === 'prevote' && message.round === 0 && to !== D;
    cluster.say(A, D, { kind: 'prevote', height: 1, round: 0, id, voter: A });
    for (const to of [B, C]) cluster.say(A, to, { kind: 'prevote', height: 1, round: 0, id: null, voter: A });
    cluster.runUntil(
      'd is locked',
      () => cluster.sent.some(({ from, message }) => from === D && message.kind === 'precommit' && message.id === id),
      3000,
    );
    cluster.filter = () => false;
    return cluster;
  }

  it('the lock is decided within its round of turns', () => {
    const cluster = schedule();
    cluster.demandAll(1).progress(1, 10_000);
    cluster.check();
  });

  it('without the certificate the second vote would not count: the first one stands in the way', () => {
    const c = new Replica(C, 4);
    c.votes('prevote', 0, null, [A]);
    c.votes('prevote', 0, V.id, [B, D]);
    c.votes('prevote', 1, null, [B, D]);
    c.receive(B, proposalOf(4, 1, V, { validRound: 0 }));
    c.judge().settle();
    expect(c.voted('prevote', 1)).toBe('none');
    c.receive(D, bundle(votesOf('prevote', 0, V.id, [A, B, D])));
    c.settle();
    expect(c.voted('prevote', 1)).toBe(V.id);
    expect(c.evidence.map(({ voter }) => voter)).toEqual([A]);
  });
});

describe('44: a conflicting vote', () => {
  it.each([[[A, B]], [[B, A]]])('of %j after the first ones takes nothing away', (order) => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('prevote', 0, V.id, order.slice(0, 1)).votes('prevote', 0, null, order.slice(0, 1));
    d.votes('prevote', 0, V.id, order.slice(1)).settle();
    expect(d.voted('precommit', 0)).toBe(V.id);
    expect(d.evidence.map(({ voter }) => voter)).toEqual(order.slice(0, 1));
  });

  it('is evidence once, with both statements', () => {
    const d = new Replica(D, 4);
    for (let i = 0; i < 3; i++)
      d.votes('prevote', 0, V.id, [A]).votes('prevote', 0, W.id, [A]).votes('prevote', 0, null, [A]);
    expect(d.evidence).toHaveLength(1);
    const [first, second] = [V.id, W.id].map((id) =>
      tendermint.signBytes({ kind: 'prevote', height: 1, round: 0, id, voter: A }, INSTANCE),
    );
    expect(d.evidence).toMatchObject([{ voter: A, first: { bytes: first }, second: { bytes: second } }]);
  });

  it('of each height is evidence, whatever came first', () => {
    const d = new Replica(D, 4);
    for (const height of [2, 1]) d.votes('prevote', 0, V.id, [A], height).votes('prevote', 0, W.id, [A], height);
    expect(d.evidence).toHaveLength(2);
    d.votes('prevote', 0, null, [A], 2).votes('prevote', 0, null, [A], 1);
    expect(d.evidence).toHaveLength(2);
  });

  it('two proposals of one round are evidence; the first counts', () => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.receive(A, proposalOf(4, 0, V));
    expect(d.evidence).toHaveLength(0);
    d.receive(A, proposalOf(4, 0, W));
    d.judge().settle();
    expect(d.voted('prevote', 0)).toBe(V.id);
    expect(d.evidence.map(({ voter }) => voter)).toEqual([A]);
  });
});

describe('45: late prevotes, and a round without a timer', () => {
  it('a proposal with an earlier polka is prevoted in every order of arrival', () => {
    const arrivals = [
      (c: Replica) => c.receive(B, proposalOf(4, 1, V, { validRound: 0 })),
      ...[A, B, D].map((voter: NodeId) => (c: Replica) => c.votes('prevote', 0, V.id, [voter])),
    ];
    for (const order of permutations(arrivals)) {
      const c = new Replica(C, 4);
      c.votes('prevote', 1, null, [A, D]);
      for (const arrive of order) arrive(c);
      c.judge().settle();
      expect(c.voted('prevote', 1)).toBe(V.id);
    }
  });

  it('while something is to be decided, some timer runs, whatever was heard', () => {
    for (const kind of ['prevote', 'precommit'] as const) {
      for (const ids of [
        [null, null],
        [V.id, null],
        [V.id, V.id],
        [V.id, W.id],
      ]) {
        const d = new Replica(D, 4);
        d.demand();
        for (const [i, id] of ids.entries()) d.votes(kind, 0, id, [[A, B][i] as NodeId]);
        for (let i = 0; i < 12; i++) {
          d.settle();
          expect(d.last.wakeAt).toBeGreaterThan(d.now);
          d.wake();
        }
      }
    }
  });
});

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('46: a crash at any write', () => {
  /** Everything that `replica` ever let out, by what it is about. */
  function collect(signed: Map<string, Set<string>>, replica: Replica): void {
    for (const said of replica.said) {
      if (said.kind !== 'proposal' && said.kind !== 'prevote' && said.kind !== 'precommit') continue;
      const key = `${said.kind}/${said.height}/${said.round}`;
      const id = said.kind === 'proposal' ? said.payload.id : said.id;
      signed.set(key, (signed.get(key) ?? new Set()).add(`${id}`));
    }
  }

  /** b proposes in round 1 after it locked in round 0; `rival` is what it hears after the restart instead. */
  function run(crashAt: number): { readonly signed: Map<string, Set<string>>; readonly writes: number } {
    const signed = new Map<string, Set<string>>();
    const b = new Replica(B, 4);
    let writes = 0;
    let crashed = false;
    const live = (rival: boolean) => {
      const acts = [
        () => b.demand(),
        () => b.receive(A, proposalOf(4, 0, rival ? W : V)),
        () => b.judge(),
        () => b.votes('prevote', 0, rival ? W.id : V.id, [A, C]),
        () => b.votes('precommit', 0, null, [A, C, D]),
        () => b.last.build && b.step({ kind: 'propose', slot: b.last.build, payload: payloadOf(rival ? 'y' : 'x') }),
        () => b.judge(),
        () => b.votes('prevote', 1, rival ? W.id : V.id, [A, C]),
        () => b.votes('precommit', 1, null, [A, C, D]),
      ];
      for (const act of acts) {
        act();
        while (b.writes.length > 0) {
          if (!crashed && writes === crashAt) {
            crashed = true;
            return;
          }
          writes += 1;
          b.persist(1);
        }
        collect(signed, b);
      }
    };
    live(false);
    collect(signed, b);
    if (crashed) {
      b.restart();
      collect(signed, b);
      live(true);
      collect(signed, b);
    }
    return { signed, writes };
  }

  const { writes } = run(Number.POSITIVE_INFINITY);

  it('there are several', () => expect(writes).toBeGreaterThanOrEqual(4));

  it.each(Array.from({ length: writes }, (_, i) => i))('nothing is signed twice, before write %i', (write) => {
    for (const [key, ids] of run(write).signed) expect([key, [...ids]]).toEqual([key, [...ids].slice(0, 1)]);
  });

  it('a proposer whose proposal is durable proposes nothing else in that round', () => {
    const a = new Replica(A, 4);
    const slot = a.demand().build;
    if (slot) a.step({ kind: 'propose', slot, payload: V });
    a.persist(1).restart();
    expect(a.demand().build).toBeUndefined();
    a.settle();
    expect(a.saidOf('proposal')).toMatchObject([{ round: 0, validRound: null, payload: V }]);
  });

  it('what was said is said again, word for word', () => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('prevote', 0, V.id, [A, B]).settle();
    const before = d.said.filter(({ kind }) => kind === 'prevote' || kind === 'precommit');
    d.restart().settle();
    expect(d.said.filter(({ kind }) => kind === 'prevote' || kind === 'precommit')).toEqual(before);
  });

  it('the lock survives', () => {
    const d = hiddenLock();
    d.restart().settle();
    d.votes('prevote', 1, null, [A, B]);
    d.receive(B, proposalOf(4, 1, W));
    d.judge().settle();
    expect(d.voted('prevote', 1)).toBe('nil');
  });

  it('what ended the last round is known after the crash, for those who did not enter this one', () => {
    const b = new Replica(B, 4);
    b.demand();
    b.votes('precommit', 0, null, [A, C, D]).pass(1000).settle();
    expect(b.voted('prevote', 1)).toBe('nil');
    b.restart().receive(C, { kind: 'status', height: 1, round: 0, base: 0, reply: false });
    const told = b.said.flatMap((said) => (said.kind === 'votes' && said.to === C ? said.votes : []));
    expect(told.filter(({ round }) => round === 0).map(({ voter }) => voter)).toEqual([A, C, D]);
  });

  it('below the height of the sign state nothing is signed', () => {
    const store: Partial<Store> = {
      hardState: encodeHardState({ height: 5, round: 0, entered: [], said: {}, locked: undefined, valid: undefined }),
    };
    const d = new Replica(D, 4, store);
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.demand();
    d.pass(5000).settle();
    expect(d.said.filter(({ kind }) => kind === 'prevote' || kind === 'precommit')).toEqual([]);
  });

  it('what ended a round is shown again, to those who are still in it', () => {
    const d = new Replica(D, 4);
    d.demand();
    d.votes('prevote', 0, null, [A, B]).pass(600).settle();
    d.votes('precommit', 0, null, [A, B]).pass(600).settle();
    expect(d.round).toBe(1);
    d.pass(1000).settle();
    expect(d.voted('prevote', 1)).toBe('nil');
    d.restart().settle();
    d.pass(2000).settle();
    const shown = d.saidOf('votes').flatMap(({ votes }) => votes);
    const enders = shown.filter(({ kind, round }) => kind === 'precommit' && round === 0).map(({ voter }) => voter);
    expect(new Set(enders)).toEqual(new Set([A, B, D]));
  });

  it('a restarted node follows the others into their round', () => {
    const d = hiddenLock();
    d.restart().settle();
    d.receive(A, bundle([...votesOf('precommit', 6, null, [A, B, C]), ...votesOf('prevote', 7, null, [A])], 1, 7));
    expect(d.round).toBe(7);
  });
});

describe('idle', () => {
  it('demand that goes away leaves no timer behind, though a nil was said', () => {
    const d = new Replica(D, 4);
    d.demand();
    d.pass(600).settle();
    expect(d.voted('prevote', 0)).toBe('nil');
    d.demand(false);
    d.said = [];
    d.pass(60_000).settle();
    // Nothing of this height is repeated; it may ask now and then where the others are.
    expect(d.saidOf('votes')).toEqual([]);
    expect(d.status.waiting).toBeUndefined();
    // Another one with a reason is joined at once.
    d.votes('prevote', 0, null, [A]).pass(1000).settle();
    expect(d.saidOf('votes').length).toBeGreaterThan(0);
  });
});

describe('47: timeouts that double', () => {
  it('grow linearly, and end at the cap', () => {
    const options = new Replica(A, 4).options;
    const timing = { heartbeatMs: 50, electionMs: 400, roundMs: 500, roundMsMax: 5000 };
    const state = { options: { ...options, timing } } as Parameters<typeof timeoutMs>[0];
    expect([0, 1, 2, 10, 18, 19, 1e6].map((round) => timeoutMs(state, round))).toEqual([
      500, 750, 1000, 3000, 5000, 5000, 5000,
    ]);
  });

  it.each([
    {
      groups: [
        [A, B],
        [C, D],
      ] as const,
      name: 'two halves',
    },
    { groups: [[A], [B], [C], [D]] as const, name: 'all alone' },
  ])('after an hour as $name a decision takes seconds', ({ groups }) => {
    const cluster = new LyingCluster({ n: 4, seed: 'hour' }, []).start().progress(1);
    cluster
      .partition(...groups)
      .demandAll(5)
      .run(3_600_000)
      .heal();
    const before = cluster.history.highest;
    cluster.runUntil('a decision', () => cluster.history.highest > before, 10_000);
    cluster.progress(1, 10_000).check();
  });

  it('after an hour in which every round failed, too', () => {
    const cluster = new LyingCluster({ n: 4, seed: 'rounds' }, []).start().progress(1);
    cluster.filter = ({ message }) => message.kind === 'proposal';
    cluster.demandAll(5).run(3_600_000);
    expect(cluster.status(A).epoch.number).toBeGreaterThan(200);
    const before = cluster.history.highest;
    cluster.heal().runUntil('a decision', () => cluster.history.highest > before, 12_000);
    cluster.progress(1, 10_000).check();
  });
});

describe('49: one bad vote among good ones', () => {
  it.each([
    { name: 'another payload', bad: votesOf('precommit', 0, W.id, [D]) },
    { name: 'another round', bad: votesOf('precommit', 3, V.id, [D]) },
    { name: 'a stranger', bad: votesOf('precommit', 0, V.id, ['stranger' as NodeId]) },
    { name: 'a voter twice', bad: votesOf('precommit', 0, V.id, [A]) },
  ])('$name: the good ones decide', ({ bad }) => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge();
    d.receive(B, bundle([...bad, ...votesOf('precommit', 0, V.id, [A, B, C])]));
    expect(d.committed).toHaveLength(1);
  });

  it('and do not stand in for a missing one', () => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge();
    d.receive(
      B,
      bundle([...votesOf('precommit', 0, V.id, [A, B, A, 'stranger' as NodeId]), ...votesOf('prevote', 0, V.id, [C])]),
    );
    expect(d.committed).toHaveLength(0);
  });
});

describe('50: block sync and a decision both deliver', () => {
  const acts = [
    (d: Replica) => d.receive(A, proposalOf(4, 0, V)),
    (d: Replica) => d.judge(),
    (d: Replica) => d.settle(),
    (d: Replica) => d.votes('prevote', 0, V.id, [A, B]),
    (d: Replica) => d.settle(),
    (d: Replica) => d.votes('precommit', 0, V.id, [A]),
    (d: Replica) => d.receive(B, decidedOf(4, 1, V, [A, B, C])),
    (d: Replica) => d.judge(),
  ];

  it.each(Array.from({ length: acts.length + 1 }, (_, i) => i))('`synced` before step %i: each height once', (at) => {
    const d = new Replica(D, 4);
    acts.forEach((act, i) => {
      if (i === at) d.step({ kind: 'synced', anchor: anchorAt(1, { number: 1, node: A }) });
      act(d);
    });
    d.step({ kind: 'synced', anchor: anchorAt(1, { number: 1, node: A }) });
    d.settle();
    expect(d.committed.length).toBe(at > 6 ? 1 : 0);
    expect(d.status.committed).toBe(1);
    expect(d.last.check).toEqual([]);
  });
});

it('50: block sync to an earlier block takes nothing back', () => {
  const d = new Replica(D, 4);
  for (const [height, payload] of [V, W].entries()) {
    d.receive(B, decidedOf(4, height + 1, payload, [A, B, C]));
    d.judge().settle();
  }
  d.step({ kind: 'synced', anchor: anchorAt(1, { number: 1, node: A }) });
  d.settle();
  expect(d.status).toMatchObject({ committed: 2, anchor: 1 });
  expect(d.store.log.map(({ index }) => index)).toEqual([2]);
});

describe('51: a peer lies about its height', () => {
  it('a high claim of one stops nothing, and asks for no blocks', () => {
    const d = new Replica(D, 4);
    d.receive(A, { kind: 'status', height: 1e9, round: 0, base: 1e9 - 5, reply: false });
    expect(d.last.sync).toBeUndefined();
    expect(d.status.role).not.toBe('syncing');
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    expect(d.voted('prevote', 0)).toBe(V.id);
  });

  it('more than f ask for blocks of those who are ahead', () => {
    const d = new Replica(D, 4);
    d.receive(A, { kind: 'status', height: 900, round: 0, base: 700, reply: false });
    expect(d.receive(B, { kind: 'status', height: 901, round: 0, base: 500, reply: false }).sync).toEqual({
      peers: [B, A],
    });
  });

  it('a claim that falls is forgotten, and decisions still come from others', () => {
    const d = new Replica(D, 4);
    d.receive(A, { kind: 'status', height: 900, round: 0, base: 700, reply: false });
    d.receive(A, { kind: 'status', height: 1, round: 0, base: 1, reply: false });
    expect(d.receive(B, { kind: 'status', height: 901, round: 0, base: 500, reply: false }).sync).toBeUndefined();
    d.receive(C, decidedOf(4, 1, V, [A, B, C]));
    d.judge();
    expect(d.committed).toHaveLength(1);
  });

  it('a peer that names wrong epochs again and again keeps nobody from the truth', () => {
    const d = new Replica(D, 4);
    const lie = { ...decidedOf(4, 1, V, [A, B, C], 3), epoch: { number: 2, node: B } };
    const answer = () => {
      for (const { slot, payload } of d.checks.splice(0, 1))
        d.step({ kind: 'checked', slot, payload: payload.id, valid: slot.epoch.number === 1 });
    };
    d.receive(A, lie);
    answer();
    d.receive(A, lie);
    d.receive(C, { ...lie, epoch: { number: 1, node: A } });
    d.receive(A, lie);
    answer();
    expect(d.committed).toMatchObject([{ epoch: { number: 1, node: A } }]);
  });

  it('a decision with a wrong epoch is refused by the host, and another peer asked', () => {
    const d = new Replica(D, 4);
    d.receive(A, { ...decidedOf(4, 1, V, [A, B, C], 3), epoch: { number: 2, node: B } });
    d.receive(C, { ...decidedOf(4, 1, V, [A, B, C], 3), epoch: { number: 1, node: A } });
    for (let i = 0; i < 2; i++) {
      for (const { slot, payload } of d.checks.splice(0))
        d.step({ kind: 'checked', slot, payload: payload.id, valid: slot.epoch.number === 1 });
    }
    expect(d.committed).toMatchObject([{ epoch: { number: 1, node: A } }]);
  });
});

describe('48: a payload proposed again', () => {
  it('keeps its id and the epoch of its first proposal, and is judged without the bound on clocks', () => {
    const c = new Replica(C, 4);
    c.votes('prevote', 0, V.id, [A, B, D]).votes('prevote', 1, null, [A, D]);
    c.receive(B, proposalOf(4, 1, V, { validRound: 0 }));
    expect(c.checks).toMatchObject([{ slot: { index: 1, epoch: { number: 1, node: A } }, fresh: false }]);
  });
});
