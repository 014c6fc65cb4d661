import { describe, expect, it } from 'vitest';
import { decidedOf, proposalOf, V, W } from './builders.ts';
import { A, B, C, D } from './harness.ts';
import { Replica } from './replica.ts';

/** Proposers of height 1 among four: a, b, c, d, a, … by round. */
function replicaOf(self = D): Replica {
  return new Replica(self, 4);
}

/** At `replica`, round 0 ends with nothing decided and `locked` perhaps locked. */
function failRound(replica: Replica, round: number): void {
  replica.votes('precommit', round, null, [A, B, C]).settle();
  expect(replica.round).toBe(round + 1);
}

describe('one round, through the engine', () => {
  it('L11–L19: the proposer asks for a payload, proposes it, and judges it as any other', () => {
    const a = replicaOf(A);
    expect(a.last.build).toBeUndefined();
    expect(a.demand().build).toEqual({ index: 1, epoch: { number: 1, node: A } });
    const { check } = a.step({ kind: 'propose', slot: { index: 1, epoch: { number: 1, node: A } }, payload: V });
    expect(check).toHaveLength(0);
    a.persist();
    expect(a.saidOf('proposal')).toMatchObject([
      { height: 1, round: 0, validRound: null, payload: V, epoch: { number: 1, node: A } },
    ]);
    expect(a.checks).toMatchObject([{ fresh: true, payload: V }]);
    a.judge().settle();
    expect(a.voted('prevote', 0)).toBe(V.id);
  });

  it('L22, L36, L49: prevote, lock and precommit, decide', () => {
    const d = replicaOf();
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    expect(d.voted('prevote', 0)).toBe(V.id);
    d.votes('prevote', 0, V.id, [A]).settle();
    expect(d.voted('precommit', 0)).toBe('none');
    d.votes('prevote', 0, V.id, [B]).settle();
    expect(d.voted('precommit', 0)).toBe(V.id);
    d.votes('precommit', 0, V.id, [A]).settle();
    expect(d.committed).toHaveLength(0);
    d.votes('precommit', 0, V.id, [B]).settle();
    expect(d.committed).toMatchObject([{ index: 1, epoch: { number: 1, node: A }, payload: V }]);
  });

  it('L49: precommits before the proposal', () => {
    const d = replicaOf();
    d.votes('precommit', 0, V.id, [A, B, C]).settle();
    expect(d.committed).toHaveLength(0);
    d.receive(A, proposalOf(4, 0, V));
    d.judge();
    expect(d.committed).toHaveLength(1);
  });

  it('L49: a decision of an earlier round, in a later one', () => {
    const d = replicaOf();
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('precommit', 0, V.id, [A, B]).votes('prevote', 3, null, [A, B]).settle();
    expect(d.round).toBe(3);
    d.votes('precommit', 0, V.id, [C]);
    expect(d.committed).toMatchObject([{ payload: V, epoch: { number: 1, node: A } }]);
  });

  it('L22: a payload that the host refuses gets nil', () => {
    const d = replicaOf();
    d.receive(A, proposalOf(4, 0, V));
    d.judge(false).settle();
    expect(d.voted('prevote', 0)).toBe('nil');
  });

  it('a proposal of somebody else than the proposer is nothing', () => {
    const d = replicaOf();
    d.receive(B, { ...proposalOf(4, 0, V), voter: B, epoch: { number: 1, node: B } });
    expect(d.checks).toHaveLength(0);
    d.receive(B, proposalOf(4, 0, V));
    expect(d.checks).toHaveLength(0);
    d.votes('precommit', 0, null, [A, B, C]);
    d.receive(C, { ...proposalOf(4, 1, V, { validRound: 0 }), voter: C });
    expect(d.checks).toHaveLength(0);
    d.receive(B, { ...proposalOf(4, 1, V, { validRound: 0 }), epoch: { number: 1, node: C } });
    expect(d.checks).toHaveLength(0);
  });

  it('L57, L44, L47: a silent proposer costs one timeout', () => {
    const d = replicaOf();
    d.demand();
    expect(d.last.wakeAt).toBe(1250);
    d.pass(499).settle();
    expect(d.voted('prevote', 0)).toBe('none');
    d.pass(1).settle();
    expect(d.voted('prevote', 0)).toBe('nil');
    d.votes('prevote', 0, null, [B, C]).settle();
    expect(d.voted('precommit', 0)).toBe('nil');
    d.votes('precommit', 0, null, [B, C]).settle();
    expect(d.round).toBe(1);
  });

  it('L34, L61: prevotes that disagree are waited for', () => {
    const d = replicaOf();
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('prevote', 0, null, [B, C]).settle();
    expect(d.voted('precommit', 0)).toBe('none');
    d.pass(500).settle();
    expect(d.voted('precommit', 0)).toBe('nil');
  });

  it('L47, L65: precommits that disagree are waited for', () => {
    const d = replicaOf();
    d.votes('precommit', 0, V.id, [A]).votes('precommit', 0, null, [B, C]);
    d.pass(499);
    expect(d.round).toBe(0);
    d.pass(1);
    expect(d.round).toBe(1);
  });

  it('L55: more than a third in a later round, with whatever they say there', () => {
    const d = replicaOf();
    d.votes('prevote', 6, null, [B]);
    expect(d.round).toBe(0);
    d.votes('precommit', 6, null, [C]);
    expect(d.round).toBe(6);
  });
});

describe('locks', () => {
  /** Locked on V in round 0, now in round 1. */
  function locked(): Replica {
    const d = replicaOf();
    d.receive(A, proposalOf(4, 0, V));
    d.judge().settle();
    d.votes('prevote', 0, V.id, [A, B]).settle();
    expect(d.voted('precommit', 0)).toBe(V.id);
    failRound(d, 0);
    return d;
  }

  it('L22: another payload gets nil', () => {
    const d = locked();
    d.receive(B, proposalOf(4, 1, W));
    d.judge().settle();
    expect(d.voted('prevote', 1)).toBe('nil');
  });

  it('L28: a later polka unlocks', () => {
    const d = locked();
    failRound(d, 1);
    d.receive(C, proposalOf(4, 2, W, { validRound: 1 }));
    d.judge().settle();
    expect(d.voted('prevote', 2)).toBe('none');
    d.votes('prevote', 1, W.id, [A, B, C]).settle();
    expect(d.voted('prevote', 2)).toBe(W.id);
    d.votes('prevote', 2, W.id, [A, B]).settle();
    expect(d.voted('precommit', 2)).toBe(W.id);
  });

  it('L28: an earlier polka does not', () => {
    const d = replicaOf();
    failRound(d, 0);
    d.receive(B, proposalOf(4, 1, V));
    d.judge().settle();
    d.votes('prevote', 1, V.id, [A, B]).settle();
    failRound(d, 1);
    d.votes('prevote', 0, W.id, [A, B, C]);
    d.receive(C, proposalOf(4, 2, W, { validRound: 0 }));
    d.judge().settle();
    expect(d.voted('prevote', 2)).toBe('nil');
  });

  it('L36 in step precommit: the valid value is kept without a lock, and proposed with its epoch', () => {
    const b = replicaOf(B);
    b.receive(A, proposalOf(4, 0, V));
    b.judge().settle();
    b.votes('prevote', 0, null, [C, D]).pass(500).settle();
    expect(b.voted('precommit', 0)).toBe('nil');
    b.votes('prevote', 0, V.id, [A]).settle();
    expect(b.voted('precommit', 0)).toBe('nil');
    // The late polka came as a certificate, with the second vote of an equivocator.
    b.receive(A, {
      kind: 'votes',
      height: 1,
      round: 0,
      votes: decidedOf(4, 1, V, [A, B, C]).precommits.map((vote) => ({ ...vote, kind: 'prevote' })),
    });
    b.settle().votes('precommit', 0, null, [C, D]).settle();
    expect(b.round).toBe(1);
    b.settle();
    expect(b.saidOf('proposal')).toMatchObject([
      { round: 1, validRound: 0, payload: V, epoch: { number: 1, node: A } },
    ]);
  });

  it('a payload that was refused for its time is accepted once a quorum stands behind it', () => {
    const d = replicaOf();
    d.receive(A, proposalOf(4, 0, V));
    expect(d.checks).toMatchObject([{ fresh: true }]);
    d.judge(false).settle();
    expect(d.voted('prevote', 0)).toBe('nil');
    d.votes('precommit', 0, V.id, [A, B, C]);
    expect(d.checks).toMatchObject([{ fresh: false }]);
    d.judge();
    expect(d.committed).toMatchObject([{ payload: V }]);
  });
});
