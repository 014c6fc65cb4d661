import { createHash } from 'node:crypto';
import { sha256, sha256Parts } from '@varve/crypto';
import { toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StateChange, StateTree, StateVersion, verifyStateProof } from '../src/index.ts';
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
/** Never in a tree: some end at nothing, others at another key's leaf. */
const ABSENT = [`4${'0'.repeat(63)}`, `${'00'.repeat(31)}02`, `${'ff'.repeat(19)}fe${'00'.repeat(12)}`];

type Content = ReadonlyMap<string, string>;
type Batch = readonly { readonly key: string; readonly to: number | undefined }[];

const value = (n: number) => toHex(sha256(Uint8Array.of(99, n)));
const change = (key: string, to: string | undefined): StateChange => ({
  key: hex(key),
  value: to === undefined ? undefined : hex(to),
});
const changesOf = (batch: Batch) => batch.map(({ key, to }) => change(key, to === undefined ? undefined : value(to)));
const putAll = (content: Content) => [...content].map(([key, to]) => change(key, to));
const sortedEntries = (content: Content) => [...content].sort(([a], [b]) => (a < b ? -1 : 1));

const batches = fc.array(
  fc.uniqueArray(
    fc.record({ key: fc.constantFrom(...POOL), to: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }) }),
    { selector: ({ key }) => key, maxLength: 12 },
  ),
  { minLength: 1, maxLength: 8 },
);

function after(content: Content, batch: Batch): Content {
  const next = new Map(content);
  for (const { key, to } of batch) {
    if (to === undefined) next.delete(key);
    else next.set(key, value(to));
  }
  return next;
}

/** The changes that lead from one content to another. */
function difference(from: Content, to: Content): StateChange[] {
  const keys = new Set([...from.keys(), ...to.keys()]);
  return [...keys].filter((key) => from.get(key) !== to.get(key)).map((key) => change(key, to.get(key)));
}

/** A version is what the recursive definition says, proofs of presence and of both kinds of absence included. */
function checkVersion(version: StateVersion | undefined, content: Content): void {
  expect(version).toBeInstanceOf(StateVersion);
  if (version === undefined) return;
  const entries = sortedEntries(content);
  const root = slowStateRoot(entries);
  expect(toHex(version.root)).toBe(toHex(root));
  expect(version.size).toBe(content.size);
  expect([...version].map(({ key, value: to }) => [toHex(key), toHex(to)])).toEqual(entries);
  for (const key of [...POOL, ...ABSENT]) {
    const expected = content.get(key);
    const found = version.get(hex(key));
    expect(found && toHex(found)).toBe(expected);
    const verdict = verifyStateProof(root, hex(key), version.prove(hex(key)));
    expect(verdict).toEqual({ ok: true, value: expected === undefined ? undefined : hex(expected) });
  }
}

const versionOf = (content: Content) => new StateTree().update(0, putAll(content));

describe('StateTree', () => {
  it('has 32 zero bytes for the root of nothing, and its leaf for the root of one key', () => {
    expect(toHex(new StateTree().commit(0).root)).toBe('00'.repeat(32));
    const [key, to] = [hex(POOL[0] ?? ''), hex(value(1))];
    expect(new StateTree().update(0, [{ key, value: to }]).root).toEqual(sha256Parts(Uint8Array.of(0), key, to));
  });

  it('hashes two keys that part at the first bit once, and those that part later through empty subtrees', () => {
    const [a, b, to] = ['00'.repeat(32), 'ff'.repeat(32), value(1)];
    const leaf = (key: string) => sha256Parts(Uint8Array.of(0), hex(key), hex(to));
    const rootOf = (...keys: string[]) => versionOf(new Map(keys.map((key) => [key, to]))).root;
    expect(rootOf(a, b)).toEqual(sha256Parts(leaf(a), leaf(b)));
    const c = `40${'00'.repeat(31)}`;
    expect(rootOf(a, c)).toEqual(sha256Parts(sha256Parts(leaf(a), leaf(c)), new Uint8Array(32)));
  });

  it('agrees with the recursive definition after every batch of random histories; older versions stay as they were', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 0, max: 9 }), (history, first) => {
        const tree = new StateTree();
        const contents: Content[] = [];
        for (const [i, batch] of history.entries()) {
          contents.push(after(contents.at(-1) ?? new Map(), batch));
          checkVersion(tree.update(first + i, changesOf(batch)), contents[i] as Content);
        }
        for (const [i, content] of contents.entries()) checkVersion(tree.at(first + i), content);
        expect([tree.oldest, tree.newest]).toEqual([first, first + history.length - 1]);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what is left while versions are added at both ends and dropped at the low one, and no node more', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: batches.map(([batch]) => ({ kind: 'up', batch: batch ?? [] }) as const) },
        { weight: 2, arbitrary: batches.map(([batch]) => ({ kind: 'down', batch: batch ?? [] }) as const) },
        { weight: 3, arbitrary: fc.constant({ kind: 'drop' } as const) },
      ),
      { maxLength: 24 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const tree = new StateTree();
        const contents = new Map<number, Content>([[50, new Map()]]);
        tree.commit(50);
        for (const step of all) {
          if (step.kind === 'up') {
            const content = after(contents.get(tree.newest) ?? new Map(), step.batch);
            tree.update(tree.newest + 1, changesOf(step.batch));
            contents.set(tree.newest, content);
          } else if (step.kind === 'down') {
            const above = contents.get(tree.oldest) ?? new Map();
            const content = after(above, step.batch);
            tree.extendBelow(difference(above, content));
            contents.set(tree.oldest, content);
          } else {
            const { oldest, newest } = tree;
            tree.dropOldest();
            if (oldest < newest) contents.delete(oldest);
          }
        }
        expect(tree.newest - tree.oldest + 1).toBe(contents.size);
        for (const [at, content] of contents) checkVersion(tree.at(at), content);
        expect(tree.at(tree.oldest - 1)).toBeUndefined();
        expect(tree.at(tree.newest + 1)).toBeUndefined();
        while (tree.oldest < tree.newest) tree.dropOldest();
        expect(tree.supersededCount).toBe(0);
        checkVersion(tree.at(tree.newest), contents.get(tree.newest) as Content);
        const alone = new StateTree();
        alone.update(0, putAll(contents.get(tree.newest) as Content));
        expect(tree.nodeCount).toBe(alone.nodeCount);
      }),
      { numRuns: 100 },
    );
  });

  it('takes no more memory over a long history of the same size', () => {
    const tree = new StateTree();
    const name = (n: number) => toHex(sha256(Uint8Array.of(n & 255, n >> 8)));
    tree.update(
      0,
      Array.from({ length: 1000 }, (_, i) => change(name(i), value(0))),
    );
    let settled = 0;
    for (let at = 1; at <= 600; at++) {
      // Each block adds, changes and deletes: which keys are there moves on, how many stays.
      const added = Array.from({ length: 5 }, (_, i) => change(name(995 + at * 5 + i), value(at & 255)));
      const changed = Array.from({ length: 20 }, (_, i) => change(name(400 + at * 5 + i), value(at & 255)));
      const deleted = Array.from({ length: 5 }, (_, i) => change(name((at - 1) * 5 + i), undefined));
      tree.update(at, [...added, ...changed, ...deleted]);
      if (tree.newest - tree.oldest > 16) tree.dropOldest();
      if (at === 200) settled = tree.allocatedBytes;
    }
    expect(tree.at(600)?.size).toBe(1000);
    expect(tree.allocatedBytes).toBe(settled);
  });

  it('starts with a few kilobytes: simulations make hundreds of them', () => {
    const tree = new StateTree();
    tree.update(0, putAll(new Map(POOL.slice(0, 14).map((key) => [key, value(0)]))));
    expect(tree.allocatedBytes).toBeLessThan(8192);
  });

  it('does not depend on the order of insertion, on batching, or on what was there and is gone', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...POOL]), fc.shuffledSubarray([...POOL]), (keys, gone) => {
        const expected = toHex(versionOf(new Map(keys.toSorted().map((key) => [key, value(1)]))).root);
        const tree = new StateTree();
        tree.commit(0);
        for (const key of gone) tree.update(tree.newest + 1, [change(key, value(2))]);
        for (const key of keys) tree.update(tree.newest + 1, [change(key, value(1))]);
        for (const key of gone) if (!keys.includes(key)) tree.update(tree.newest + 1, [change(key, undefined)]);
        expect(toHex(tree.at(tree.newest)?.root ?? new Uint8Array())).toBe(expected);
        expect(tree.at(tree.newest)?.size).toBe(keys.length);
      }),
      { numRuns: 60 },
    );
  });

  it('shares everything with the version before after a batch that changes nothing', () => {
    const tree = new StateTree();
    tree.update(0, putAll(new Map(POOL.slice(0, 10).map((key) => [key, value(0)]))));
    const before = tree.nodeCount;
    const same = [change(POOL[0] ?? '', value(0)), change(POOL[1] ?? '', value(0)), change(POOL[20] ?? '', undefined)];
    expect(tree.update(1, same).root).toEqual(tree.at(0)?.root);
    expect([tree.nodeCount, tree.supersededCount]).toEqual([before, 0]);
  });

  it('keeps nothing of the arrays that it is given or gives', () => {
    const [key, to] = [hex(POOL[0] ?? ''), hex(value(1))];
    const version = new StateTree().update(0, [{ key, value: to }]);
    const root = toHex(version.root);
    const asked = hex(POOL[0] ?? '');
    to.fill(0);
    key.fill(0);
    version.root.fill(0);
    version.get(asked)?.fill(0);
    for (const entry of version) entry.value.fill(0);
    expect(toHex(version.root)).toBe(root);
    expect(toHex(version.get(asked) ?? key)).toBe(value(1));
  });

  it.each<{ what: string; changes: StateChange[] }>([
    { what: 'a short key', changes: [{ key: new Uint8Array(31), value: undefined }] },
    { what: 'a long value', changes: [{ key: new Uint8Array(32), value: new Uint8Array(33) }] },
    {
      what: 'a key twice',
      changes: ['aa', 'bb', 'aa'].map((byte, i) => change(byte.repeat(32), i === 2 ? undefined : value(1))),
    },
  ])('refuses $what, and is as before', ({ changes }) => {
    const tree = new StateTree();
    const content = new Map([[POOL[0] ?? '', value(0)]]);
    tree.update(0, putAll(content));
    const valid = change(POOL[3] ?? '', value(1));
    const count = tree.nodeCount;
    expect(() => tree.update(1, [valid, ...changes])).toThrow(
      expect.objectContaining({ code: 'STATE_CHANGES_INVALID' }),
    );
    expect([tree.newest, tree.nodeCount]).toEqual([0, count]);
    checkVersion(tree.commit(1), content);
  });

  it('refuses a height that does not follow, and reading what was dropped', () => {
    const unknown = expect.objectContaining({ code: 'STATE_VERSION_UNKNOWN' });
    const tree = new StateTree();
    expect(() => tree.extendBelow([])).toThrow(unknown);
    const content = new Map(POOL.slice(0, 4).map((key) => [key, value(0)]));
    const first = tree.update(7, putAll(content));
    for (const height of [6, 7, 9]) expect(() => tree.commit(height)).toThrow(unknown);
    const entries = first[Symbol.iterator]();
    entries.next();
    tree.update(8, [change(POOL[0] ?? '', value(5))]);
    tree.dropOldest();
    for (const read of [
      () => first.root,
      () => first.get(hex(POOL[0] ?? '')),
      () => first.prove(hex(POOL[0] ?? '')),
      () => entries.next(),
    ])
      expect(read).toThrow(unknown);
    tree.dropOldest();
    expect([tree.oldest, tree.newest]).toEqual([8, 8]);
  });

  it('builds from many keys, over several chunks of memory, as the recursive definition does', () => {
    const name = (n: number) => createHash('sha256').update(String(n)).digest('hex');
    const content = new Map(Array.from({ length: 9000 }, (_, i) => [name(i), value(i & 255)]));
    const tree = new StateTree();
    checkVersion(tree.update(0, putAll(content)), content);
    const smaller = new Map([...content].slice(1500));
    checkVersion(tree.update(1, difference(content, smaller)), smaller);
    expect(toHex(tree.at(0)?.root ?? new Uint8Array())).toBe(toHex(slowStateRoot(sortedEntries(content))));
  });
});
