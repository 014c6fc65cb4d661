import { expect, it } from 'vitest';
import type { Protocol } from '../../src/index.ts';
import { expectScenario, runScenario } from '../../src/testing/index.ts';

/** Engines that do nothing at all. */
const idle: Protocol<never> = {
  name: 'raft',
  faultModel: 'crash',
  quorum: (n) => n,
  create: () => {
    const output = { send: [], commit: [], check: [], dropped: [], reads: [], evidence: [] };
    const status = {
      role: 'follower',
      epoch: { number: 0, node: '' },
      lastIndex: 0,
      committed: 0,
      applied: 0,
    } as const;
    const rest = { anchor: 0, inFlight: { payloads: 0, bytes: 0 }, peers: [] };
    return { engine: { step: () => output, status: () => ({ ...status, ...rest }) }, first: output };
  },
  vouched: () => undefined,
  signBytes: () => undefined,
  statements: () => [],
  encode: (message) => message,
  decode: () => ({ kind: 'malformed', reason: 'nobody speaks' }),
};

it('keeps comments and commands, and writes what happened', () => {
  const text = '# Two.\nstart 2\n\npropose a x\n----\nold\n\n# The end.\nstatus\n';
  const actual = runScenario(idle, text);
  expect(actual).toBe(
    '# Two.\nstart 2\n----\na is follower in 0\nb is follower in 0\n\n' +
      'propose a x\n----\na asks for no payload\n\n' +
      '# The end.\nstatus\n----\n' +
      'a: follower in 0, leader unknown, log 0, committed 0\nb: follower in 0, leader unknown, log 0, committed 0\n',
  );
  expect(runScenario(idle, actual)).toBe(actual);
});

it.each([
  ['status', /line 1, status: a scenario begins with `start`/],
  ['start 2\nfly a', /line 2, fly a: no such command: fly/],
  ['start 2\ntick c', /line 2, tick c: no such node: c/],
  ['start 2\ntick a soon', /no number: soon/],
  ['start 2\nelect a', /a does not come to lead/],
  ['start 2\ncrash a\nelect a', /a is down/],
])('says where %j goes wrong', (text, fact) => {
  expect(() => runScenario(idle, text)).toThrow(fact);
});

it('shows what differs, and where', () => {
  expect(() => expectScenario('x.txt', 'a\nb\nc\n', 'a\nB\nc\nd\n', 'accept it so')).toThrow(
    'x.txt differs (- file, + what happened; accept it so):\n  1: a\n- b\n+ B\n  3: c\n+ d',
  );
  expect(() => expectScenario('x.txt', 'a\n', 'a\n', '')).not.toThrow();
});
