// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
/**
 * Numbers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 §5.1), as
 * limbs of 26 bits in 64-bit words. Products are summed up as they are: only the sum is reduced.
 */

/** Limbs of a sum of products. */
const SUM_LIMBS = 25;
/** Bytes of a sum of products. */
export const SUM_BYTES: usize = SUM_LIMBS * 8;
/** Limbs of a factor. */
export const NUMBER_LIMBS = 10;
export const HASH_LIMBS = 20;
/** Bytes behind a factor that are read, and whose bits must be 0. */
export const FACTOR_PADDING = 8;
const LOW_26: u64 = 0x3ffffff;
/** A coefficient has 126 bits: four limbs and 22 bits, whatever follows it. */
const LOW_22: u64 = 0x3fffff;
/** Bits of limb 9 below 2^252. */
const TOP_BITS = 18;

/** L, as little-endian words. */
const ORDER: usize = memory.data<u64>([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000]);
/** L − 2^252, and 2^8 times that: 2^252 and 2^260 are the negatives of these. */
const OVER_252: usize = memory.data<u64>([16110573, 10012311, 30238081, 58362846, 1367801, 0]);
const OVER_260: usize = memory.data<u64>([30665984, 13014845, 23429414, 42720883, 14612958, 5]);
const OVER_LIMBS = 6;

/** Whether 32 little-endian bytes are below L: anything else makes a signature malleable (RFC 8032 §5.1.7). */
export function isCanonical(bytes: usize): bool {
  for (let i: i32 = 3; i >= 0; i--) {
    const word = load<u64>(bytes + ((<usize>i) << 3));
    const limit = load<u64>(ORDER + ((<usize>i) << 3));
    if (word !== limit) return word < limit;
  }
  return false;
}

/** Bits `26 i` to `26 i + 25`. */
function bitsAt(bytes: usize, i: i32): u64 {
  return (load<u64>(bytes + ((26 * i) >> 3)) >> ((26 * i) & 7)) & LOW_26;
}

/**
 * sum = sum + z · f, for at most 256 of these: so limbs stay below 256 · 5 · 2^52, which is below 2^63.
 * @param z - A coefficient of 16 little-endian bytes whose two highest bits are clear.
 * @param f - Little-endian bytes of `limbs` limbs, and their padding.
 */
export function addProduct(sum: usize, z: usize, f: usize, limbs: i32): void {
  const z0 = bitsAt(z, 0);
  const z1 = bitsAt(z, 1);
  const z2 = bitsAt(z, 2);
  const z3 = bitsAt(z, 3);
  const z4 = bitsAt(z, 4) & LOW_22;
  let f0: u64 = 0;
  let f1: u64 = 0;
  let f2: u64 = 0;
  let f3: u64 = 0;
  for (let i = 0; i < limbs + 4; i++) {
    const f4 = f3;
    f3 = f2;
    f2 = f1;
    f1 = f0;
    f0 = i < limbs ? bitsAt(f, i) : 0;
    const limb = sum + ((<usize>i) << 3);
    store<u64>(limb, load<u64>(limb) + z0 * f0 + z1 * f1 + z2 * f2 + z3 * f3 + z4 * f4);
  }
}

function at(sum: usize, i: i32): i64 {
  return load<i64>(sum + ((<usize>i) << 3));
}

function put(sum: usize, i: i32, value: i64): void {
  store<i64>(sum + ((<usize>i) << 3), value);
}

/** Carries limbs 0 to `to` upwards, so that each is from 0 to 2^26 − 1. */
function carry(sum: usize, to: i32): void {
  for (let i = 0; i <= to; i++) {
    const over = at(sum, i) >> 26;
    put(sum, i + 1, at(sum, i + 1) + over);
    put(sum, i, at(sum, i) - (over << 26));
  }
}

/** Takes `times` away from limb i on, times what `over` holds. */
function subtract(sum: usize, i: i32, over: usize, times: i64): void {
  for (let j = 0; j < OVER_LIMBS; j++) put(sum, i + j, at(sum, i + j) - times * at(over, j));
}

/** Takes away what is above 2^252, or adds what is missing, as a multiple of L. */
function takeTop(sum: usize): void {
  const top = NUMBER_LIMBS - 1;
  const over = (at(sum, top + 1) << (26 - TOP_BITS)) + (at(sum, top) >> TOP_BITS);
  put(sum, top + 1, 0);
  put(sum, top, at(sum, top) & ((1 << TOP_BITS) - 1));
  subtract(sum, 0, OVER_252, over);
  carry(sum, top - 1);
}

/** Writes a sum modulo L, below 2^253 and not always the least, as 32 little-endian bytes. The sum is lost. */
export function writeReduced(bytes: usize, sum: usize): void {
  carry(sum, SUM_LIMBS - 2);
  // Five limbs go at a time, none of which the others of the five add to: so each has at most 29 bits and
  // a sign when it goes.
  for (let top = SUM_LIMBS - 1; top >= NUMBER_LIMBS; top -= 4) {
    for (let i = top; i > top - 5 && i >= NUMBER_LIMBS; i--) {
      const limb = at(sum, i);
      put(sum, i, 0);
      subtract(sum, i - NUMBER_LIMBS, OVER_260, limb);
    }
    carry(sum, max(top - 5, NUMBER_LIMBS - 1));
  }
  // Once leaves up to 2^163 too much or too little; twice, from 2^252 − L to L.
  takeTop(sum);
  takeTop(sum);
  if (at(sum, NUMBER_LIMBS - 1) < 0) takeTop(sum);
  toBytes(bytes, sum);
}

/** Writes ten limbs of 26 bits, of which 256 are written and the others 0. */
function toBytes(bytes: usize, limbs: usize): void {
  let word: u64 = 0;
  let bits: i32 = 0;
  for (let i: i32 = 0; i < NUMBER_LIMBS; i++) {
    const limb = <u64>at(limbs, i);
    word |= limb << bits;
    bits += 26;
    if (bits >= 64) {
      store<u64>(bytes, word);
      bytes += 8;
      bits -= 64;
      word = limb >> (26 - bits);
    }
  }
}
