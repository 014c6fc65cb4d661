import { toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  MerkleLog,
  merkleRoot,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts';
import { keptDefinitions } from './merkle-path-oracle.ts';
import { hex, leavesOf, slowConsistency, slowInclusion, slowRoot } from './oracle.ts';

/** The eight leaves of the Certificate Transparency reference tests, and the roots over the first n of them. */
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex);
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const flip = (hash: Uint8Array, at = 0): Uint8Array => hash.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe('merkleRoot', () => {
  it.each(CT_ROOTS.map((root, size) => ({ root, size })))('of the first $size CT leaves is $root', ({ root, size }) => {
    expect(toHex(merkleRoot(CT_LEAVES.slice(0, size)))).toBe(root);
  });

  it('agrees with the recursive definition for sizes 0 to 300', () => {
    for (let n = 0; n <= 300; n++) expect(toHex(merkleRoot(leavesOf(n)))).toBe(toHex(slowRoot(leavesOf(n))));
  });

  it('returns bytes of its own', () => {
    merkleRoot([]).fill(0);
    expect(toHex(merkleRoot([]))).toBe(CT_ROOTS[0]);
    expect(merkleRoot(leavesOf(9)).buffer.byteLength).toBe(32);
  });
});

describe('inclusionProof', () => {
  it('gives the CT reference paths', () => {
    expect(inclusionProof(CT_LEAVES, 5).map(toHex)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });

  it('agrees with the recursive definition, and verifies, for every leaf of sizes 1 to 70', () => {
    for (let n = 1; n <= 70; n++) {
      const leaves = leavesOf(n);
      const root = merkleRoot(leaves);
      for (const [index, data] of leaves.entries()) {
        const path = inclusionProof(leaves, index);
        expect(path.map(toHex)).toEqual(slowInclusion(leaves, index).map(toHex));
        expect(verifyInclusion(root, data, index, n, path)).toBe(true);
      }
    }
  });

  it.each([-1, 3, 0.5, Number.NaN])('refuses index %s of 3 leaves', (index) => {
    expect(() => inclusionProof(leavesOf(3), index)).toThrow(expect.objectContaining({ code: 'MERKLE_OUT_OF_RANGE' }));
  });
});

describe('verifyInclusion', () => {
  it('refuses every other leaf, index, root, and changed, missing, surplus or reordered hash', () => {
    for (let n = 1; n <= 17; n++) {
      const leaves = leavesOf(n);
      const root = merkleRoot(leaves);
      for (const [index, data] of leaves.entries()) {
        const path = inclusionProof(leaves, index);
        const refused = (d: Uint8Array, i: number, p: Uint8Array[], r = root) =>
          expect(verifyInclusion(r, d, i, n, p), `${n} ${index}`).toBe(false);
        for (let other = -1; other <= n + 1; other++) if (other !== index) refused(data, other, path);
        refused(Uint8Array.of(...data, 0), index, path);
        refused(data, index, path, flip(root, 31));
        refused(data, index, [...path, EMPTY_ROOT]);
        refused(data, index, [EMPTY_ROOT, ...path]);
        refused(data, index, [...path, root]);
        for (let at = 0; at < path.length; at++) {
          const hash = path[at] as Uint8Array;
          refused(data, index, path.with(at, flip(hash, at)));
          refused(data, index, path.toSpliced(at, 1));
          refused(data, index, path.toSpliced(at, 0, hash));
          refused(data, index, path.with(at, hash.subarray(1)));
          if (at > 0) refused(data, index, path.with(at, path[at - 1] as Uint8Array).with(at - 1, hash));
        }
      }
    }
  });

  it('refuses a wrong size wherever the path has another shape in it', () => {
    const leaves = leavesOf(8);
    for (const size of [1, 2, 4, 9, 16, 2 ** 40]) {
      expect(verifyInclusion(merkleRoot(leaves), leaves[3] ?? EMPTY_ROOT, 3, size, inclusionProof(leaves, 3))).toBe(
        false,
      );
    }
  });

  it('never takes an inner node for a leaf, nor a leaf for an inner node', () => {
    const [a, b] = [leafHash(hex('aa')), leafHash(hex('bb'))];
    const root = nodeHash(a, b);
    const joined = new Uint8Array([...a, ...b]);
    expect(verifyInclusion(root, joined, 0, 1, [])).toBe(false);
    expect(verifyInclusion(root, new Uint8Array([1, ...joined]), 0, 1, [])).toBe(false);
    expect(toHex(merkleRoot([joined]))).not.toBe(toHex(merkleRoot([hex('aa'), hex('bb')])));
  });

  it('refuses a path longer than the size allows, even where its hashes fit', () => {
    const data = hex('dd');
    const above = nodeHash(EMPTY_ROOT, leafHash(data));
    expect(verifyInclusion(above, data, 1, 2, [EMPTY_ROOT])).toBe(true);
    expect(verifyInclusion(above, data, 0, 1, [EMPTY_ROOT])).toBe(false);
    expect(verifyInclusion(nodeHash(leafHash(data), EMPTY_ROOT), data, 0, 1, [EMPTY_ROOT])).toBe(false);
    const leaves = leavesOf(3);
    const [oldRoot, newRoot] = [merkleRoot(leaves.slice(0, 2)), merkleRoot(leaves)];
    const path = [...consistencyProof(leaves, 2), EMPTY_ROOT];
    expect(verifyConsistency(nodeHash(EMPTY_ROOT, oldRoot), 2, nodeHash(EMPTY_ROOT, newRoot), 3, path)).toBe(false);
    expect(verifyConsistency(oldRoot, 2, nodeHash(EMPTY_ROOT, newRoot), 3, path)).toBe(false);
  });

  it('answers for any input whatever', () => {
    const root = merkleRoot(leavesOf(1));
    const leaf = leavesOf(1)[0] as Uint8Array;
    for (const n of [Number.NaN, -1, 0, 0.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(verifyInclusion(root, leaf, 0, n, [])).toBe(false);
      expect(verifyInclusion(root, leaf, n, 1, [])).toBe(n === 0);
    }
    for (const path of [null, {}, [null], ['x'], [new Uint8Array(31)], [[]]]) {
      expect(verifyInclusion(root, leaf, 0, 1, path as Uint8Array[])).toBe(false);
      expect(verifyConsistency(root, 1, root, 1, path as Uint8Array[])).toBe(false);
    }
    expect(verifyInclusion(root.subarray(1), leaf, 0, 1, [])).toBe(false);
    expect(verifyInclusion(root, undefined as unknown as Uint8Array, 0, 1, [])).toBe(false);
  });

  it('handles positions above 2^32', () => {
    const size = 2 ** 40;
    const index = size - 3;
    const path = Array.from({ length: 40 }, (_, i) => new Uint8Array(32).fill(i));
    const data = hex('cc');
    const root = path.reduce(
      (hash, sibling, level) =>
        Math.floor(index / 2 ** level) % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling),
      leafHash(data),
    );
    expect(verifyInclusion(root, data, index, size, path)).toBe(true);
    expect(verifyInclusion(root, data, index - 2 ** 33, size, path)).toBe(false);
  });
});

describe('consistencyProof and verifyConsistency', () => {
  it('agree with the recursive definition for all pairs of sizes to 40', () => {
    for (let n = 0; n <= 40; n++) {
      const leaves = leavesOf(n);
      const newRoot = merkleRoot(leaves);
      for (let m = 0; m <= n; m++) {
        const oldRoot = merkleRoot(leaves.slice(0, m));
        const path = consistencyProof(leaves, m);
        if (m > 0) expect(path.map(toHex)).toEqual(slowConsistency(leaves, m).map(toHex));
        expect(verifyConsistency(oldRoot, m, newRoot, n, path)).toBe(true);
        for (const size of [m - 1, m + 1]) {
          if (size < n || m === n)
            expect(verifyConsistency(oldRoot, size, newRoot, n, path), `${size} for ${m} of ${n}`).toBe(false);
        }
      }
    }
  });

  it('refuse changed roots, and changed, missing, surplus or reordered hashes', () => {
    for (let n = 0; n <= 14; n++) {
      const leaves = leavesOf(n);
      const newRoot = merkleRoot(leaves);
      for (let m = 0; m <= n; m++) {
        const oldRoot = merkleRoot(leaves.slice(0, m));
        const path = consistencyProof(leaves, m);
        const refused = (p: Uint8Array[], a = oldRoot, b = newRoot) =>
          expect(verifyConsistency(a, m, b, n, p), `${m} ${n}`).toBe(false);
        refused(path, flip(oldRoot));
        if (m > 0 || n === 0) refused(path, oldRoot, flip(newRoot));
        refused([...path, EMPTY_ROOT]);
        refused([...path, newRoot]);
        refused([EMPTY_ROOT, ...path]);
        for (let at = 0; at < path.length; at++) {
          const hash = path[at] as Uint8Array;
          refused(path.with(at, flip(hash, 7)));
          refused(path.toSpliced(at, 1));
          refused(path.toSpliced(at, 0, hash));
          if (at > 0) refused(path.with(at, path[at - 1] as Uint8Array).with(at - 1, hash));
        }
      }
    }
  });

  it('let no other root stand for size 0', () => {
    const root = merkleRoot(leavesOf(2));
    expect(verifyConsistency(EMPTY_ROOT, 0, EMPTY_ROOT, 0, [])).toBe(true);
    expect(verifyConsistency(root, 0, root, 0, [])).toBe(false);
    expect(verifyConsistency(root, 0, root, 2, [])).toBe(false);
  });

  it('refuse a tree that begins otherwise', () => {
    const leaves = leavesOf(12);
    const forked = leaves.with(2, hex('ff'));
    for (let m = 3; m < 12; m++) {
      const oldRoot = merkleRoot(leaves.slice(0, m));
      expect(verifyConsistency(oldRoot, m, merkleRoot(forked), 12, consistencyProof(forked, m))).toBe(false);
    }
  });
});

describe('all sizes from 0 to 1,000', () => {
  const leaves = leavesOf(1000);
  const slow = keptDefinitions(leaves);
  const log = MerkleLog.of(leaves);

  it('have the roots and paths of the recursive definition, which verify', () => {
    // The kept definition itself is the one that keeps nothing.
    for (const size of [0, 1, 2, 7, 64, 100, 129]) expect(slow.root(size)).toEqual(slowRoot(leaves.slice(0, size)));
    for (let size = 0; size <= 1000; size++) {
      const root = slow.root(size);
      expect(toHex(merkleRoot(leaves.slice(0, size))), `root of ${size}`).toBe(toHex(root));
      expect(toHex(log.rootAt(size))).toBe(toHex(root));
      const places = size === 0 ? [] : [0, size - 1, (size * size * 31 + 7) % size, 511 % size, size >> 1];
      for (const index of new Set(places)) {
        const path = log.inclusion(index, size);
        expect(path.map(toHex), `${index} of ${size}`).toEqual(slow.inclusion(index, size).map(toHex));
        expect(verifyInclusion(root, leaves[index] as Uint8Array, index, size, path)).toBe(true);
        const old = index + 1;
        const proof = log.consistency(old, size);
        expect(proof.map(toHex), `${old} to ${size}`).toEqual(slow.consistency(old, size).map(toHex));
        expect(verifyConsistency(slow.root(old), old, root, size, proof)).toBe(true);
      }
    }
  });

  it('refuse wrong-length, reordered, missing and surplus hashes, and a leaf in the place of an inner node', () => {
    for (const size of [2, 3, 255, 256, 257, 511, 1000]) {
      const [root, index] = [slow.root(size), size - 2];
      const old = size - 1;
      const [path, proof] = [log.inclusion(index, size), log.consistency(old, size)];
      const leaf = leaves[index] as Uint8Array;
      const refused = (included: Uint8Array[], consistent: Uint8Array[]) => {
        expect(verifyInclusion(root, leaf, index, size, included), `inclusion, ${size}`).toBe(false);
        expect(verifyConsistency(slow.root(old), old, root, size, consistent), `consistency, ${size}`).toBe(false);
      };
      const everywhere = (hashes: Uint8Array[], change: (hash: Uint8Array, at: number) => Uint8Array[][]) =>
        hashes.flatMap((hash, at) => change(hash, at));
      const changes = (hashes: Uint8Array[]) =>
        everywhere(hashes, (hash, at) => [
          hashes.with(at, hash.subarray(1)),
          hashes.with(at, new Uint8Array([...hash, 0])),
          hashes.with(at, new Uint8Array(0)),
          hashes.toSpliced(at, 1),
          hashes.toSpliced(at, 0, hash),
          hashes.with(at, leafHash(hash)),
          ...(at > 0 ? [hashes.with(at, hashes[at - 1] as Uint8Array).with(at - 1, hash)] : []),
        ]);
      const [bad, worse] = [changes(path), changes(proof)];
      for (let i = 0; i < Math.max(bad.length, worse.length); i++) {
        refused(bad[i % bad.length] as Uint8Array[], worse[i % worse.length] as Uint8Array[]);
      }
      // Two children of an inner node, given as the data of a leaf where that node stands.
      const [left, right] = [leafHash(leaves[0] as Uint8Array), leafHash(leaves[1] as Uint8Array)];
      const joined = new Uint8Array([...left, ...right]);
      for (const data of [joined, new Uint8Array([1, ...joined]), nodeHash(left, right)]) {
        for (let depth = 0; depth <= path.length; depth++) {
          expect(
            verifyInclusion(root, data, 0, Math.ceil(size / 2 ** depth), log.inclusion(0, size).slice(depth)),
          ).toBe(false);
        }
      }
    }
  });
});
