import { fromHex, toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSigner, generateSeed, publicKeyOf, sign } from '../src/sign.ts';
import { verifySignature, verifySignatureNative } from '../src/verify.ts';

/** RFC 8032 §7.1, tests 1, 2, 3 and SHA(abc). */
const RFC_8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    key: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
];

describe('sign', () => {
  it.each(RFC_8032)('agrees with RFC 8032 on message "$message"', ({ seed, key, message, signature }) => {
    expect(toHex(publicKeyOf(fromHex(seed)))).toBe(key);
    expect(toHex(sign(fromHex(seed), fromHex(message)))).toBe(signature);
    expect(verifySignature(fromHex(key), fromHex(message), fromHex(signature))).toBe(true);
    expect(verifySignatureNative(fromHex(key), fromHex(message), fromHex(signature))).toBe(true);
  });

  it('gives the same bytes with and without libsodium', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (seed, message) => {
        const [fast, slow] = [createSigner(seed), createSigner(seed, {})];
        expect(fast.publicKey).toEqual(slow.publicKey);
        expect(fast.sign(message)).toEqual(slow.sign(message));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps its own copy of the seed', () => {
    for (const signer of [createSigner, (seed: Uint8Array) => createSigner(seed, {})]) {
      const seed = new Uint8Array(32).fill(5);
      const { publicKey, sign: signWith } = signer(seed);
      seed.fill(0);
      expect(verifySignature(publicKey, seed, signWith(seed))).toBe(true);
    }
  });

  it.each([0, 31, 33, 64])('refuses a seed of %i bytes', (length) => {
    expect(() => sign(new Uint8Array(length), new Uint8Array())).toThrow(
      expect.objectContaining({ code: 'SEED_MALFORMED', details: { length } }),
    );
  });

  it('generates seeds of 32 bytes that differ', () => {
    const seeds = Array.from({ length: 20 }, () => toHex(generateSeed()));
    expect(new Set(seeds).size).toBe(20);
    expect(seeds.every((seed) => seed.length === 64)).toBe(true);
  });
});
