import { toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MerkleLog } from '../src/index.ts';
import { leavesOf, slowConsistency, slowInclusion, slowRoot } from './oracle.ts';

const outOfRange = expect.objectContaining({ code: 'MERKLE_OUT_OF_RANGE' });

describe('MerkleLog', () => {
  it('has the root of the recursive definition at every size, then and later', () => {
    const log = new MerkleLog();
    const leaves = leavesOf(300);
    const roots = [toHex(log.root())];
    for (const leaf of leaves) {
      log.append(leaf);
      roots.push(toHex(log.root()));
    }
    expect(log.size).toBe(300);
    for (let n = 0; n <= 300; n++) {
      expect(roots[n]).toBe(toHex(slowRoot(leaves.slice(0, n))));
      expect(toHex(log.rootAt(n))).toBe(roots[n]);
    }
  });

  it('proves inclusion and consistency at earlier sizes', () => {
    const leaves = leavesOf(45);
    const log = MerkleLog.of(leaves);
    for (let n = 1; n <= 45; n += 3) {
      const prefix = leaves.slice(0, n);
      for (let i = 0; i < n; i++) {
        expect(log.inclusion(i, n).map(toHex)).toEqual(slowInclusion(prefix, i).map(toHex));
        expect(log.consistency(i + 1, n).map(toHex)).toEqual(slowConsistency(prefix, i + 1).map(toHex));
      }
      expect(log.consistency(0, n)).toEqual([]);
    }
  });

  it('after any appends and truncations is the log of the leaves that are left', () => {
    const step = fc.oneof(fc.record({ append: fc.nat(40) }), fc.record({ truncateTo: fc.nat(1000) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const log = new MerkleLog();
        let kept: Uint8Array[] = [];
        let next = 0;
        for (const one of steps) {
          if ('append' in one) {
            for (let i = 0; i < one.append; i++) {
              const leaf = Uint8Array.of(next % 256, next >> 8);
              next += 1;
              log.append(leaf);
              kept.push(leaf);
            }
          } else {
            const size = one.truncateTo % (kept.length + 1);
            log.truncate(size);
            kept = kept.slice(0, size);
          }
          expect(log.size).toBe(kept.length);
          expect(toHex(log.root())).toBe(toHex(slowRoot(kept)));
        }
        if (kept.length > 0)
          expect(log.inclusion(0, kept.length).map(toHex)).toEqual(slowInclusion(kept, 0).map(toHex));
      }),
      { numRuns: 150 },
    );
  });

  it('grows past its chunks, and shrinks back over them', () => {
    const leaves = Array.from({ length: 9000 }, (_, i) => Uint8Array.of(i & 255, i >> 8));
    const log = MerkleLog.of(leaves);
    expect(toHex(log.root())).toBe(toHex(slowRoot(leaves)));
    log.truncate(4095);
    expect(toHex(log.root())).toBe(toHex(slowRoot(leaves.slice(0, 4095))));
    for (const leaf of leaves.slice(4095)) log.append(leaf);
    expect(toHex(log.root())).toBe(toHex(slowRoot(leaves)));
    expect(log.inclusion(8999, 9000).map(toHex)).toEqual(slowInclusion(leaves, 8999).map(toHex));
  });

  it('gives away copies: nothing a caller does changes the log', () => {
    const log = MerkleLog.of(leavesOf(6));
    const root = toHex(log.root());
    const handed = [
      log.root(),
      log.rootAt(4),
      log.rootAt(0),
      ...log.inclusion(0, 6),
      ...log.inclusion(5, 6),
      ...log.consistency(3, 6),
    ];
    for (const hash of handed) hash.fill(0);
    expect(toHex(log.root())).toBe(root);
    expect(toHex(new MerkleLog().root())).toBe(toHex(slowRoot([])));
  });

  it('refuses sizes and leaves that it does not have', () => {
    const log = MerkleLog.of(leavesOf(5));
    for (const bad of [-1, 6, 1.5, Number.NaN]) {
      expect(() => log.rootAt(bad)).toThrow(outOfRange);
      expect(() => log.truncate(bad)).toThrow(outOfRange);
      expect(() => log.inclusion(0, bad)).toThrow(outOfRange);
      expect(() => log.inclusion(bad, 5)).toThrow(outOfRange);
      expect(() => log.consistency(1, bad)).toThrow(outOfRange);
      expect(() => log.consistency(bad, 5)).toThrow(outOfRange);
    }
    expect(() => log.inclusion(3, 3)).toThrow(outOfRange);
    expect(() => log.consistency(4, 3)).toThrow(outOfRange);
  });
});
