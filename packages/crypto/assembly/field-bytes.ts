import { PAIR_BYTES } from './field';

/**
 * Single numbers of a pair: as bytes, and set or judged one by one. A number is named by the pair and its lane.
 */

/** The limbs of 2 p. */
const TWICE_P: usize = memory.data<u32>([
  0x7ffffda, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0x7fffffe, 0x3fffffe,
]);
const LIMBS: usize = 10;
const digits: usize = memory.data(32);

function limb(f: usize, lane: usize, i: usize): u64 {
  return <u64>load<u32>(f + lane + 8 * i);
}

function put(h: usize, lane: usize, i: usize, value: u64): void {
  store<u32>(h + lane + 8 * i, <u32>value);
}

/** Bits of limb i. */
function widthOf(i: usize): u64 {
  return i % 2 === 0 ? 26 : 25;
}

/** h = the low 255 bits of 32 little-endian bytes, reduced; p and above stand for what they are modulo p. */
export function fromBytes(h: usize, lane: usize, bytes: usize): void {
  const w0 = load<u64>(bytes);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24);
  const low26: u64 = 0x3ffffff;
  const low25: u64 = 0x1ffffff;
  put(h, lane, 0, w0 & low26);
  put(h, lane, 1, (w0 >> 26) & low25);
  put(h, lane, 2, ((w0 >> 51) | (w1 << 13)) & low26);
  put(h, lane, 3, (w1 >> 13) & low25);
  put(h, lane, 4, (w1 >> 38) & low26);
  put(h, lane, 5, w2 & low25);
  put(h, lane, 6, (w2 >> 25) & low26);
  put(h, lane, 7, ((w2 >> 51) | (w3 << 13)) & low25);
  put(h, lane, 8, (w3 >> 12) & low26);
  put(h, lane, 9, (w3 >> 38) & low25);
}

/** Writes f, which is reduced, as 32 little-endian bytes below p. */
export function toBytes(bytes: usize, f: usize, lane: usize): void {
  // f is below 2 p: it holds p once if f + 19 reaches 2^255, else not at all.
  let q: u64 = 19;
  for (let i: usize = 0; i < LIMBS; i++) q = (limb(f, lane, i) + q) >> widthOf(i);
  let carry = 19 * q;
  let word: u64 = 0;
  let bits: u64 = 0;
  for (let i: usize = 0; i < LIMBS; i++) {
    const width = widthOf(i);
    const value = limb(f, lane, i) + carry;
    const low = value & ((1 << width) - 1);
    carry = value >> width;
    word |= low << bits;
    bits += width;
    if (bits >= 64) {
      store<u64>(bytes, word);
      bytes += 8;
      bits -= 64;
      word = low >> (width - bits);
    }
  }
  store<u64>(bytes, word);
}

/** Whether f, which is reduced, is 0. */
export function isZero(f: usize, lane: usize): bool {
  toBytes(digits, f, lane);
  return (load<u64>(digits) | load<u64>(digits, 8) | load<u64>(digits, 16) | load<u64>(digits, 24)) === 0;
}

/** The lowest bit of f, which is reduced, below p. */
export function isOdd(f: usize, lane: usize): bool {
  toBytes(digits, f, lane);
  return (load<u8>(digits) & 1) === 1;
}

/** h = value, below 2^26. */
export function setSmall(h: usize, lane: usize, value: u64): void {
  for (let i: usize = 0; i < LIMBS; i++) put(h, lane, i, i === 0 ? value : 0);
}

/** h = f, whatever the other lane of h holds. */
export function copyLane(h: usize, lane: usize, f: usize, from: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 8) store<u32>(h + lane + i, load<u32>(f + from + i));
}

/** h = −h, within 2. @param h - Reduced. */
export function negate(h: usize, lane: usize): void {
  for (let i: usize = 0; i < LIMBS; i++) put(h, lane, i, <u64>load<u32>(TWICE_P + 4 * i) - limb(h, lane, i));
}
