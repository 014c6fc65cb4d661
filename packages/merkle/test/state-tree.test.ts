import { sha256, sha256Parts } from '@varve/crypto';
import { toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StateChange, StateTree } from '../src/index.ts';
import { hex, slowStateRoot } from './oracle.ts';

/** Keys that share anything from 0 to 255 leading bits: random ones alone would make only shallow trees. */
const POOL: readonly string[] = [
  ...Array.from({ length: 14 }, (_, i) => toHex(sha256(Uint8Array.of(i)))),
  '00'.repeat(32),
  `${'00'.repeat(31)}01`,
  `${'00'.repeat(31)}80`,
  `00000080${'00'.repeat(28)}`,
  'ff'.repeat(32),
  `${'ff'.repeat(31)}fe`,
  `${'ff'.repeat(20)}${'00'.repeat(12)}`,
  `7f${'ff'.repeat(31)}`,
  `80${'00'.repeat(31)}`,
];
const value = (n: number) => toHex(sha256(Uint8Array.of(99, n)));
const change = (key: string, to: string | undefined): StateChange => ({
  key: hex(key),
  value: to === undefined ? undefined : hex(to),
});
const sortedEntries = (content: ReadonlyMap<string, string>) => [...content].sort(([a], [b]) => (a < b ? -1 : 1));
const treeOf = (content: ReadonlyMap<string, string>) =>
  StateTree.empty.update([...content].map(([key, to]) => change(key, to)));

const batches = fc.array(
  fc.uniqueArray(
    fc.record({ key: fc.constantFrom(...POOL), to: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }) }),
    {
      selector: ({ key }) => key,
      maxLength: 12,
    },
  ),
  { maxLength: 8 },
);

describe('StateTree', () => {
  it('has 32 zero bytes for the root of nothing, and its leaf for the root of one key', () => {
    expect(toHex(StateTree.empty.root)).toBe('00'.repeat(32));
    const [key, to] = [hex(POOL[0] ?? ''), hex(value(1))];
    expect(StateTree.empty.update([{ key, value: to }]).root).toEqual(sha256Parts(Uint8Array.of(0), key, to));
  });

  it('hashes two keys that part at the first bit once, and those that part later through empty subtrees', () => {
    const [a, b, to] = [hex('00'.repeat(32)), hex('ff'.repeat(32)), hex(value(1))];
    const leaf = (key: Uint8Array) => sha256Parts(Uint8Array.of(0), key, to);
    expect(
      StateTree.empty.update([
        { key: a, value: to },
        { key: b, value: to },
      ]).root,
    ).toEqual(sha256Parts(leaf(a), leaf(b)));
    const c = hex(`40${'00'.repeat(31)}`);
    expect(
      StateTree.empty.update([
        { key: a, value: to },
        { key: c, value: to },
      ]).root,
    ).toEqual(sha256Parts(sha256Parts(leaf(a), leaf(c)), new Uint8Array(32)));
  });

  it('agrees with the recursive definition after every batch of random histories; older versions stay as they were', () => {
    fc.assert(
      fc.property(batches, (history) => {
        let tree = StateTree.empty;
        const content = new Map<string, string>();
        const versions: { tree: StateTree; content: Map<string, string> }[] = [];
        for (const batch of history) {
          versions.push({ tree, content: new Map(content) });
          tree = tree.update(batch.map(({ key, to }) => change(key, to === undefined ? undefined : value(to))));
          for (const { key, to } of batch) {
            if (to === undefined) content.delete(key);
            else content.set(key, value(to));
          }
          checkContent(tree, content);
        }
        for (const version of versions) checkContent(version.tree, version.content);
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order of insertion, on batching, or on what was there and is gone', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...POOL]), fc.shuffledSubarray([...POOL]), (keys, gone) => {
        const expected = toHex(treeOf(new Map(keys.toSorted().map((key) => [key, value(1)]))).root);
        let single = StateTree.empty;
        for (const key of gone) single = single.update([change(key, value(2))]);
        for (const key of keys) single = single.update([change(key, value(1))]);
        for (const key of gone) if (!keys.includes(key)) single = single.update([change(key, undefined)]);
        expect(toHex(single.root)).toBe(expected);
        expect(single.size).toBe(keys.length);
      }),
      { numRuns: 100 },
    );
  });

  it('returns to the empty root when the last key goes', () => {
    const tree = treeOf(new Map(POOL.map((key) => [key, value(0)])));
    const emptied = tree.update(POOL.map((key) => change(key, undefined)));
    expect(toHex(emptied.root)).toBe('00'.repeat(32));
    expect(emptied.size).toBe(0);
  });

  it('is itself after a batch that changes nothing', () => {
    const tree = treeOf(new Map(POOL.slice(0, 10).map((key) => [key, value(0)])));
    const same = [change(POOL[0] ?? '', value(0)), change(POOL[1] ?? '', value(0)), change(POOL[20] ?? '', undefined)];
    expect(tree.update(same)).toBe(tree);
    expect(tree.update([])).toBe(tree);
    expect(StateTree.empty.update([change(POOL[0] ?? '', undefined)])).toBe(StateTree.empty);
  });

  it('keeps nothing of the arrays that it is given or gives', () => {
    const [key, to] = [hex(POOL[0] ?? ''), hex(value(1))];
    const tree = StateTree.empty.update([{ key, value: to }]);
    const root = toHex(tree.root);
    const asked = hex(POOL[0] ?? '');
    to.fill(0);
    key.fill(0);
    tree.root.fill(0);
    tree.get(asked)?.fill(0);
    expect(toHex(tree.root)).toBe(root);
    expect(toHex(tree.get(asked) ?? key)).toBe(value(1));
  });

  it.each<{ what: string; changes: StateChange[] }>([
    { what: 'a short key', changes: [{ key: new Uint8Array(31), value: undefined }] },
    { what: 'a long value', changes: [{ key: new Uint8Array(32), value: new Uint8Array(33) }] },
    {
      what: 'a key twice',
      changes: [
        change('aa'.repeat(32), value(1)),
        change('bb'.repeat(32), value(1)),
        change('aa'.repeat(32), undefined),
      ],
    },
  ])('refuses $what', ({ changes }) => {
    expect(() => StateTree.empty.update(changes)).toThrow(expect.objectContaining({ code: 'STATE_CHANGES_INVALID' }));
  });

  it('builds from many keys, and updates them, as the recursive definition does', () => {
    const content = new Map(
      Array.from({ length: 3000 }, (_, i) => [toHex(sha256(Uint8Array.of(i & 255, i >> 8))), value(i & 255)]),
    );
    const tree = treeOf(content);
    checkContent(tree, content);
    const changed = [...content.keys()].slice(1000, 1500);
    for (const key of changed) content.delete(key);
    checkContent(tree.update(changed.map((key) => change(key, undefined))), content);
  });
});

function checkContent(tree: StateTree, content: ReadonlyMap<string, string>): void {
  const entries = sortedEntries(content);
  expect(toHex(tree.root)).toBe(toHex(slowStateRoot(entries)));
  expect(tree.size).toBe(content.size);
  expect([...tree].map(({ key, value: to }) => [toHex(key), toHex(to)])).toEqual(entries);
  for (const key of POOL) {
    const found = tree.get(hex(key));
    expect(found && toHex(found)).toBe(content.get(key));
  }
}
