import { payloadOf } from '@varve/consensus/testing';
import { nodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { tendermint } from '../src/index.ts';
import { DECIDED_WAITING_MAX } from '../src/peer.ts';
import { PROPOSALS_BEHIND_MAX, ProposalBook } from '../src/proposals.ts';
import { epochOf, proposerOf } from '../src/proposer.ts';
import { bundle, decidedOf, proposalOf, V, votesOf, W } from './builders.ts';
import { A, B, C, D } from './harness.ts';
import { LyingCluster } from './liars.ts';
import { Replica } from './replica.ts';

const ALL = [A, B, C, D];

/** d, which decided V at height 1 with everybody, and knows that all did. */
function decided(self = D): Replica {
  const replica = new Replica(self, 4);
  const others = ALL.filter((id) => id !== self);
  if (self === A) throw new Error('a proposes');
  replica.receive(A, proposalOf(4, 0, V));
  replica.judge().settle();
  replica.votes('prevote', 0, V.id, others).settle();
  replica.votes('precommit', 0, V.id, others).settle();
  for (const id of others) replica.receive(id, { kind: 'status', height: 2, round: 0, base: 0, reply: false });
  replica.step({ kind: 'applied', index: 1 });
  expect(replica.status.committed).toBe(1);
  return replica;
}

describe('proposers', () => {
  it('take turns by height and by round', () => {
    const turns = [1, 2, 3, 4, 5].map((height) => [0, 1, 2].map((round) => proposerOf(ALL, height, round)).join(''));
    expect(turns).toEqual(['abc', 'bcd', 'cda', 'dab', 'abc']);
    expect(epochOf(ALL, 1, 2)).toEqual({ number: 3, node: C });
    expect(proposerOf(ALL, 2 ** 52, 2 ** 40)).toBe(D);
  });
});

describe('idle', () => {
  it('without demand no timer runs once all are known to be here', () => {
    const d = decided();
    expect(d.last.wakeAt).toBeUndefined();
  });

  it('who may lag is asked, less and less often', () => {
    const d = new Replica(D, 4);
    const gaps: number[] = [];
    for (let i = 0; i < 12; i++) {
      const before = d.now;
      d.wake();
      gaps.push(d.now - before);
    }
    expect(gaps.slice(0, 5)).toEqual([250, 500, 1000, 2000, 4000]);
    expect(gaps.at(-1)).toBe(5000);
    expect(d.saidOf('status').every(({ reply }) => reply)).toBe(true);
    expect(d.writes).toEqual([]);
  });

  it('messages of one voter do not start a height; of more than a third they do', () => {
    const d = decided();
    d.votes('prevote', 0, null, [A], 2);
    expect(d.last.wakeAt).toBeUndefined();
    d.votes('prevote', 0, null, [B], 2);
    d.pass(500).settle();
    expect(d.voted('prevote', 0, 2)).toBe('nil');
  });

  it('demand starts it, and a censoring proposer is timed out', () => {
    const d = decided();
    d.demand();
    d.pass(500).settle();
    expect(d.voted('prevote', 0, 2)).toBe('nil');
  });

  it('demand that goes away before anything was said stops it', () => {
    const d = decided();
    d.demand();
    d.demand(false);
    d.pass(400);
    expect(d.saidOf('prevote').filter(({ height }) => height === 2)).toEqual([]);
  });

  it('a proposal starts it', () => {
    const d = decided();
    d.receive(B, proposalOf(4, 0, W, { height: 2 }));
    d.judge().settle();
    expect(d.voted('prevote', 0, 2)).toBe(W.id);
  });

  it('an idle cluster writes nothing, sends nothing, and orders at once when there is demand', () => {
    const cluster = new LyingCluster({ n: 4, seed: 'idle' }, []).start().progress(2);
    for (const id of cluster.ids) cluster.input(id, { kind: 'demand', pending: false });
    cluster.run(8000);
    const writes = [...cluster.writes.values()];
    const sent = cluster.sent.length;
    cluster.run(60_000);
    expect([...cluster.writes.values()]).toEqual(writes);
    expect(cluster.sent.length).toBe(sent);
    cluster.progress(1, 200);
  });
});

describe('building', () => {
  it('one question for a slot, also when demand comes and goes', () => {
    const b = decided(B);
    expect(b.demand().build).toEqual({ index: 2, epoch: { number: 1, node: B } });
    b.demand(false);
    expect(b.demand().build).toBeUndefined();
  });

  it('none while execution lags, for it judges by the state after the last payload', () => {
    const c = new Replica(C, 4);
    c.receive(D, decidedOf(4, 1, V, [A, B, D]));
    c.judge().settle();
    c.receive(D, { ...decidedOf(4, 2, W, [A, B, D]) });
    c.judge().settle();
    expect(c.status.committed).toBe(2);
    expect(c.demand().build).toBeUndefined();
    expect(c.status.waiting).toEqual({ code: 'EXECUTION_BEHIND', nodes: [C] });
    expect(c.step({ kind: 'applied', index: 2 }).build).toEqual({ index: 3, epoch: { number: 1, node: C } });
  });

  it('a late answer comes back', () => {
    const b = decided(B);
    const slot = b.demand().build;
    b.votes('precommit', 0, null, [A, C, D], 2).settle();
    if (slot) b.step({ kind: 'propose', slot, payload: W });
    expect(b.dropped).toEqual([W.id]);
  });

  it('a payload whose round failed comes back, unless it had a polka', () => {
    for (const hadPolka of [false, true]) {
      const b = decided(B);
      const slot = b.demand().build;
      if (slot) b.step({ kind: 'propose', slot, payload: W });
      b.settle().judge().settle();
      if (hadPolka) b.votes('prevote', 0, W.id, [A, C], 2).settle();
      b.votes('precommit', 0, null, [A, C, D], 2).settle();
      expect(b.dropped).toEqual(hadPolka ? [] : [W.id]);
    }
  });

  it('the own payload is judged too: a builder that is wrong gets no vote', () => {
    const b = decided(B);
    const slot = b.demand().build;
    if (slot) b.step({ kind: 'propose', slot, payload: W });
    b.settle().judge(false).settle();
    expect(b.voted('prevote', 0, 2)).toBe('nil');
  });
});

describe('draining', () => {
  it('votes and decides, but builds nothing and returns late payloads', () => {
    const b = decided(B);
    const slot = b.demand().build;
    b.step({ kind: 'drain' });
    if (slot) b.step({ kind: 'propose', slot, payload: W });
    expect(b.dropped).toEqual([W.id]);
    expect(b.status.role).toBe('draining');
    b.votes('prevote', 2, null, [C], 2).votes('precommit', 2, null, [A], 2);
    b.receive(D, proposalOf(4, 2, W, { height: 2 }));
    b.judge().settle();
    expect(b.voted('prevote', 2, 2)).toBe(W.id);
  });

  it('demand no longer starts a height', () => {
    const d = decided();
    d.step({ kind: 'drain' });
    expect(d.demand().wakeAt).toBeUndefined();
  });

  it('a valid value is still proposed', () => {
    const c = decided(C);
    c.receive(B, proposalOf(4, 0, W, { height: 2 }));
    c.judge().settle();
    c.votes('prevote', 0, W.id, [A, B], 2).settle();
    c.step({ kind: 'drain' });
    c.votes('precommit', 0, null, [A, B, D], 2).settle();
    expect(c.saidOf('proposal')).toMatchObject([{ height: 2, round: 1, validRound: 0, payload: W }]);
  });
});

describe('reads', () => {
  const answer = (
    d: Replica,
    from: typeof A,
    barrier: number,
    proof = votesOf('precommit', 0, V.id, [A, B, C], barrier),
  ) => {
    const context = d.saidOf('readRequest').at(-1)?.context ?? 0;
    d.receive(from, { kind: 'readResponse', context, ok: true, barrier, proof });
  };

  it('the highest proven tip of a quorum', () => {
    const d = decided();
    d.step({ kind: 'read', context: 5 });
    answer(d, A, 0, []);
    expect(d.reads).toEqual([]);
    answer(d, A, 0, []);
    expect(d.reads).toEqual([]);
    answer(d, B, 1);
    expect(d.reads).toEqual([{ context: 5, index: 1, ok: true }]);
  });

  it.each([
    { name: 'nothing', proof: [] },
    { name: 'two voters, twice each', proof: votesOf('precommit', 0, V.id, [A, B, A, B], 900) },
    { name: 'a stranger', proof: votesOf('precommit', 0, V.id, [A, B, 'stranger' as typeof A], 900) },
    {
      name: 'votes of two rounds',
      proof: [...votesOf('precommit', 0, V.id, [A, B], 900), ...votesOf('precommit', 1, V.id, [C], 900)],
    },
    { name: 'votes for nil', proof: votesOf('prevote', 0, null, [A, B, C], 900) },
  ])('a claim proven by $name keeps no read waiting', ({ proof }) => {
    const d = decided();
    d.step({ kind: 'read', context: 5 });
    answer(d, A, 900, proof);
    answer(d, B, 1);
    expect(d.reads).toEqual([]);
    answer(d, C, 1);
    expect(d.reads).toEqual([{ context: 5, index: 1, ok: true }]);
  });

  it('without a quorum of answers it is refused in time', () => {
    const d = decided();
    d.step({ kind: 'read', context: 5 });
    answer(d, A, 1);
    d.pass(399);
    expect(d.reads).toEqual([]);
    d.pass(1);
    expect(d.reads).toEqual([{ context: 5, index: 0, ok: false }]);
  });

  it('a lock may hide a decision: its height is waited for', () => {
    const d = decided();
    d.step({ kind: 'read', context: 5 });
    answer(d, A, 1);
    answer(d, B, 2, votesOf('prevote', 0, W.id, [A, B, C], 2));
    expect(d.reads).toEqual([]);
    d.receive(C, decidedOf(4, 2, W, [A, B, C]));
    d.judge();
    expect(d.reads).toEqual([{ context: 5, index: 2, ok: true }]);
  });

  it('a locked node says so, with the polka', () => {
    const d = decided();
    d.receive(B, proposalOf(4, 0, W, { height: 2 }));
    d.judge().settle();
    d.votes('prevote', 0, W.id, [A, B], 2).settle();
    d.receive(A, { kind: 'readRequest', context: 9 });
    const [response] = d.saidOf('readResponse');
    expect(response).toMatchObject({ ok: true, barrier: 2 });
    expect(response?.proof.map(({ kind, voter }) => `${kind} ${voter}`)).toEqual([
      'prevote a',
      'prevote b',
      'prevote d',
    ]);
  });

  it('an answer to an earlier question confirms nothing that came later', () => {
    const d = decided();
    d.step({ kind: 'read', context: 5 });
    const old = d.saidOf('readRequest').at(-1)?.context ?? 0;
    d.pass(60);
    d.step({ kind: 'read', context: 6 });
    for (const from of [A, B]) d.receive(from, { kind: 'readResponse', context: old, ok: true, barrier: 0, proof: [] });
    expect(d.reads.map(({ context }) => context)).toEqual([5]);
  });

  it('a draining node confirms none, and answers none', () => {
    const d = decided();
    d.step({ kind: 'read', context: 5 });
    d.step({ kind: 'drain' });
    d.step({ kind: 'read', context: 6 });
    expect(d.reads).toEqual([
      { context: 5, index: 0, ok: false },
      { context: 6, index: 0, ok: false },
    ]);
    d.receive(A, { kind: 'readRequest', context: 9 });
    expect(d.saidOf('readResponse')).toMatchObject([{ ok: false }]);
  });
});

describe('catching up', () => {
  it('a peer that is behind gets decisions with their proofs', () => {
    const d = decided();
    d.receive(C, { kind: 'status', height: 1, round: 0, base: 0, reply: false });
    const sent = d.said.filter((said) => said.kind === 'decided');
    expect(sent).toMatchObject([{ to: C, height: 1, payload: V, epoch: { number: 1, node: A } }]);
  });

  it('a decision needs a quorum of different members for one payload', () => {
    for (const voters of [
      [A, B],
      [A, B, 'stranger' as typeof A],
    ]) {
      const d = new Replica(D, 4);
      d.receive(A, decidedOf(4, 1, V, voters));
      expect(d.checks).toEqual([]);
    }
  });

  it('a decision is judged by the rules alone: a quorum has judged its time', () => {
    const d = new Replica(D, 4);
    d.receive(A, decidedOf(4, 1, V, [A, B, C]));
    expect(d.checks).toMatchObject([{ slot: { index: 1, epoch: { number: 1, node: A } }, fresh: false }]);
  });

  it('decisions that come in any order are taken in order', () => {
    const d = new Replica(D, 4);
    const payloads = [1, 2, 3, 4].map((height) => payloadOf(`at ${height}`));
    for (const height of [3, 1, 4, 2]) d.receive(A, decidedOf(4, height, payloads[height - 1] ?? V, [A, B, C]));
    for (let i = 0; i < 5; i++) d.judge().settle();
    expect(d.committed.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  });

  it('what one peer may make this node hold is bounded', () => {
    const d = new Replica(D, 4);
    for (let height = 1; height < 100; height++) d.receive(A, decidedOf(4, height, payloadOf(`${height}`), [A, B, C]));
    for (let i = 0; i < 100; i++) d.judge().settle();
    expect(d.status.committed).toBeLessThanOrEqual(DECIDED_WAITING_MAX);
  });

  it('votes of a later height show that something is missing', () => {
    const d = new Replica(D, 4);
    d.votes('prevote', 0, V.id, [A], 7);
    expect(d.saidOf('status').at(-1)).toMatchObject({ height: 1, reply: false });
  });

  it('the next height counts what came early', () => {
    const d = new Replica(D, 4);
    d.receive(B, proposalOf(4, 0, W, { height: 2 }));
    d.votes('prevote', 0, W.id, [A, B, C], 2).votes('precommit', 0, W.id, [A, B, C], 2);
    d.receive(C, decidedOf(4, 1, V, [A, B, C]));
    d.judge().judge();
    expect(d.committed.map(({ index }) => index)).toEqual([1, 2]);
  });

  it('lost votes are said again', () => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle().pass(250);
    const [votes] = d.saidOf('votes');
    expect(votes?.votes.map(({ kind, voter }) => `${kind} ${voter}`)).toEqual(['prevote d']);
  });

  it('a proposer says its proposal again before it is given up', () => {
    const b = decided(B);
    const slot = b.demand().build;
    if (slot) b.step({ kind: 'propose', slot, payload: W });
    b.settle().pass(251).settle();
    expect(b.saidOf('proposal')).toHaveLength(2);
  });
});

describe('restarts', () => {
  it('decisions that were stored and not executed are handed out again', () => {
    const d = decided();
    const again = new Replica(D, 4, { ...d.store, applied: 0 });
    expect(again.committed).toMatchObject([{ index: 1, payload: V, epoch: { number: 1, node: A } }]);
    expect(again.status.committed).toBe(1);
  });

  it('a stored candidate is no decision', () => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('prevote', 0, V.id, [A, B]).settle();
    expect(d.store.log).toHaveLength(1);
    const again = new Replica(D, 4, d.store);
    expect(again.committed).toEqual([]);
    expect(again.status.committed).toBe(0);
  });

  it('a decision takes the candidate’s place, whichever it was', () => {
    const d = new Replica(D, 4);
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('prevote', 0, V.id, [A, B]).settle();
    d.receive(C, { ...decidedOf(4, 1, W, [A, B, C], 1) });
    d.judge().settle();
    expect(d.store.log).toMatchObject([{ index: 1, payload: W }]);
    expect(d.store.log[0]?.proof).toBeDefined();
  });
});

describe('a proposer without a connection', () => {
  it('is hardly waited for', () => {
    const d = decided();
    d.step({ kind: 'link', peer: B, up: false });
    d.demand();
    d.pass(49).settle();
    expect(d.voted('prevote', 0, 2)).toBe('none');
    d.pass(1).settle();
    expect(d.voted('prevote', 0, 2)).toBe('nil');
  });

  it('that was being waited for is not any longer', () => {
    const d = decided();
    d.demand();
    d.pass(100).step({ kind: 'link', peer: B, up: false });
    d.pass(50).settle();
    expect(d.voted('prevote', 0, 2)).toBe('nil');
  });

  it('that speaks is waited for again', () => {
    const d = decided();
    d.step({ kind: 'link', peer: B, up: false });
    d.receive(B, { kind: 'status', height: 2, round: 0, base: 0, reply: false });
    d.demand();
    d.pass(499).settle();
    expect(d.voted('prevote', 0, 2)).toBe('none');
  });

  it('of four nodes costs its turns little', () => {
    const cluster = new LyingCluster({ n: 4, seed: 'down' }, []).start().progress(1);
    cluster.crash(B);
    cluster.run(20);
    for (const id of cluster.live()) cluster.input(id, { kind: 'link', peer: B, up: false });
    const before = cluster.history.highest;
    cluster.demandAll(1000).run(5000);
    expect(cluster.history.highest - before).toBeGreaterThan(100);
  });
});

describe('a proposer that contradicted itself', () => {
  const lies = (voter: typeof A) => ({ kind: 'equivocated', voter }) as const;

  it('is neither waited for nor voted for', () => {
    const d = decided();
    d.step(lies(B));
    d.receive(B, proposalOf(4, 0, W, { height: 2 }));
    d.judge().settle();
    expect(d.voted('prevote', 0, 2)).toBe('nil');
  });

  it('starts no height by itself where there is nothing to decide', () => {
    const d = decided();
    d.step(lies(B));
    d.pass(5000).settle();
    expect(d.voted('prevote', 0, 2)).toBe('none');
  });

  it('is believed where more voters did so than can be tolerated, or the name is unknown', () => {
    const d = decided();
    for (const voter of [B, C, nodeId('stranger')]) d.step(lies(voter));
    d.receive(B, proposalOf(4, 0, W, { height: 2 }));
    d.judge().settle();
    expect(d.voted('prevote', 0, 2)).toBe(W.id);
  });

  it('of four nodes costs its turns nothing', () => {
    const cluster = new LyingCluster({ n: 4, seed: 'proven' }, []).start().progress(1);
    cluster.crash(B);
    cluster.run(20);
    for (const id of cluster.live()) cluster.input(id, lies(B));
    const before = cluster.history.highest;
    cluster.demandAll(1000).run(5000);
    expect(cluster.history.highest - before).toBeGreaterThan(200);
  });
});

describe('few nodes', () => {
  it('one alone decides when its own precommit is durable, and not before', () => {
    const a = new Replica(A, 1);
    const slot = a.demand().build;
    if (slot) a.step({ kind: 'propose', slot, payload: V });
    for (let i = 0; i < 3; i++) {
      expect(a.committed).toEqual([]);
      a.persist(1).judge();
    }
    expect(a.committed).toMatchObject([{ payload: V }]);
  });
});

describe('memory', () => {
  it('of proposals is bounded, whatever proposers send', () => {
    const book = new ProposalBook();
    const big = (round: number) => proposalOf(4, round, payloadOf(`${round}`, 1000));
    for (let round = 0; round < 500; round++) {
      book.add(big(round), new Uint8Array());
      book.add(big(1000 - round), new Uint8Array());
      if (round % 7 === 0) book.enter(round);
    }
    expect(book.bytes).toBeLessThanOrEqual(1000 * (PROPOSALS_BEHIND_MAX + 2 + 4 + 7));
  });

  it('of votes for other heights is none', () => {
    const d = new Replica(D, 4);
    for (let height = 3; height < 50; height++)
      d.receive(A, bundle(votesOf('precommit', 0, V.id, [A, B, C], height), height));
    d.receive(B, decidedOf(4, 1, V, [A, B, C]));
    d.judge().settle();
    d.receive(B, decidedOf(4, 2, W, [A, B, C]));
    d.judge().settle();
    expect(d.status.committed).toBe(2);
  });
});

it('the protocol says what it is', () => {
  expect(tendermint.name).toBe('tendermint');
  expect(tendermint.faultModel).toBe('byzantine');
  expect([1, 2, 3, 4, 7].map((n) => tendermint.quorum(n))).toEqual([1, 2, 3, 3, 5]);
});
