import type { Entry } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { RaftWatch } from '../../src/checks/raft-watch.ts';
import { playScript, type ScriptStep, writing } from './stage.ts';

const START = { epoch: 0, lastIndex: 0 };

function entry(index: number, term: number, node: string): Entry {
  return { index, epoch: { number: term, node: nodeId(node) } };
}

function message(content: object): ScriptStep['input'] {
  return { kind: 'message', envelope: { message: content } } as unknown as ScriptStep['input'];
}

/** A vote that arrives. */
function vote(term: number, voter: string, granted = true): ScriptStep {
  return { input: message({ kind: 'voteResponse', term, voter, granted }) };
}

/** A new leader's first entry, behind `lastIndex` others. */
function elected(term: number, node: string, lastIndex: number): ScriptStep {
  const write = writing(1, { append: [entry(lastIndex + 1, term, node)] });
  return { input: { kind: 'tick' }, output: { write } };
}

/** A leader of `term` commits up to `last`, since a follower acknowledged it. */
function counted(term: number, last: Entry): ScriptStep {
  return { input: message({ kind: 'appendAccepted', term, matchIndex: last.index }), output: { commit: [last] } };
}

/** What a watch says of the scripts of some replicas, one after the other. */
function judge(scripts: readonly (readonly [self: string, script: readonly ScriptStep[]])[]): string[] {
  const found: string[] = [];
  const watch = new RaftWatch({ isForgetful: () => false, report: (check) => found.push(check) });
  for (const [self, script] of scripts) playScript((protocol) => watch.watched(protocol), self, START, script);
  return found;
}

describe('one vote in a term', () => {
  it('is not two', () => {
    const scripts = [['a', [vote(3, 'c')]] as const, ['b', [vote(3, 'c')]] as const];
    expect(judge(scripts)).toEqual(['one vote in a term']);
  });

  it('may be said again, refused, and given anew in another term', () => {
    const scripts = [['a', [vote(3, 'c'), vote(3, 'c')]] as const, ['b', [vote(3, 'c', false), vote(4, 'c')]] as const];
    expect(judge(scripts)).toEqual([]);
  });
});

describe('a leader commits by counting', () => {
  it('no entry of an earlier term', () => {
    expect(judge([['a', [counted(4, entry(9, 2, 'a'))]]])).toEqual(['a leader counts its own term']);
  });

  it('what lies before one of its own', () => {
    expect(judge([['a', [counted(4, entry(9, 4, 'a'))]]])).toEqual([]);
  });
});

describe('a leader', () => {
  it('has what an earlier one committed', () => {
    const scripts = [['a', [counted(2, entry(9, 2, 'a'))]] as const, ['b', [elected(3, 'b', 8)]] as const];
    expect(judge(scripts)).toEqual(['a leader has what is committed']);
  });

  it('is found out by a commit that is heard of later', () => {
    const scripts = [['b', [elected(3, 'b', 8)]] as const, ['a', [counted(2, entry(9, 2, 'a'))]] as const];
    expect(judge(scripts)).toEqual(['a leader has what is committed']);
  });

  it('need not have what a later one commits', () => {
    const scripts = [['b', [elected(3, 'b', 8)]] as const, ['a', [counted(4, entry(9, 4, 'a'))]] as const];
    expect(judge(scripts)).toEqual([]);
  });
});

describe('a leader answers a read', () => {
  const noOp = elected(3, 'a', 8);
  const answer = { kind: 'readResponse', term: 3, context: 1, index: 8, ok: true };
  const own: ScriptStep = { input: { kind: 'tick' }, output: { reads: [{ context: 1, index: 8, ok: true }] } };
  const others: ScriptStep = { input: { kind: 'tick' }, output: { send: [{ message: answer }] as never } };
  const committed: ScriptStep = { input: { kind: 'tick' }, output: { commit: [entry(9, 3, 'a')] } };

  it.each([
    ['of its own', own],
    ['of another', others],
  ])('%s after its first entry is committed, and not before', (_, step) => {
    expect(judge([['a', [noOp, step]]])).toEqual(['a leader reads what its own term committed']);
    expect(judge([['a', [noOp, committed, step]]])).toEqual([]);
  });

  it('and a follower when the leader did', () => {
    const told: ScriptStep = { input: message(answer), output: { reads: [{ context: 1, index: 8, ok: true }] } };
    expect(judge([['a', [noOp, told]]])).toEqual([]);
  });
});
