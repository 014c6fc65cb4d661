import type { Entry, Recovered } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { LogWatch } from '../../src/checks/log-watch.ts';
import { playScript, type ScriptStep, writing } from './stage.ts';

const CHECK = 'the leader has what is acknowledged';
const START = { epoch: 3, lastIndex: 0 };
/** A log that starts after index 4. */
const START_ANCHOR = { index: 4, epoch: { number: 1 } };
const RECOVERED = { anchor: START_ANCHOR, ledger: START_ANCHOR, log: [] } as unknown as Recovered;

function entries(first: number, ...terms: readonly number[]): Entry[] {
  return terms.map((number, i) => ({ index: first + i, epoch: { number, node: nodeId('l') } }));
}

/** A write of a replica, with what it acknowledges in term 3 when that is durable. */
function written(append: readonly Entry[], matchIndex?: number, truncateFrom?: number): ScriptStep {
  const said = matchIndex === undefined ? [] : [{ kind: 'appendAccepted', term: 3, matchIndex, voter: 'f' }];
  const content = truncateFrom === undefined ? { append } : { append, truncateFrom };
  return { input: { kind: 'tick' }, output: { write: writing(1, content, said) } };
}

function heard(matchIndex: number, term = 3): ScriptStep {
  const message = { kind: 'appendAccepted', term, matchIndex, voter: 'f' };
  return { input: { kind: 'message', envelope: { message } } as unknown as ScriptStep['input'] };
}

/** What the watch says when `follower` has acted, and then `leader`, which leads term 3. */
function judge(follower: readonly ScriptStep[], leader: readonly ScriptStep[], isForgetful = false): string[] {
  const found: string[] = [];
  const watch = new LogWatch({ isForgetful: () => isForgetful, report: (check) => found.push(check) });
  for (const [self, script, role] of [['f', follower, 'follower'] as const, ['l', leader, 'leader'] as const]) {
    playScript((protocol) => watch.watched(protocol), self, { ...START, role }, script, undefined, RECOVERED);
  }
  return found;
}

describe('an acknowledgement', () => {
  it.each([
    ['of what the leader holds', [written(entries(5, 1, 3), 6)], [written(entries(5, 1, 3)), heard(6)], []],
    ['of more than the leader holds', [written(entries(5, 1, 1), 6)], [written(entries(5, 1)), heard(6)], [CHECK]],
    ['of an entry of another term', [written(entries(5, 1, 2), 6)], [written(entries(5, 1, 3)), heard(6)], [CHECK]],
    ['of more than the follower holds', [written(entries(5, 1), 6)], [written(entries(5, 1, 3)), heard(6)], [CHECK]],
    [
      'of what was replaced',
      [written(entries(5, 1, 2)), written(entries(6, 3), 6, 6)],
      [written(entries(5, 1, 3)), heard(6)],
      [],
    ],
    [
      'of what was cut off',
      [written(entries(5, 1, 3)), written([], 6, 6)],
      [written(entries(5, 1, 3)), heard(6)],
      [CHECK],
    ],
    ['of what is certified', [written([], 4)], [written(entries(5, 1)), heard(4)], []],
    ['in an earlier term', [written(entries(5, 1, 1), 6)], [written(entries(5, 1)), heard(6, 2)], []],
  ] as const)('%s', (_, follower, leader, expected) => {
    expect(judge(follower, leader)).toEqual(expected);
  });

  it('of a disk that forgot proves nothing', () => {
    expect(judge([written(entries(5, 1, 1), 6)], [written(entries(5, 1)), heard(6)], true)).toEqual([]);
  });
});

describe('block sync', () => {
  const CONTRADICTED = 'the log holds what the ledger stands on';
  const synced = (index: number, term: number, content: object = {}): ScriptStep => ({
    input: { kind: 'synced', anchor: { index, epoch: { number: term } } } as unknown as ScriptStep['input'],
    output: { write: writing(2, content) },
  });
  const anchor = { index: 6, epoch: { number: 3 } };

  it.each([
    ['keeps a log that holds its anchor', [written(entries(5, 1, 3, 3)), synced(6, 3)], []],
    ['does not keep one that holds another', [written(entries(5, 1, 2, 2)), synced(6, 3)], [CONTRADICTED]],
    ['makes a log start anew', [written(entries(5, 1, 2, 2)), synced(6, 3, { truncateFrom: 7, anchor })], []],
    ['does not leave a log behind', [written(entries(5, 1)), synced(6, 3)], [CONTRADICTED]],
    ['takes a log along', [written(entries(5, 1)), synced(6, 3, { anchor })], []],
  ] as const)('%s', (_, script, expected) => {
    expect(judge(script, [])).toEqual(expected);
  });
});
