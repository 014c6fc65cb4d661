import { describe, expect, it } from 'vitest';
import { parseProfile, selfTimes, shareRows, summed } from '../../bench/profile.ts';

const ROOT = 'file:///srv/varve';
const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });
const FRAMES = [
  frame('(root)'),
  frame('(idle)'),
  frame('(garbage collector)'),
  frame('step', `${ROOT}/packages/raft/src/step.ts`, 11),
  frame('', `${ROOT}/apps/node/dist/main.js`, 0),
  frame('put', `${ROOT}/node_modules/.pnpm/level@10.0.0/node_modules/level/index.js`, 4),
  frame('sign', `${ROOT}/node_modules/.pnpm/@noble+curves@2.4.0/node_modules/@noble/curves/ed25519.js`, 8),
  frame('readSync', 'node:fs', 99),
  frame('writeBuffer'),
  frame('wasm-function[7]', 'wasm://wasm/b0efbf5e', 0),
];
const profileOf = (samples: readonly number[], timeDeltas: readonly number[]) =>
  parseProfile(
    JSON.stringify({ nodes: FRAMES.map((callFrame, at) => ({ id: at + 1, callFrame })), samples, timeDeltas }),
  );

describe('a profile', () => {
  // A delta lies before its sample: the first sample counts 100, the second 40, and so on; the last counts nothing.
  const times = selfTimes(profileOf([4, 2, 3, 4, 6, 7, 5, 8, 9, 10, 4], [7, 100, 40, 10, 20, 30, 60, 5, 15, 25, -3]));

  it('counts each sample until the next, and waiting not at all', () => {
    expect(times.busyMicros).toBe(100 + 10 + 20 + 30 + 60 + 5 + 15 + 25);
    expect(times.functions.get('step step.ts:12 (@varve/raft)')).toBe(120);
  });

  it('knows packages by where their files are', () => {
    expect(Object.fromEntries(times.packages)).toEqual({
      '@varve/raft': 120,
      '(garbage collector)': 10,
      level: 30,
      '@noble/curves': 60,
      '@varve/node': 5,
      node: 15,
      native: 25,
    });
  });

  it('is shown as shares of busy time, beside those of all', () => {
    const busy = selfTimes(profileOf([4, 3, 4], [0, 30, 10]));
    const other = selfTimes(profileOf([10, 3], [0, 40]));
    expect(shareRows(busy, summed([busy, other]), 'packages', 2)).toEqual([
      { name: '@varve/raft', busiest: 0.75, all: 30 / 80 },
      { name: '(garbage collector)', busiest: 0.25, all: 10 / 80 },
    ]);
  });

  it.each(['{}', '{"nodes":[],"samples":[]}'])('is not %s', (text) => {
    expect(() => parseProfile(text)).toThrow(/no profile/);
  });
});
