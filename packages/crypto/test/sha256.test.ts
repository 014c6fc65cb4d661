import { fromHex, toHex, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { native } from '../src/native.ts';
import { createSha256, sha256, sha256Hex, sha256Into, sha256Parts } from '../src/sha256.ts';

const { nodeCrypto } = native;
const noble = createSha256({});

describe('sha256', () => {
  it('finds OpenSSL on this host, so that the comparisons below mean something', () => {
    expect(nodeCrypto).toBeDefined();
  });

  it.each([
    { text: '', digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
    { text: 'abc', digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    {
      text: 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      digest: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    },
  ])('of "$text" is that of FIPS 180-4', ({ text, digest }) => {
    expect(sha256Hex(utf8Encode(text))).toBe(digest);
    expect(sha256(utf8Encode(text))).toEqual(fromHex(digest));
    expect(noble(utf8Encode(text))).toEqual(fromHex(digest));
  });

  it('gives the same on every path at every length from 0 to 700', () => {
    if (nodeCrypto === undefined) return;
    const old = { ...nodeCrypto, hash: undefined } as unknown as NonNullable<typeof nodeCrypto>;
    const paths = [createSha256({ nodeCrypto }), createSha256({ nodeCrypto: old }), noble];
    const backing = Uint8Array.from({ length: 710 }, (_, i) => (i * 151 + 7) % 256);
    for (let length = 0; length <= 700; length++) {
      const input = backing.subarray(length % 9, (length % 9) + length);
      const expected = toHex(noble(input));
      for (const path of paths) {
        expect(toHex(path(input))).toBe(expected);
        const output = new Uint8Array(32);
        path(input, output);
        expect(toHex(output)).toBe(expected);
      }
      expect(sha256Hex(input)).toBe(expected);
    }
  });

  it('works without crypto.hash, which Node 20.0 lacks', () => {
    if (nodeCrypto === undefined) return;
    const old = { ...nodeCrypto, hash: undefined } as unknown as NonNullable<typeof nodeCrypto>;
    expect(createSha256({ nodeCrypto: old })(utf8Encode('abc'))).toEqual(noble(utf8Encode('abc')));
  });

  it('returns bytes that a later call leaves alone, and leaves its input alone', () => {
    const input = utf8Encode('one');
    const first = sha256(input);
    const copy = new Uint8Array(first);
    sha256(utf8Encode('two'));
    expect(first).toEqual(copy);
    expect(input).toEqual(utf8Encode('one'));
    expect(Object.getPrototypeOf(sha256(new Uint8Array(1000)))).toBe(Uint8Array.prototype);
  });

  it('writes into an array that is given, and nowhere else', () => {
    const buffer = new Uint8Array(96).fill(1);
    sha256Into(buffer.subarray(32, 64), utf8Encode('abc'));
    expect(toHex(buffer)).toBe(`${'01'.repeat(32)}${sha256Hex(utf8Encode('abc'))}${'01'.repeat(32)}`);
  });

  it('of parts is that of their concatenation', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (parts) => {
        expect(sha256Parts(...parts)).toEqual(noble(Uint8Array.from(parts.flatMap((part) => [...part]))));
      }),
    );
  });
});
