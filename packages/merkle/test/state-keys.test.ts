import { sha256 } from '@varve/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fingerprints, StateTree } from '../src/index.ts';

const keyOf = (number: number) => sha256(Uint8Array.of(number, number >>> 8, number >>> 16));

describe('StateTree.has', () => {
  it('answers as the newest version does, whatever was created and deleted, also below', () => {
    const change = fc.record({ key: fc.nat(20), isSet: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(change, { selector: ({ key }) => key, maxLength: 8 })), (blocks) => {
        const tree = new StateTree();
        expect(tree.has(keyOf(0))).toBe(false);
        tree.commit(10);
        for (const [i, changes] of blocks.entries()) {
          tree.update(
            11 + i,
            changes.map(({ key, isSet }) => ({ key: keyOf(key), value: isSet ? keyOf(key + i) : undefined })),
          );
          const newest = tree.at(tree.newest);
          for (let key = 0; key <= 20; key++) expect(tree.has(keyOf(key))).toBe(newest?.get(keyOf(key)) !== undefined);
        }
        tree.extendBelow([{ key: keyOf(30), value: keyOf(1) }]);
        expect(tree.has(keyOf(30))).toBe(false);
        expect(tree.has(new Uint8Array(31))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('is right after so many deletions that they are forgotten', () => {
    const tree = new StateTree();
    const kept = [1, 2, 3].map((i) => 1_000_000 + i);
    tree.update(
      0,
      kept.map((i) => ({ key: keyOf(i), value: keyOf(i) })),
    );
    const many = Array.from({ length: 80_000 }, (_, i) => keyOf(100_000 + i));
    tree.update(
      1,
      many.map((key) => ({ key, value: key })),
    );
    for (const key of many.slice(0, 100)) expect(tree.has(key)).toBe(true);
    tree.update(
      2,
      many.map((key) => ({ key, value: undefined })),
    );
    for (const i of kept) expect(tree.has(keyOf(i))).toBe(true);
    for (const key of many.slice(0, 100)) expect(tree.has(key)).toBe(false);
    tree.update(3, [{ key: keyOf(7), value: keyOf(7) }]);
    expect(tree.has(keyOf(7))).toBe(true);
  });
});

describe('Fingerprints', () => {
  it('has all that it was given, counts each once, and denies nearly all else', () => {
    const set = new Fingerprints();
    const given = Array.from({ length: 10_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
    for (const fingerprint of [...given, ...given]) set.add(fingerprint);
    expect(set.count).toBe(given.length);
    for (const fingerprint of given) expect(set.has(fingerprint)).toBe(true);
    const others = given.map((fingerprint) => (fingerprint + 7) >>> 0).filter((other) => !given.includes(other));
    expect(others.filter((other) => set.has(other))).toEqual([]);
  });
});
