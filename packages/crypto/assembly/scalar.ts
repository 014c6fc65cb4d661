// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
/**
 * Numbers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 §5.1), as
 * twelve limbs of 21 bits in 64-bit words. A result is below 2^253 and equal modulo L, not always the least.
 */

/** Limbs of a number. */
const LIMBS = 12;
/** Bytes of a number. */
export const SCALAR_BYTES: usize = LIMBS * 8;
/** A coefficient has 126 bits: six limbs exactly. */
const COEFFICIENT_LIMBS = 6;
const LOW_21: i64 = 0x1fffff;

/** L, as little-endian words. */
const ORDER: usize = memory.data<u64>([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000]);
const wide: usize = memory.data(25 * 8);

function at(i: i32): i64 {
  return load<i64>(wide + ((<usize>i) << 3));
}

function put(i: i32, value: i64): void {
  store<i64>(wide + ((<usize>i) << 3), value);
}

/** Whether 32 little-endian bytes are below L: anything else makes a signature malleable (RFC 8032 §5.1.7). */
export function isCanonical(bytes: usize): bool {
  for (let i: i32 = 3; i >= 0; i--) {
    const word = load<u64>(bytes + ((<usize>i) << 3));
    const limit = load<u64>(ORDER + ((<usize>i) << 3));
    if (word !== limit) return word < limit;
  }
  return false;
}

/** Bits `21 i` to `21 i + 20` of the `length` bytes at `bytes`. */
function bitsAt(bytes: usize, length: i32, i: i32): i64 {
  const first = (21 * i) >> 3;
  let value: u64 = 0;
  for (let byte = min(length - 1, first + 3); byte >= first; byte--) value = (value << 8) | load<u8>(bytes + byte);
  return <i64>(value >> ((21 * i) & 7)) & LOW_21;
}

/** Carries limbs `from` to `to` upwards, so that each is from 0 to 2^21 − 1. */
function carry(from: i32, to: i32): void {
  for (let i = from; i <= to; i++) {
    const over = at(i) >> 21;
    put(i + 1, at(i + 1) + over);
    put(i, at(i) - (over << 21));
  }
}

/** Takes limb i, from 12 on, away: 2^252 is −27742317777372353535851937790883648493, here in signed limbs of 21 bits. */
function fold(i: i32): void {
  const limb = at(i);
  put(i, 0);
  put(i - 12, at(i - 12) + limb * 666643);
  put(i - 11, at(i - 11) + limb * 470296);
  put(i - 10, at(i - 10) + limb * 654183);
  put(i - 9, at(i - 9) - limb * 997805);
  put(i - 8, at(i - 8) + limb * 136657);
  put(i - 7, at(i - 7) - limb * 683901);
}

/** Reduces `wide`, all of whose limbs are below 2^60, and writes it to `h`. */
function reduced(h: usize): void {
  carry(0, 23);
  // A limb is folded only while it is small: what it is multiplied with has 20 bits.
  for (let i = 24; i >= 18; i--) fold(i);
  carry(0, 17);
  for (let i = 18; i >= 12; i--) fold(i);
  for (let round = 0; round < 3; round++) {
    carry(0, 11);
    fold(12);
  }
  carry(0, 10);
  memory.copy(h, wide, SCALAR_BYTES);
}

/** h = 64 little-endian bytes modulo L. */
export function fromHash(h: usize, bytes: usize): void {
  for (let i = 0; i < 25; i++) put(i, bitsAt(bytes, 64, i));
  reduced(h);
}

/** h = 32 little-endian bytes, which are canonical. */
export function fromBytes(h: usize, bytes: usize): void {
  for (let i = 0; i < 25; i++) put(i, i < LIMBS + 1 ? bitsAt(bytes, 32, i) : 0);
  reduced(h);
}

/** sum = sum + z · f, where z is a coefficient of 16 little-endian bytes whose two highest bits are clear. */
export function addProduct(sum: usize, z: usize, f: usize): void {
  memory.fill(wide, 0, 25 * 8);
  memory.copy(wide, sum, SCALAR_BYTES);
  for (let i = 0; i < COEFFICIENT_LIMBS; i++) {
    const factor = bitsAt(z, 16, i);
    for (let j = 0; j < LIMBS; j++) put(i + j, at(i + j) + factor * load<i64>(f + ((<usize>j) << 3)));
  }
  reduced(sum);
}

/** Writes f as 32 little-endian bytes. */
export function toBytes(bytes: usize, f: usize): void {
  let word: u64 = 0;
  let bits: i32 = 0;
  for (let i: usize = 0; i < <usize>LIMBS; i++) {
    const limb = load<u64>(f + (i << 3));
    word |= limb << bits;
    // The highest limb may have a bit more than the others.
    const width: i32 = i === <usize>(LIMBS - 1) ? 25 : 21;
    if (bits + width >= 64) {
      store<u64>(bytes, word);
      bytes += 8;
      word = bits === 0 ? 0 : limb >> (64 - bits);
      bits -= 64;
    }
    bits += width;
  }
  store<u64>(bytes, word);
}
