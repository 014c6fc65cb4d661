import { sha256 } from '@varve/crypto';
import { decodeCbor, encodeCbor, toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeStateProof,
  encodeStateProof,
  STATE_DEPTH_MAX,
  type StateChange,
  type StateProof,
  StateTree,
  verifyStateProof,
} from '../src/index.ts';
import { hex } from './oracle.ts';

const key = (first: string) => hex(first.padEnd(64, '0'));
const value = (n: number) => sha256(Uint8Array.of(n));
const treeOf = (entries: readonly StateChange[]) => new StateTree().update(0, entries);
const tree = treeOf(
  ['00', '01', '4080', '80', 'c0', 'c1', 'c100ff'].map((first, i) => ({ key: key(first), value: value(i) })),
);
const malformed = expect.objectContaining({ code: 'STATE_PROOF_MALFORMED' });
/** Keys whose ways end at their leaf, at another leaf, and in an empty subtree. */
const ASKED = { leaf: key('c1'), otherLeaf: key('81'), empty: key('20') } as const;

describe('StateTree.prove', () => {
  it('ends at the leaf, at another leaf or in the empty', () => {
    for (const [kind, asked] of Object.entries(ASKED)) expect(tree.prove(asked).end.kind).toBe(kind);
    expect(treeOf([]).prove(key('aa'))).toEqual({
      depth: 0,
      bitmap: new Uint8Array(),
      siblings: [],
      end: { kind: 'empty' },
    });
  });

  it('refuses a key that is no hash', () => {
    expect(() => tree.prove(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'STATE_CHANGES_INVALID' }));
  });

  it('proves presence and absence in random trees, through its bytes', () => {
    const keys = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(keys, fc.integer({ min: 0, max: 400 }), (present, asked) => {
        const grown = treeOf(present.map((n) => ({ key: sha256(Uint8Array.of(n & 255, n >> 8)), value: value(n) })));
        const askedKey = sha256(Uint8Array.of(asked & 255, asked >> 8));
        const bytes = encodeStateProof(grown.prove(askedKey));
        const proof = decodeStateProof(bytes);
        expect(proof).toEqual(grown.prove(askedKey));
        expect(verifyStateProof(grown.root, askedKey, proof)).toEqual({ ok: true, value: grown.get(askedKey) });
      }),
    );
  });

  it('reaches the greatest depth for keys that differ in the last bit', () => {
    const [a, b] = [hex('00'.repeat(32)), hex(`${'00'.repeat(31)}01`)];
    const deep = treeOf([
      { key: a, value: value(1) },
      { key: b, value: value(2) },
    ]);
    const proof = decodeStateProof(encodeStateProof(deep.prove(a)));
    expect(proof.depth).toBe(STATE_DEPTH_MAX);
    expect(proof.siblings.length).toBe(1);
    expect(verifyStateProof(deep.root, a, proof)).toEqual({ ok: true, value: value(1) });
  });
});

describe('encodeStateProof', () => {
  it('has the documented shape', () => {
    const small = treeOf([
      { key: key('00'), value: value(1) },
      { key: key('c0'), value: value(2) },
      { key: key('40'), value: value(3) },
    ]);
    const siblings = small.prove(key('00')).siblings;
    expect(siblings.length).toBe(2);
    expect(toHex(encodeStateProof(small.prove(key('00'))))).toBe(
      `840241c082${siblings.map((one) => `5820${toHex(one)}`).join('')}82015820${toHex(value(1))}`,
    );
    const [left = value(0)] = small.prove(key('81')).siblings;
    expect(toHex(encodeStateProof(small.prove(key('81'))))).toBe(
      `84014180815820${toHex(left)}83025820${toHex(key('c0'))}5820${toHex(value(2))}`,
    );
    expect(toHex(encodeStateProof(treeOf([]).prove(key('00'))))).toBe('840040808100');
  });
});

describe('decodeStateProof', () => {
  const sibling = value(9);
  it.each<{ what: string; items: Parameters<typeof encodeCbor>[0] }>([
    { what: 'a number', items: 4 },
    { what: 'three items', items: [0, new Uint8Array(), []] },
    { what: 'five items', items: [0, new Uint8Array(), [], [0], 0] },
    { what: 'a depth above 256', items: [257, new Uint8Array(33), [], [0]] },
    { what: 'a missing bitmap byte', items: [1, new Uint8Array(), [], [0]] },
    { what: 'a surplus bitmap byte', items: [8, new Uint8Array(2), [], [0]] },
    { what: 'a set bit from depth on', items: [1, Uint8Array.of(0xc0), [sibling, sibling], [0]] },
    { what: 'a sibling too few', items: [2, Uint8Array.of(0xc0), [sibling], [0]] },
    { what: 'a sibling too many', items: [2, Uint8Array.of(0x80), [sibling, sibling], [0]] },
    { what: 'an empty sibling spelled out', items: [1, Uint8Array.of(0x80), [new Uint8Array(32)], [0]] },
    { what: 'a short sibling', items: [1, Uint8Array.of(0x80), [new Uint8Array(31)], [0]] },
    { what: 'an unknown end', items: [0, new Uint8Array(), [], [3]] },
    { what: 'an empty end with a value', items: [0, new Uint8Array(), [], [0, sibling]] },
    { what: 'a leaf without value', items: [0, new Uint8Array(), [], [1]] },
    { what: 'a leaf with a short value', items: [0, new Uint8Array(), [], [1, new Uint8Array(31)]] },
    { what: 'another leaf without key', items: [0, new Uint8Array(), [], [2, sibling]] },
    { what: 'an end that is no array', items: [0, new Uint8Array(), [], 0] },
  ])('refuses $what', ({ items }) => {
    expect(() => decodeStateProof(encodeCbor(items))).toThrow(malformed);
  });

  it('refuses every truncation and anything after the proof', () => {
    for (const asked of Object.values(ASKED)) {
      const bytes = encodeStateProof(tree.prove(asked));
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeStateProof(bytes.subarray(0, length))).toThrow(malformed);
      }
      expect(() => decodeStateProof(new Uint8Array([...bytes, 0]))).toThrow(malformed);
    }
  });

  it('accepts nothing that it would write otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        let proof: StateProof;
        try {
          proof = decodeStateProof(bytes);
        } catch (error) {
          expect(error).toEqual(malformed);
          return;
        }
        expect(encodeStateProof(proof)).toEqual(bytes);
        expect(encodeCbor(decodeCbor(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('verifyStateProof', () => {
  it.each(Object.entries(ASKED))('refuses every change of a single byte: %s', (_kind, asked) => {
    const bytes = encodeStateProof(tree.prove(asked));
    expect(verifyStateProof(tree.root, asked, decodeStateProof(bytes)).ok).toBe(true);
    for (let at = 0; at < bytes.length; at++) {
      for (const mask of [1, 2, 0x20, 0x40, 0x80, 0xff]) {
        const changed = bytes.map((byte, i) => (i === at ? byte ^ mask : byte));
        expect(isAccepted(asked, changed), `byte ${at} ^ ${mask}`).toBe(false);
      }
    }
  });

  it('refuses a proof for any other key or root', () => {
    for (const asked of Object.values(ASKED)) {
      const proof = tree.prove(asked);
      for (let bit = 0; bit < 256; bit += 5) {
        const other = asked.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const verdict = verifyStateProof(tree.root, other, proof);
        // Absence holds for every key on the same way, and only for those.
        if (!verdict.ok) continue;
        expect(proof.end.kind).not.toBe('leaf');
        expect(tree.get(other)).toBeUndefined();
      }
      for (const root of [value(77), new Uint8Array(32), new Uint8Array(31), new Uint8Array()]) {
        expect(verifyStateProof(root, asked, proof)).toEqual({ ok: false, reason: 'ROOT_MISMATCH' });
      }
    }
  });

  it('refuses to call a present key absent', () => {
    const proof = tree.prove(key('c1'));
    const end = { kind: 'otherLeaf', key: key('c1'), value: value(5) } as const;
    expect(verifyStateProof(tree.root, key('c1'), { ...proof, end })).toEqual({ ok: false, reason: 'LEAF_ELSEWHERE' });
    // Another leaf at the end of its own way, which is not the way to the asked key.
    const away = tree.prove(key('80'));
    const claimed = { ...away, end: { kind: 'otherLeaf', key: key('80'), value: value(3) } } as const;
    expect(verifyStateProof(tree.root, key('c1'), claimed)).toEqual({ ok: false, reason: 'LEAF_ELSEWHERE' });
    expect(verifyStateProof(tree.root, key('c1'), { ...proof, end: { kind: 'empty' } }).ok).toBe(false);
  });

  it('refuses a leaf that is really an inner node, and a shorter or longer way', () => {
    const proof = tree.prove(key('c1'));
    const shorter = {
      ...proof,
      depth: proof.depth - 1,
      siblings: proof.siblings.slice(0, -1),
      bitmap: lastBitCleared(proof),
    };
    for (const end of [proof.end, { kind: 'empty' }] as const) {
      expect(verifyStateProof(tree.root, key('c1'), { ...shorter, end }).ok).toBe(false);
    }
    const absent = tree.prove(ASKED.otherLeaf);
    expect(verifyStateProof(tree.root, ASKED.otherLeaf, { ...absent, depth: absent.depth + 1 }).ok).toBe(false);
  });

  it('answers for any input whatever', () => {
    const proof = tree.prove(key('c1'));
    const hostile: unknown[] = [
      undefined,
      null,
      5,
      {},
      { ...proof, depth: Number.NaN },
      { ...proof, depth: -1 },
      { ...proof, depth: 2 ** 60 },
      { ...proof, bitmap: 'ff' },
      { ...proof, siblings: 'x' },
      { ...proof, siblings: [null, ...proof.siblings.slice(1)] },
      { ...proof, siblings: [new Uint8Array(32), ...proof.siblings.slice(1)] },
      { ...proof, end: undefined },
      { ...proof, end: { kind: 'leaf' } },
      { ...proof, end: { kind: 'leaf', value: new Uint8Array(33) } },
      { ...proof, end: { kind: 'other' } },
    ];
    for (const one of hostile) {
      expect(verifyStateProof(tree.root, key('c1'), one as StateProof)).toEqual({
        ok: false,
        reason: 'PROOF_MALFORMED',
      });
    }
    expect(verifyStateProof(tree.root, new Uint8Array(31), proof)).toEqual({ ok: false, reason: 'KEY_MALFORMED' });
    expect(verifyStateProof(undefined as unknown as Uint8Array, key('c1'), proof)).toEqual({
      ok: false,
      reason: 'ROOT_MISMATCH',
    });
  });
});

function isAccepted(asked: Uint8Array, bytes: Uint8Array): boolean {
  try {
    return verifyStateProof(tree.root, asked, decodeStateProof(bytes)).ok;
  } catch (error) {
    expect(error).toEqual(malformed);
    return false;
  }
}

function lastBitCleared({ depth, bitmap }: StateProof): Uint8Array {
  return bitmap
    .map((byte, i) => (i === (depth - 1) >> 3 ? byte & ~(128 >> ((depth - 1) & 7)) : byte))
    .slice(0, Math.ceil((depth - 1) / 8));
}
