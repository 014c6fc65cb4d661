import { nodeId } from '@varve/encoding';
import { expect, it } from 'vitest';
import type { Input, Output, Write } from '../../src/index.ts';
import { anchorAt, emptyStore, entryOf, recoveredOf } from '../../src/testing/index.ts';
import { isFull, OutputRules } from '../../src/testing/output-rules.ts';

const A = nodeId('a');
const slot = (index: number) => ({ index, epoch: { number: 1, node: A } });
const anchor = (index: number) => anchorAt(index, { number: 1, node: A });
const tick: Input<never> = { kind: 'tick' };
const nothing: Output<never> = { send: [], commit: [], check: [], dropped: [], reads: [], evidence: [] };
const writing = (sequence: number, more: Partial<Write<never>>): Output<never> => ({
  ...nothing,
  // biome-ignore lint/suspicious/noThenProperty: the contract's name, and an array is no function.
  write: { sequence, append: [], then: [], ...more },
});
const entries = (...indexes: readonly number[]) => indexes.map((index) => entryOf(index, 1, A, `${index}`));

type Step = readonly [Input<never>, Output<never>];
const run = (...steps: readonly Step[]) => {
  const rules = new OutputRules('a', recoveredOf(emptyStore()), 0);
  for (const [input, output] of steps) {
    rules.note(input);
    rules.check(input, output, 1000);
  }
};
const appended = [tick, writing(1, { append: entries(1, 2, 3) })] as const;

it.each<{ name: string; steps: readonly Step[]; fact: RegExp }>([
  { name: 'a deadline in the past', steps: [[tick, { ...nothing, wakeAt: 999 }]], fact: /wakes at 999/ },
  { name: 'a busy tick', steps: [[tick, { ...nothing, wakeAt: 1000 }]], fact: /at once/ },
  { name: 'a gap between writes', steps: [[tick, writing(2, {})]], fact: /write 2 follows 0/ },
  { name: 'a gap in the log', steps: [[tick, writing(1, { append: entries(2) })]], fact: /appends 2 after 0/ },
  { name: 'a gap between commits', steps: [[tick, { ...nothing, commit: entries(2) }]], fact: /commits 2 after 0/ },
  {
    name: 'a repeated commit',
    steps: [
      [tick, { ...nothing, commit: entries(1) }],
      [tick, { ...nothing, commit: entries(1) }],
    ],
    fact: /commits 1 after 1/,
  },
  {
    name: 'a commit that block sync already brought',
    steps: [
      [
        { kind: 'synced', anchor: anchor(5) },
        { ...nothing, commit: entries(5) },
      ],
    ],
    fact: /commits 5 after 5/,
  },
  {
    name: 'a commit taken back',
    steps: [appended, [tick, { ...nothing, commit: entries(1, 2) }], [tick, writing(2, { truncateFrom: 2 })]],
    fact: /truncates from 2 what it committed/,
  },
  {
    name: 'a log trimmed unasked',
    steps: [appended, [tick, writing(2, { anchor: anchor(2) })]],
    fact: /nobody certif/,
  },
  {
    name: 'an anchor that moves back',
    steps: [
      appended,
      [{ kind: 'certified', anchor: anchor(3) }, writing(2, { anchor: anchor(3) })],
      [tick, writing(3, { anchor: anchor(2) })],
    ],
    fact: /back to 2/,
  },
  {
    name: 'a question asked twice',
    steps: [
      [tick, { ...nothing, build: slot(1) }],
      [tick, { ...nothing, build: slot(1) }],
    ],
    fact: /asks twice for 1/,
  },
  { name: 'a question while draining', steps: [[{ kind: 'drain' }, { ...nothing, build: slot(1) }]], fact: /drains/ },
])('finds $name', ({ steps, fact }) => {
  expect(() => run(...steps)).toThrow(fact);
});

it('allows what the contract allows', () => {
  expect(() =>
    run(
      appended,
      [tick, { ...writing(2, { truncateFrom: 2, append: entries(2) }), commit: entries(1, 2), wakeAt: 1001 }],
      [{ kind: 'certified', anchor: anchor(2) }, writing(3, { anchor: anchor(2) })],
      [tick, { ...nothing, build: slot(3) }],
      [{ kind: 'propose', slot: slot(3), payload: { id: '' as never, bytes: new Uint8Array() } }, nothing],
      [tick, { ...nothing, build: slot(3) }],
      [tick, { ...nothing, build: slot(4) }],
      [{ kind: 'synced', anchor: anchor(9) }, writing(4, { truncateFrom: 10, anchor: anchor(9) })],
    ),
  ).not.toThrow();
});

it.each([
  { sizes: [1, 1], full: false },
  { sizes: [1, 1, 1], full: true },
  { sizes: [10], full: true },
])('$sizes fill a window of 3 payloads and 10 bytes: $full', ({ sizes, full }) => {
  const proposals = sizes.map((bytes) => ({ bytes }));
  expect(isFull({ payloads: 3, bytes: 10 }, proposals)).toBe(full);
});
