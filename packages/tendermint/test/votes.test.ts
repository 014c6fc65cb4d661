import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROUNDS_BEHIND_MAX, VoteKeeper } from '../src/votes.ts';
import { V, voteOf, votesOf, W } from './builders.ts';
import { A, B, C, D } from './harness.ts';

const ALL = [A, B, C, D];
const keeper = () => new VoteKeeper(ALL, 3);

describe('counting', () => {
  it('a voter counts once in a round and kind, however often it speaks', () => {
    const votes = keeper();
    for (let i = 0; i < 5; i++) for (const voter of [A, B]) votes.add(voteOf('prevote', 0, V.id, voter));
    expect(votes.hasQuorum('prevote', 0, V.id)).toBe(false);
    expect(votes.hasAny('prevote', 0)).toBe(false);
    votes.add(voteOf('prevote', 0, V.id, C));
    expect(votes.hasQuorum('prevote', 0, V.id)).toBe(true);
  });

  it('kinds, rounds and payloads are apart', () => {
    const votes = keeper();
    votes.add(voteOf('prevote', 0, V.id, A));
    votes.add(voteOf('precommit', 0, V.id, B));
    votes.add(voteOf('prevote', 1, V.id, C));
    votes.add(voteOf('prevote', 0, W.id, D));
    expect(votes.certificate('prevote', 0, V.id)).toHaveLength(1);
  });

  it('trap 44: a second vote neither erases nor blocks what counts, in any order', () => {
    const first = votesOf('prevote', 0, V.id, [A, B, C]);
    const second = votesOf('prevote', 0, null, [A, B, C]);
    const orders = fc.shuffledSubarray([...first, ...second.slice(0, 1)], { minLength: 4 });
    fc.assert(
      fc.property(orders, (order) => {
        const votes = keeper();
        let before = 0;
        for (const vote of order) {
          votes.add(vote);
          const count = votes.certificate('prevote', 0, V.id).length;
          expect(count).toBeGreaterThanOrEqual(before);
          before = count;
        }
        const isFirst = order.findIndex(({ voter, id }) => voter === A && id === V.id);
        const isSecond = order.findIndex(({ voter, id }) => voter === A && id === null);
        expect(votes.hasQuorum('prevote', 0, V.id)).toBe(isFirst < isSecond);
        expect(votes.hasAny('prevote', 0)).toBe(true);
      }),
    );
  });

  it('reports the vote that a second one contradicts', () => {
    const votes = keeper();
    const first = voteOf('precommit', 0, V.id, A);
    expect(votes.add(first)).toBeUndefined();
    expect(votes.add(first)).toBeUndefined();
    expect(votes.add(voteOf('precommit', 0, null, A))).toBe(first);
  });

  it('trap 43: inside a whole certificate a second vote counts', () => {
    const votes = keeper();
    votes.add(voteOf('prevote', 0, null, D));
    const conflicts = votes.addAll(votesOf('prevote', 0, V.id, [A, B, D]));
    expect(conflicts).toHaveLength(1);
    expect(votes.hasQuorum('prevote', 0, V.id)).toBe(true);
    expect(votes.certificate('prevote', 0, V.id).map(({ voter }) => voter)).toEqual([A, B, D]);
  });

  it('in less than a certificate it does not', () => {
    const votes = keeper();
    votes.add(voteOf('prevote', 0, null, D));
    votes.addAll(votesOf('prevote', 0, V.id, [A, D]));
    expect(votes.certificate('prevote', 0, V.id).map(({ voter }) => voter)).toEqual([A]);
  });

  it('trap 49: a vote that does not belong voids none of those beside it', () => {
    const votes = keeper();
    votes.addAll([
      ...votesOf('prevote', 0, V.id, [A, B, C]),
      voteOf('prevote', 0, W.id, D),
      voteOf('prevote', 0, V.id, A),
    ]);
    expect(votes.hasQuorum('prevote', 0, V.id)).toBe(true);
  });
});

describe('decisions', () => {
  it('are quorums of precommits for a payload, of any round', () => {
    const votes = keeper();
    votes.enter(5);
    for (const vote of votesOf('precommit', 2, V.id, [A, B, C])) votes.add(vote);
    for (const vote of votesOf('precommit', 3, null, ALL)) votes.add(vote);
    expect(votes.decisions()).toEqual([{ round: 2, id: V.id }]);
  });

  it('count what came as a certificate', () => {
    const votes = keeper();
    votes.add(voteOf('precommit', 0, null, C));
    votes.addAll(votesOf('precommit', 0, V.id, [A, B, C]));
    expect(votes.decisions()).toEqual([{ round: 0, id: V.id }]);
  });
});

describe('rounds', () => {
  it('are followed where enough voters have reached them, or later ones', () => {
    const votes = keeper();
    expect(votes.roundOf(2)).toBe(-1);
    votes.add(voteOf('prevote', 7, null, A));
    expect(votes.roundOf(2)).toBe(-1);
    votes.add(voteOf('precommit', 4, null, B));
    expect(votes.roundOf(2)).toBe(4);
    votes.noteReached(C, 6);
    expect(votes.roundOf(2)).toBe(6);
    expect([votes.countFrom(4), votes.countFrom(5), votes.countFrom(7)]).toEqual([3, 2, 1]);
  });

  it('votes of a far round count when it is entered', () => {
    const votes = keeper();
    for (const vote of [...votesOf('prevote', 9, V.id, ALL), ...votesOf('precommit', 9, V.id, ALL)]) votes.add(vote);
    expect(votes.hasQuorum('prevote', 9, V.id)).toBe(false);
    votes.enter(8);
    expect(votes.hasQuorum('prevote', 9, V.id)).toBe(true);
    expect(votes.hasQuorum('precommit', 9, V.id)).toBe(true);
  });

  it('memory is bounded for each voter, whatever it says', () => {
    const votes = keeper();
    for (let round = 0; round < 3000; round++) {
      for (const kind of ['prevote', 'precommit'] as const) {
        for (const id of [V.id, W.id, null]) votes.add(voteOf(kind, round, id, A));
        votes.add(voteOf(kind, 3000 - round, V.id, A));
      }
      if (round % 10 === 0) votes.enter(round);
    }
    expect(votes.size).toBeLessThanOrEqual(2 * (ROUNDS_BEHIND_MAX + 3));
  });
});
