import { describe, expect, it } from 'vitest';
import { type Facts, nextRule, type ProposalFacts, type RoundState, type Step } from '../src/rules.ts';
import { VoteKeeper } from '../src/votes.ts';
import { V, votesOf, W } from './builders.ts';
import { A, B, C, D } from './harness.ts';

const v = V.id;
const w = W.id;
const ALL = [A, B, C, D];

function stateOf(round: number, step: Step, more: Partial<RoundState> = {}): RoundState {
  return { round, step, locked: undefined, valid: undefined, ...more };
}

function keeperOf(round: number, ...votes: ReturnType<typeof votesOf>[]): VoteKeeper {
  const keeper = new VoteKeeper(ALL, 3);
  keeper.enter(round);
  for (const vote of votes.flat()) keeper.add(vote);
  return keeper;
}

function factsOf(more: Partial<Facts> & { readonly steps?: readonly Step[] } = {}): Facts {
  return {
    votes: keeperOf(0),
    proposal: undefined,
    isDistrusted: false,
    decision: undefined,
    roundOfMany: -1,
    scheduled: new Set(),
    expired: new Set(),
    ...more,
  };
}

function proposed(more: Partial<ProposalFacts> = {}): ProposalFacts {
  return { id: v, validRound: null, isValid: true, ...more };
}

describe('L22: a new payload', () => {
  it.each([
    { name: 'valid, no lock', proposal: {}, locked: undefined, id: v },
    { name: 'invalid', proposal: { isValid: false }, locked: undefined, id: null },
    { name: 'locked on it', proposal: {}, locked: { round: 0, id: v }, id: v },
    { name: 'locked on another: nil, not the lock', proposal: {}, locked: { round: 0, id: w }, id: null },
  ])('$name', ({ proposal, locked, id }) => {
    const facts = factsOf({ proposal: proposed(proposal) });
    expect(nextRule(stateOf(1, 'propose', { locked }), facts)).toEqual({ line: 22, kind: 'prevote', id });
  });

  it('waits for the host', () => {
    expect(nextRule(stateOf(0, 'propose'), factsOf({ proposal: proposed({ isValid: undefined }) }))).toBeUndefined();
  });

  it.each(['prevote', 'precommit'] as const)('not in step %s', (step) => {
    expect(nextRule(stateOf(0, step), factsOf({ proposal: proposed() }))).toBeUndefined();
  });
});

describe('L57 for a proposer that contradicted itself', () => {
  it.each([
    { name: 'that is silent', more: {} },
    { name: 'with a valid payload', more: { proposal: proposed() } },
    {
      name: 'with a payload that had a polka',
      more: { proposal: proposed({ validRound: 0 }), votes: keeperOf(1, votesOf('prevote', 0, v, [A, B, C])) },
    },
  ])('$name: nil at once', ({ more }) => {
    const rule = nextRule(stateOf(1, 'propose'), factsOf({ ...more, isDistrusted: true }));
    expect(rule).toEqual({ line: 57, kind: 'prevote', id: null });
  });

  it('a polka of others for its payload counts', () => {
    const votes = keeperOf(0, votesOf('prevote', 0, v, [B, C, D]));
    const facts = factsOf({ votes, proposal: proposed(), isDistrusted: true });
    expect(nextRule(stateOf(0, 'prevote'), facts)).toMatchObject({ line: 36, kind: 'lock', id: v });
  });
});

describe('L28: a payload with an earlier polka', () => {
  const votes = keeperOf(3, votesOf('prevote', 1, v, [A, B, C]));
  const proposal = proposed({ validRound: 1 });

  it.each([
    { name: 'no lock', locked: undefined, id: v },
    { name: 'locked before the polka', locked: { round: 0, id: w }, id: v },
    { name: 'locked in the round of the polka', locked: { round: 1, id: w }, id: v },
    { name: 'locked after the polka', locked: { round: 2, id: w }, id: null },
    { name: 'locked on it after the polka', locked: { round: 2, id: v }, id: v },
  ])('$name', ({ locked, id }) => {
    const rule = nextRule(stateOf(3, 'propose', { locked }), factsOf({ votes, proposal }));
    expect(rule).toEqual({ line: 28, kind: 'prevote', id });
  });

  it('invalid', () => {
    const facts = factsOf({ votes, proposal: proposed({ validRound: 1, isValid: false }) });
    expect(nextRule(stateOf(3, 'propose'), facts)).toEqual({ line: 28, kind: 'prevote', id: null });
  });

  it('waits for the polka, and is tested again when the last prevote comes', () => {
    const late = keeperOf(3, votesOf('prevote', 1, v, [A, B]));
    const facts = factsOf({ votes: late, proposal });
    expect(nextRule(stateOf(3, 'propose'), facts)).toBeUndefined();
    for (const vote of votesOf('prevote', 1, v, [D])) late.add(vote);
    expect(nextRule(stateOf(3, 'propose'), facts)).toEqual({ line: 28, kind: 'prevote', id: v });
  });

  it('not for a polka of the present round or a later one', () => {
    const present = keeperOf(1, votesOf('prevote', 1, v, ALL));
    expect(nextRule(stateOf(1, 'propose'), factsOf({ votes: present, proposal }))).toBeUndefined();
  });
});

describe('L34: a quorum of prevotes for anything', () => {
  const votes = keeperOf(0, votesOf('prevote', 0, v, [A, B]), votesOf('prevote', 0, null, [C]));

  it('starts the timeout once, in step prevote', () => {
    expect(nextRule(stateOf(0, 'prevote'), factsOf({ votes }))).toEqual({
      line: 34,
      kind: 'schedule',
      step: 'prevote',
    });
    expect(nextRule(stateOf(0, 'prevote'), factsOf({ votes, scheduled: new Set(['prevote']) }))).toBeUndefined();
    expect(nextRule(stateOf(0, 'propose'), factsOf({ votes }))).toBeUndefined();
    expect(nextRule(stateOf(0, 'precommit'), factsOf({ votes }))).toBeUndefined();
  });

  it('not below a quorum', () => {
    const few = keeperOf(0, votesOf('prevote', 0, v, [A, B]));
    expect(nextRule(stateOf(0, 'prevote'), factsOf({ votes: few }))).toBeUndefined();
  });
});

describe('L36: a polka', () => {
  const votes = keeperOf(1, votesOf('prevote', 1, v, [A, B, C]));
  const proposal = proposed();

  it('locks in step prevote, whatever was locked', () => {
    const expected = { line: 36, kind: 'lock', id: v };
    expect(nextRule(stateOf(1, 'prevote'), factsOf({ votes, proposal }))).toEqual(expected);
    const locked = { round: 0, id: w };
    expect(nextRule(stateOf(1, 'prevote', { locked, valid: locked }), factsOf({ votes, proposal }))).toEqual(expected);
  });

  it('sets the valid value also in step precommit, and once', () => {
    const expected = { line: 36, kind: 'setValid', id: v };
    expect(nextRule(stateOf(1, 'precommit'), factsOf({ votes, proposal }))).toEqual(expected);
    const valid = { round: 1, id: v };
    expect(nextRule(stateOf(1, 'precommit', { valid }), factsOf({ votes, proposal }))).toBeUndefined();
  });

  it('comes before the timeout of prevotes', () => {
    const facts = factsOf({ votes, proposal, expired: new Set(['prevote']) });
    expect(nextRule(stateOf(1, 'prevote'), facts)).toMatchObject({ line: 36 });
  });

  it.each([
    { name: 'an invalid payload', proposal: proposed({ isValid: false }) },
    { name: 'a payload that is being judged', proposal: proposed({ isValid: undefined }) },
    { name: 'another payload', proposal: proposed({ id: w }) },
    { name: 'no proposal', proposal: undefined },
  ])('not for $name', ({ proposal }) => {
    const rule = nextRule(stateOf(1, 'prevote'), factsOf({ votes, proposal, scheduled: new Set(['prevote']) }));
    expect(rule).toBeUndefined();
  });

  it('not for a polka of another round', () => {
    const facts = factsOf({ votes, proposal });
    expect(nextRule(stateOf(2, 'prevote'), facts)).toBeUndefined();
  });
});

describe('L44: a polka for nil', () => {
  const votes = keeperOf(0, votesOf('prevote', 0, null, [A, B, C]));

  it('precommits nil in step prevote only', () => {
    expect(nextRule(stateOf(0, 'prevote'), factsOf({ votes }))).toEqual({ line: 44, kind: 'precommitNil' });
    expect(nextRule(stateOf(0, 'propose'), factsOf({ votes }))).toBeUndefined();
    expect(nextRule(stateOf(0, 'precommit'), factsOf({ votes }))).toBeUndefined();
  });
});

describe('L47: a quorum of precommits for anything', () => {
  const votes = keeperOf(0, votesOf('precommit', 0, v, [A, B]), votesOf('precommit', 0, null, [C]));

  it.each(['propose', 'prevote', 'precommit'] as const)('starts the timeout once, in step %s', (step) => {
    const expected = { line: 47, kind: 'schedule', step: 'precommit' };
    expect(nextRule(stateOf(0, step), factsOf({ votes }))).toEqual(expected);
    expect(nextRule(stateOf(0, step), factsOf({ votes, scheduled: new Set(['precommit']) }))).toBeUndefined();
  });

  it('of nil: nothing is left to wait for', () => {
    const nil = keeperOf(0, votesOf('precommit', 0, null, [A, B, C]));
    expect(nextRule(stateOf(0, 'precommit'), factsOf({ votes: nil }))).toEqual({
      line: 47,
      kind: 'enterRound',
      round: 1,
    });
  });
});

describe('L49: a decision', () => {
  it.each(['propose', 'prevote', 'precommit'] as const)('of any round, in step %s, before all else', (step) => {
    const decision = { round: 0, id: v };
    const facts = factsOf({ decision, roundOfMany: 9, expired: new Set([step]) });
    expect(nextRule(stateOf(4, step), facts)).toEqual({ line: 49, kind: 'decide', ...decision });
  });
});

describe('L55: a third of the voters in a later round', () => {
  it('is followed there', () => {
    expect(nextRule(stateOf(2, 'propose'), factsOf({ roundOfMany: 5 }))).toEqual({
      line: 55,
      kind: 'enterRound',
      round: 5,
    });
    expect(nextRule(stateOf(5, 'propose'), factsOf({ roundOfMany: 5 }))).toBeUndefined();
  });
});

describe('L57, L61, L65: timeouts', () => {
  it('of the proposal: prevote nil', () => {
    const facts = factsOf({ expired: new Set(['propose']) });
    expect(nextRule(stateOf(0, 'propose'), facts)).toEqual({ line: 57, kind: 'prevote', id: null });
    expect(nextRule(stateOf(0, 'prevote'), facts)).toBeUndefined();
  });

  it('of the proposal, while the host judges: prevote nil', () => {
    const facts = factsOf({ proposal: proposed({ isValid: undefined }), expired: new Set(['propose']) });
    expect(nextRule(stateOf(0, 'propose'), facts)).toEqual({ line: 57, kind: 'prevote', id: null });
  });

  it('of prevotes: precommit nil', () => {
    const facts = factsOf({ expired: new Set(['prevote']) });
    expect(nextRule(stateOf(0, 'prevote'), facts)).toEqual({ line: 61, kind: 'precommitNil' });
    expect(nextRule(stateOf(0, 'precommit'), facts)).toBeUndefined();
  });

  it.each(['propose', 'prevote', 'precommit'] as const)('of precommits: the next round, from step %s', (step) => {
    const facts = factsOf({ expired: new Set(['precommit']) });
    expect(nextRule(stateOf(3, step), facts)).toEqual({ line: 65, kind: 'enterRound', round: 4 });
  });
});
