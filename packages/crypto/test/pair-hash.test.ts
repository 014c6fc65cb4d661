import { toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { native } from '../src/native.ts';
import { createSha256Pairs, sha256Pairs } from '../src/pair-hash.ts';
import { createSha256 } from '../src/sha256.ts';

const { sodium, nodeCrypto, hashtree } = native;
const noble = createSha256({});
const inputOf = (pairs: number) => Uint8Array.from({ length: 64 * pairs }, (_, i) => (i * 31 + (i >> 6) * 7) % 256);
const slowly = (input: Uint8Array) =>
  Array.from({ length: input.length / 64 }, (_, i) => toHex(noble(input.slice(64 * i, 64 * i + 64)))).join('');

describe('sha256Pairs', () => {
  it('finds hashtree on this host, so that the comparisons below mean something', () => {
    expect(hashtree).toBeDefined();
  });

  it('gives the same by every means, for every number of pairs up to 70 and for many', () => {
    const means = [
      sha256Pairs,
      createSha256Pairs({}),
      createSha256Pairs(nodeCrypto ? { nodeCrypto } : {}),
      createSha256Pairs(sodium ? { sodium } : {}),
      createSha256Pairs(hashtree ? { hashtree } : {}),
    ];
    for (const pairs of [...Array.from({ length: 71 }, (_, i) => i), 256, 1000]) {
      const input = inputOf(pairs);
      const expected = slowly(input);
      for (const hash of means) {
        const output = new Uint8Array(32 * pairs);
        hash(output, input);
        expect(toHex(output)).toBe(expected);
      }
    }
  });

  it('writes to views of larger buffers, and nowhere else', () => {
    const buffer = new Uint8Array(5 * 32).fill(9);
    const input = new Uint8Array(4 * 64);
    input.set(inputOf(2), 64);
    sha256Pairs(buffer.subarray(64, 128), input.subarray(64, 192));
    expect(toHex(buffer)).toBe('09'.repeat(64) + slowly(inputOf(2)) + '09'.repeat(32));
  });

  it.each([
    { what: 'wrong', hashInto: (_: Uint8Array, output: Uint8Array) => void output.fill(3) },
    {
      what: 'failing',
      hashInto: () => {
        throw new Error('illegal instruction');
      },
    },
  ])('does not use a binary that is $what on this processor', ({ hashInto }) => {
    const output = new Uint8Array(96);
    createSha256Pairs({ hashtree: { hashInto } })(output, inputOf(3));
    expect(toHex(output)).toBe(slowly(inputOf(3)));
  });
});
