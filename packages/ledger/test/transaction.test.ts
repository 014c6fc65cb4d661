import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { verifySignature } from '@varve/crypto';
import { concatBytes, encodeCbor, fromHex, toHex, utf8Encode } from '@varve/encoding';
import { decode as decodeFreely, encode as encodeFreely } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTransaction, type Operation, prepareTransaction } from '../src/index.ts';
import {
  accountIdOf,
  ada,
  chain,
  decodedOrRefused,
  mutations,
  operation,
  SEED_1,
  transactionBytes,
} from './harness.ts';
import { slowBody } from './slow-transaction.ts';

const malformed = expect.objectContaining({ code: 'TRANSACTION_MALFORMED' });
const hexOf = (text: string) => toHex(utf8Encode(text));

/** The vector of the first test, put together from the RFCs' words and not by any function of ours. */
const VECTOR = (() => {
  const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
  // RFC 9052 §3: {1 (alg): -8 (EdDSA), 4 (kid): bstr}; RFC 8949 §3: a2 = map of 2, 27 = -8, 58 20 = bstr of 32.
  const protectedMap = `a2012704${`5820${key}`}`;
  const account = toHex(nobleSha256(fromHex(key)));
  const chainId = 'c1'.repeat(32);
  const body = [
    '86', // array of 6
    '01',
    `5820${chainId}`,
    `5820${account}`,
    '50000102030405060708090a0b0c0d0e0f',
    '1b000001977420dc00', // 1750000000000
    '81', // one operation
    '83',
    `6c${hexOf('coordination')}`,
    `66${hexOf('create')}`,
    '82',
    `62${hexOf('/a')}`,
    `45${hexOf('hello')}`,
  ].join('');
  const bodyLength = (body.length / 2).toString(16).padStart(2, '0');
  // RFC 9052 §4.4: Sig_structure = ["Signature1", body_protected, external_aad, payload].
  const sigStructure = [
    '84',
    `6a${hexOf('Signature1')}`,
    `5826${protectedMap}`,
    `4a${hexOf('varve/tx/1')}`,
    `58${bodyLength}${body}`,
  ].join('');
  const signature = toHex(ed25519.sign(fromHex(sigStructure), SEED_1));
  const message = `d2845826${protectedMap}a058${bodyLength}${body}5840${signature}`;
  return { key, account, chainId, sigStructure, signature, message, id: toHex(nobleSha256(fromHex(sigStructure))) };
})();

describe('the transaction of RFC 8032’s first key', () => {
  it('decodes to what was written', () => {
    expect(VECTOR.message.length / 2).toBeLessThan(400);
    const transaction = decodeTransaction(fromHex(VECTOR.message));
    expect(transaction).toMatchObject({
      id: VECTOR.id,
      chainId: VECTOR.chainId,
      account: VECTOR.account,
      validUntil: 1_750_000_000_000,
    });
    expect(toHex(transaction.nonce)).toBe('000102030405060708090a0b0c0d0e0f');
    expect(toHex(transaction.publicKey)).toBe(VECTOR.key);
    expect(toHex(transaction.signedBytes)).toBe(VECTOR.sigStructure);
    expect(toHex(transaction.signature)).toBe(VECTOR.signature);
    expect(transaction.operations).toEqual([
      { module: 'coordination', method: 'create', arguments: ['/a', utf8Encode('hello')] },
    ]);
    expect(verifySignature(transaction.publicKey, transaction.signedBytes, transaction.signature)).toBe(true);
  });

  it('is what prepareTransaction makes', () => {
    const { operations, nonce, validUntil, account, chainId } = decodeTransaction(fromHex(VECTOR.message));
    const prepared = prepareTransaction({ operations, nonce, validUntil, account, chainId }, ada.publicKey);
    expect(toHex(prepared.signedBytes)).toBe(VECTOR.sigStructure);
    expect(toHex(prepared.assemble(ada.sign(prepared.signedBytes)).bytes)).toBe(VECTOR.message);
  });

  it('with any byte changed is refused, has another id, or a bad signature under the same', () => {
    const original = fromHex(VECTOR.message);
    const signatureStart = original.length - 64;
    let position = 0;
    for (const bytes of mutations(original)) {
      const changed = Math.floor(position++ / 3);
      const transaction = decodedOrRefused(decodeTransaction, bytes);
      if (transaction === undefined) continue;
      expect(transaction.id === VECTOR.id).toBe(changed >= signatureStart);
      expect(verifySignature(transaction.publicKey, transaction.signedBytes, transaction.signature)).toBe(false);
    }
  });

  it('cut short or lengthened is refused', () => {
    const bytes = fromHex(VECTOR.message);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeTransaction(bytes.subarray(0, length))).toThrow(malformed);
    }
    expect(() => decodeTransaction(concatBytes(bytes, Uint8Array.of(0)))).toThrow(malformed);
  });
});

describe('decodeTransaction', () => {
  /** A transaction around any body. */
  const around = (body: Uint8Array) =>
    concatBytes(fromHex(`d2845826a20127045820${VECTOR.key}a0`), encodeCbor(body), encodeCbor(new Uint8Array(64)));
  const body = (...changes: [number, unknown][]) => {
    const fields: unknown[] = [1, new Uint8Array(32), new Uint8Array(32), new Uint8Array(16), 5, [['m', 'x', []]]];
    for (const [at, value] of changes) fields[at] = value;
    return around(encodeFreely(fields));
  };
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

  it('takes the plain body that the refused ones below differ from', () => {
    expect(decodeTransaction(body()).operations).toHaveLength(1);
    expect(decodeTransaction(body([5, [['m', 'x', [deep(4)]]]])).operations).toHaveLength(1);
    expect(decodeTransaction(body([5, new Array(1024).fill(['m', 'x', []])])).operations).toHaveLength(1024);
  });

  it.each([
    ['another version', body([0, 2])],
    ['a short chain id', body([1, new Uint8Array(31)])],
    ['a short account', body([2, new Uint8Array(31)])],
    ['a short nonce', body([3, new Uint8Array(15)])],
    ['a text as time', body([4, 'soon'])],
    ['no operations', body([5, []])],
    ['1,025 operations', body([5, new Array(1025).fill(['m', 'x', []])])],
    ['an operation of two items', body([5, [['m', 'x']]])],
    ['an upper-case module', body([5, [['M', 'x', []]]])],
    ['a module that starts with a digit', body([5, [['1m', 'x', []]]])],
    ['a method of 33 characters', body([5, [['m', 'x'.repeat(33), []]]])],
    ['an empty method', body([5, [['m', '', []]]])],
    ['a newline after a name', body([5, [['m\n', 'x', []]]])],
    ['arguments nested nine deep', body([5, [['m', 'x', [deep(5)]]]])],
    ['a seventh field', body([6, 0])],
    ['a body that is no array', around(encodeCbor(1))],
    ['a byte after the body', around(concatBytes(encodeCbor([1]), Uint8Array.of(0)))],
    ['a body in a longer form', around(fromHex('9f01ff'))],
    ['more than a mebibyte', body([5, [['m', 'x', [new Uint8Array(1024 * 1024)]]]])],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeTransaction(bytes)).toThrow(malformed);
  });

  it.each([
    ['another tag', 0, 0xd1],
    ['five items', 1, 0x85],
    ['another algorithm', 6, 0x26],
    ['an unprotected header', 42, 0xa1],
  ])('refuses %s', (_, at, byte) => {
    const bytes = fromHex(VECTOR.message);
    bytes[at] = byte;
    expect(() => decodeTransaction(bytes)).toThrow(malformed);
  });

  it('refuses a body whose length is not in shortest form', () => {
    const { message } = VECTOR;
    const at = message.indexOf('a058') + 2;
    const longer = `${message.slice(0, at)}5900${message.slice(at + 2)}`;
    expect(() => decodeTransaction(fromHex(longer))).toThrow(malformed);
  });
});

describe('decodeTransaction beside cborg', () => {
  /** The same verdict, and equal values. */
  const compare = (bytes: Uint8Array): boolean => {
    const expected = slowBody(bytes);
    const transaction = decodedOrRefused(decodeTransaction, bytes);
    if (transaction === undefined || expected === undefined) {
      expect(transaction).toBe(expected);
      return false;
    }
    const { chainId, account, nonce, validUntil, operations } = transaction;
    expect({ chainId, account, nonce, validUntil, operations }).toEqual(expected);
    const body = decodeFreely(bytes.subarray(43, bytes.length - 66)) as Uint8Array;
    const signed = encodeFreely(['Signature1', bytes.subarray(4, 42), utf8Encode('varve/tx/1'), body]);
    expect(toHex(transaction.signedBytes)).toBe(toHex(signed));
    expect(transaction.id).toBe(toHex(nobleSha256(signed)));
    expect(toHex(transaction.hash)).toBe(toHex(nobleSha256(bytes)));
    expect(transaction.hashHex).toBe(toHex(transaction.hash));
    expect(toHex(transaction.publicKey)).toBe(toHex(bytes.subarray(10, 42)));
    expect(toHex(transaction.signature)).toBe(toHex(bytes.subarray(bytes.length - 64)));
    return true;
  };

  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 6 },
      fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(true, false, null, 1.5, undefined),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
  })).value;
  const name = fc.oneof(fc.constantFrom('coordination', 'create', 'm'), fc.stringMatching(/^[a-z][a-z0-9.-]{0,32}$/));
  const hash = fc.oneof(fc.constant(fromHex(VECTOR.chainId)), fc.uint8Array({ minLength: 32, maxLength: 32 }));
  const body = fc
    .tuple(
      fc.constant(1),
      hash,
      hash,
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.maxSafeNat(),
      fc.array(fc.tuple(name, name, fc.array(value, { maxLength: 4 })), { minLength: 1, maxLength: 3 }),
    )
    .map((fields) => encodeFreely(fields));
  const HEADS = [
    0x00, 0x17, 0x18, 0x1b, 0x57, 0x58, 0x59, 0x5f, 0x61, 0x78, 0x80, 0x83, 0x98, 0x9f, 0xa0, 0xc2, 0xf6, 0xff,
  ];
  const change = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 2 }),
    put: fc.oneof(
      fc.constantFrom(...HEADS).map((head) => Uint8Array.of(head)),
      fc.uint8Array({ maxLength: 3 }),
    ),
  });
  const changed = (bytes: Uint8Array, changes: readonly { at: number; cut: number; put: Uint8Array }[]) =>
    changes.reduce((now, { at, cut, put }) => {
      const place = at % (now.length + 1);
      return concatBytes(now.subarray(0, place), put, now.subarray(place + cut));
    }, bytes);
  const around = (bytes: Uint8Array) =>
    concatBytes(
      fromHex(`d2845826a20127045820${VECTOR.key}a0`),
      encodeCbor(bytes),
      encodeCbor(new Uint8Array(64).fill(9)),
    );

  it('agrees on what is well-formed but for its values', () => {
    let accepted = 0;
    const check = (bytes: Uint8Array) => {
      if (compare(around(bytes))) accepted += 1;
    };
    fc.assert(fc.property(body, check), { numRuns: 1000 });
    expect(accepted).toBeGreaterThan(300);
  });

  it('agrees on mutated bodies and mutated messages', () => {
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(body, changes, (bytes, how) => void compare(around(changed(bytes, how)))),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(body, changes, (bytes, how) => void compare(changed(around(bytes), how))),
      { numRuns: 1000 },
    );
  });

  it('agrees with every byte of a message changed, and on every part of it', () => {
    const message = fromHex(VECTOR.message);
    for (const bytes of mutations(message, [0x01, 0x02, 0x20, 0x80, 0xff])) compare(bytes);
    for (let at = 0; at <= message.length; at++) {
      expect(compare(message.subarray(0, at))).toBe(at === message.length);
      compare(concatBytes(message.subarray(0, at), Uint8Array.of(at & 0xff), message.subarray(at)));
    }
  });
});

describe('prepareTransaction', () => {
  const good = { chainId: chain, account: accountIdOf(ada.publicKey), nonce: new Uint8Array(16), validUntil: 1 };

  it.each([
    ['a fraction as time', { ...good, validUntil: 1.5, operations: [operation('set')] }],
    ['a lone surrogate', { ...good, operations: [operation('set', '\ud800')] }],
    ['a chain id that is none', { ...good, chainId: 'x' as typeof chain, operations: [operation('set')] }],
  ])('refuses %s at once', (_, body) => {
    expect(() => prepareTransaction(body, ada.publicKey)).toThrow(malformed);
  });

  it.each([
    ['no operations', [], ada.publicKey],
    ['a bad name', [{ module: 'Bad', method: 'x', arguments: [] }], ada.publicKey],
    ['a short key', [operation('set')], new Uint8Array(31)],
  ] as [string, Operation[], Uint8Array][])('refuses %s when assembled', (_, operations, key) => {
    const prepared = prepareTransaction({ ...good, operations }, key);
    expect(() => prepared.assemble(new Uint8Array(64))).toThrow(malformed);
  });

  it('makes ids that depend on everything but the signature', () => {
    const one = transactionBytes([operation('set', 'a', 1)], { nonce: 7 });
    const resigned = one.slice();
    resigned.fill(0, resigned.length - 64);
    expect(decodeTransaction(resigned).id).toBe(decodeTransaction(one).id);
    const other = transactionBytes([operation('set', 'a', 1)], { nonce: 8 });
    expect(decodeTransaction(other).id).not.toBe(decodeTransaction(one).id);
  });
});
