import { assert } from './assert.ts';

/** A seeded source of numbers: the only randomness inside a core. */
export interface Rng {
  /** Uniform in [0, 2^32). */
  nextUint32(): number;
}

/**
 * xoshiro128** (Blackman and Vigna, 2018), seeded with the first 16 bytes of `seed`. Not for secrets.
 * @param seed - At least 16 bytes; all zeros are replaced, since the generator cannot leave that state.
 */
export function createRng(seed: Uint8Array): Rng {
  assert(seed.length >= 16, 'a seed has at least 16 bytes');
  const view = new DataView(seed.buffer, seed.byteOffset, 16);
  let a = view.getUint32(0);
  let b = view.getUint32(4);
  let c = view.getUint32(8);
  let d = view.getUint32(12);
  if ((a | b | c | d) === 0) d = 1;
  return {
    nextUint32(): number {
      const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = rotateLeft(d, 11);
      return result;
    },
  };
}

/** Uniform in [0, below) but for a bias under `below` / 2^32, which no protocol here can notice. */
export function uniformBelow(rng: Rng, below: number): number {
  assert(Number.isSafeInteger(below) && below > 0, 'a range has at least one value');
  return Math.floor((rng.nextUint32() / 0x1_0000_0000) * below);
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
