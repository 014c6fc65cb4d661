/**
 * Numbers modulo p = 2^255 − 19 (RFC 8032 §5.1), two at a time: a *pair* (a, b) fills the lanes of WebAssembly's vectors, and
 * whatever is done is done to both. Each number has ten limbs without sign, limb i of weight 2^⌈25.5 i⌉; limb i of a and
 * limb i of b stand side by side, in 32 bits each (Bernstein, Curve25519: new Diffie-Hellman speed records, PKC 2006; in
 * vectors as in Bernstein and Schwabe, NEON crypto, CHES 2012, and Faz-Hernández and López, Fast implementation of
 * Curve25519 using AVX2, LATINCRYPT 2015).
 *
 * A limb of a *reduced* number is at most 1.01 · 2^26 for even i, half of that for odd i. A number is *within n* when no
 * limb is more than n times that. Each function says what it takes and gives; nothing overflows as long as that holds.
 *
 * Pairs are named by the address of their 80 bytes. Results may be written over arguments.
 */

/** Bytes of a pair. */
export const PAIR_BYTES: usize = 80;
/** The lanes of a pair. */
export const A: usize = 0;
export const B: usize = 4;

/** Kept in memory: V8 computes a constant anew wherever it is used, which costs more. */
const LOW_26: usize = memory.data<u32>([0x3ffffff, 0, 0x3ffffff, 0], 16);
const LOW_25: usize = memory.data<u32>([0x1ffffff, 0, 0x1ffffff, 0], 16);
const LOW_BOTH: usize = memory.data<u32>([0x3ffffff, 0x3ffffff, 0x1ffffff, 0x1ffffff], 16);
const NINETEEN: usize = memory.data<u32>([19, 19, 19, 19], 16);
/** (2 p, 2 p). No limb of a reduced number is larger. */
// biome-ignore format: limbs i and i + 1 a row
const TWICE_P: usize = memory.data<u32>([
  0x7ffffda, 0x7ffffda, 0x3fffffe, 0x3fffffe,
  0x7fffffe, 0x7fffffe, 0x3fffffe, 0x3fffffe,
  0x7fffffe, 0x7fffffe, 0x3fffffe, 0x3fffffe,
  0x7fffffe, 0x7fffffe, 0x3fffffe, 0x3fffffe,
  0x7fffffe, 0x7fffffe, 0x3fffffe, 0x3fffffe,
], 16);

/** Limb i of both numbers, in the low half of a vector. */
function limb(f: usize, i: usize): v128 {
  return v128.load64_zero(f + 8 * i);
}

/** The sum of ten products, of both numbers. */
// biome-ignore format: one row
function ten(
  a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128, i: v128, j: v128,
  k: v128, l: v128, m: v128, n: v128, o: v128, p: v128, q: v128, r: v128, s: v128, t: v128,
): v128 {
  let sum = i64x2.extmul_low_i32x4_u(a, b);
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(c, d));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(e, f));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(g, h));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(i, j));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(k, l));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(m, n));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(o, p));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(q, r));
  return i64x2.add(sum, i64x2.extmul_low_i32x4_u(s, t));
}

/** The sum of five products, of both numbers. */
// biome-ignore format: one row
function five(
  a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128, i: v128, j: v128,
): v128 {
  let sum = i64x2.extmul_low_i32x4_u(a, b);
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(c, d));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(e, f));
  sum = i64x2.add(sum, i64x2.extmul_low_i32x4_u(g, h));
  return i64x2.add(sum, i64x2.extmul_low_i32x4_u(i, j));
}

function six(sum: v128, a: v128, b: v128): v128 {
  return i64x2.add(sum, i64x2.extmul_low_i32x4_u(a, b));
}

/** Writes limbs i and i + 1, of 32 bits each. */
function put(h: usize, even: v128, odd: v128): void {
  v128.store(h, i8x16.shuffle(even, odd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27));
}

/**
 * Carries, and writes what is then reduced. Each sum is below 2^63.7; so carries are below 2^39 and no sum with one
 * reaches 2^64. Nothing is above its limb in the end but limb 5, by less than 2^14 (39 − 26 bits), and limb 1, by less
 * than 2^18 (19 · 2^39 is carried from limb 0).
 */
// biome-ignore format: one row for each step
function carried(
  h: usize, a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128, a8: v128, a9: v128,
): void {
  const low26 = v128.load(LOW_26);
  const low25 = v128.load(LOW_25);
  let h0 = a0, h1 = a1, h2 = a2, h3 = a3, h4 = a4, h5 = a5, h6 = a6, h7 = a7, h8 = a8, h9 = a9;
  h1 = i64x2.add(h1, i64x2.shr_u(h0, 26)); h0 = v128.and(h0, low26);
  h5 = i64x2.add(h5, i64x2.shr_u(h4, 26)); h4 = v128.and(h4, low26);
  h2 = i64x2.add(h2, i64x2.shr_u(h1, 25)); h1 = v128.and(h1, low25);
  h6 = i64x2.add(h6, i64x2.shr_u(h5, 25)); h5 = v128.and(h5, low25);
  h3 = i64x2.add(h3, i64x2.shr_u(h2, 26)); h2 = v128.and(h2, low26);
  h7 = i64x2.add(h7, i64x2.shr_u(h6, 26)); h6 = v128.and(h6, low26);
  h4 = i64x2.add(h4, i64x2.shr_u(h3, 25)); h3 = v128.and(h3, low25);
  h8 = i64x2.add(h8, i64x2.shr_u(h7, 25)); h7 = v128.and(h7, low25);
  h5 = i64x2.add(h5, i64x2.shr_u(h4, 26)); h4 = v128.and(h4, low26);
  h9 = i64x2.add(h9, i64x2.shr_u(h8, 26)); h8 = v128.and(h8, low26);
  // 2^255 is 19.
  const c = i64x2.shr_u(h9, 25); h9 = v128.and(h9, low25);
  h0 = i64x2.add(h0, i64x2.add(c, i64x2.add(i64x2.shl(c, 1), i64x2.shl(c, 4))));
  h1 = i64x2.add(h1, i64x2.shr_u(h0, 26)); h0 = v128.and(h0, low26);
  put(h, h0, h1);
  put(h + 16, h2, h3);
  put(h + 32, h4, h5);
  put(h + 48, h6, h7);
  put(h + 64, h8, h9);
}

/**
 * h = f · g, reduced. The largest sum is the first: 1 + 19 · (4 + 5 / 2) times the square of 1.01 · 2^26, below 2^59, for
 * factors within 1.
 * @param f - Within 8.
 * @param g - Within 3: 19 · 3 · 1.01 · 2^26 is below 2^32, and 8 · 3 · 2^59 below 2^63.7.
 */
// biome-ignore format: one row for each limb
export function mul(h: usize, f: usize, g: usize): void {
  const n = v128.load(NINETEEN);
  const f0 = limb(f, 0), f1 = limb(f, 1), f2 = limb(f, 2), f3 = limb(f, 3), f4 = limb(f, 4);
  const f5 = limb(f, 5), f6 = limb(f, 6), f7 = limb(f, 7), f8 = limb(f, 8), f9 = limb(f, 9);
  const g0 = limb(g, 0), g1 = limb(g, 1), g2 = limb(g, 2), g3 = limb(g, 3), g4 = limb(g, 4);
  const g5 = limb(g, 5), g6 = limb(g, 6), g7 = limb(g, 7), g8 = limb(g, 8), g9 = limb(g, 9);
  // The product of two odd limbs weighs twice what its sum does; d is 2 f.
  const d1 = i32x4.add(f1, f1), d3 = i32x4.add(f3, f3), d5 = i32x4.add(f5, f5), d7 = i32x4.add(f7, f7), d9 = i32x4.add(f9, f9);
  // Beyond 2^255; w is 19 g.
  const w1 = i32x4.mul(g1, n), w2 = i32x4.mul(g2, n), w3 = i32x4.mul(g3, n), w4 = i32x4.mul(g4, n), w5 = i32x4.mul(g5, n);
  const w6 = i32x4.mul(g6, n), w7 = i32x4.mul(g7, n), w8 = i32x4.mul(g8, n), w9 = i32x4.mul(g9, n);
  carried(
    h,
    ten(f0, g0, d1, w9, f2, w8, d3, w7, f4, w6, d5, w5, f6, w4, d7, w3, f8, w2, d9, w1),
    ten(f0, g1, f1, g0, f2, w9, f3, w8, f4, w7, f5, w6, f6, w5, f7, w4, f8, w3, f9, w2),
    ten(f0, g2, d1, g1, f2, g0, d3, w9, f4, w8, d5, w7, f6, w6, d7, w5, f8, w4, d9, w3),
    ten(f0, g3, f1, g2, f2, g1, f3, g0, f4, w9, f5, w8, f6, w7, f7, w6, f8, w5, f9, w4),
    ten(f0, g4, d1, g3, f2, g2, d3, g1, f4, g0, d5, w9, f6, w8, d7, w7, f8, w6, d9, w5),
    ten(f0, g5, f1, g4, f2, g3, f3, g2, f4, g1, f5, g0, f6, w9, f7, w8, f8, w7, f9, w6),
    ten(f0, g6, d1, g5, f2, g4, d3, g3, f4, g2, d5, g1, f6, g0, d7, w9, f8, w8, d9, w7),
    ten(f0, g7, f1, g6, f2, g5, f3, g4, f4, g3, f5, g2, f6, g1, f7, g0, f8, w9, f9, w8),
    ten(f0, g8, d1, g7, f2, g6, d3, g5, f4, g4, d5, g3, f6, g2, d7, g1, f8, g0, d9, w9),
    ten(f0, g9, f1, g8, f2, g7, f3, g6, f4, g5, f5, g4, f6, g3, f7, g2, f8, g1, f9, g0),
  );
}

/**
 * h = f², reduced.
 * @param f - Within 3: as for `mul`.
 */
// biome-ignore format: one row for each limb
export function square(h: usize, f: usize): void {
  const n = v128.load(NINETEEN);
  const f0 = limb(f, 0), f1 = limb(f, 1), f2 = limb(f, 2), f3 = limb(f, 3), f4 = limb(f, 4);
  const f5 = limb(f, 5), f6 = limb(f, 6), f7 = limb(f, 7), f8 = limb(f, 8), f9 = limb(f, 9);
  // d is 2 f, q is 4 f, w is 19 f.
  const d0 = i32x4.add(f0, f0), d1 = i32x4.add(f1, f1), d2 = i32x4.add(f2, f2), d3 = i32x4.add(f3, f3), d4 = i32x4.add(f4, f4);
  const d5 = i32x4.add(f5, f5), d6 = i32x4.add(f6, f6), d7 = i32x4.add(f7, f7), d8 = i32x4.add(f8, f8), d9 = i32x4.add(f9, f9);
  const q1 = i32x4.add(d1, d1), q3 = i32x4.add(d3, d3), q5 = i32x4.add(d5, d5), q7 = i32x4.add(d7, d7);
  const w5 = i32x4.mul(f5, n), w6 = i32x4.mul(f6, n), w7 = i32x4.mul(f7, n), w8 = i32x4.mul(f8, n), w9 = i32x4.mul(f9, n);
  carried(
    h,
    six(five(f0, f0, q1, w9, d2, w8, q3, w7, d4, w6), d5, w5),
    five(d0, f1, d2, w9, d3, w8, d4, w7, d5, w6),
    six(five(d0, f2, d1, f1, q3, w9, d4, w8, q5, w7), f6, w6),
    five(d0, f3, d1, f2, d4, w9, d5, w8, d6, w7),
    six(five(d0, f4, q1, f3, f2, f2, q5, w9, d6, w8), d7, w7),
    five(d0, f5, d1, f4, d2, f3, d6, w9, d7, w8),
    six(five(d0, f6, q1, f5, d2, f4, d3, f3, q7, w9), f8, w8),
    five(d0, f7, d1, f6, d2, f5, d3, f4, d8, w9),
    six(five(d0, f8, q1, f7, d2, f6, q3, f5, f4, f4), d9, w9),
    five(d0, f9, d1, f8, d2, f7, d3, f6, d4, f5),
  );
}

/** The first numbers of f and the second ones of g. */
function blended(f: v128, g: v128): v128 {
  return i8x16.shuffle(f, g, 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31);
}

function swapped(f: v128): v128 {
  return i8x16.shuffle(f, f, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}

/** h = f + g, within the sum of what they are within. */
export function add(h: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) v128.store(h + i, i32x4.add(v128.load(f + i), v128.load(g + i)));
}

/** h = f − g, within 2 more than f. @param g - Reduced. */
export function subtract(h: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16)
    v128.store(h + i, i32x4.add(v128.load(f + i), i32x4.sub(v128.load(TWICE_P + i), v128.load(g + i))));
}

/** h = (b − a, b + a), within 3, of the reduced pair f = (a, b). */
export function differenceAndSum(h: usize, f: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) {
    const ab = v128.load(f + i);
    v128.store(h + i, i32x4.add(swapped(ab), blended(i32x4.sub(v128.load(TWICE_P + i), ab), ab)));
  }
}

/** h = (a + b, a − b), within (2, 3), of the reduced pair f = (a, b). */
export function sumAndDifference(h: usize, f: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) {
    const ab = v128.load(f + i);
    v128.store(h + i, i32x4.add(swapped(ab), blended(ab, i32x4.sub(v128.load(TWICE_P + i), ab))));
  }
}

/** h = (a + b, d), of the pairs f = (a, b) and g = (c, d), within the sum of what a and b are within. */
export function sumAndSecond(h: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) {
    const ab = v128.load(f + i);
    v128.store(h + i, blended(i32x4.add(ab, swapped(ab)), v128.load(g + i)));
  }
}

/** h = (a − c, b + 2 d), within 2 more than f = (a, b); g = (c, d) is reduced. */
export function subtractAndAddTwice(h: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) {
    const cd = v128.load(g + i);
    v128.store(h + i, i32x4.add(v128.load(f + i), blended(i32x4.sub(v128.load(TWICE_P + i), cd), i32x4.add(cd, cd))));
  }
}

/** h = (b, a), of f = (a, b). */
export function swap(h: usize, f: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) v128.store(h + i, swapped(v128.load(f + i)));
}

/** h = (a, c) and k = (b, d), of f = (a, b) and g = (c, d). */
export function transpose(h: usize, k: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) {
    const ab = v128.load(f + i);
    const cd = v128.load(g + i);
    v128.store(h + i, blended(ab, i64x2.shl(cd, 32)));
    v128.store(k + i, blended(i64x2.shr_u(ab, 32), cd));
  }
}

/**
 * h = f, reduced: all limbs carry at once.
 * @param f - Within 31: so 19 times the last carry is below 2^11.
 */
export function reduce(h: usize, f: usize): void {
  const low = v128.load(LOW_BOTH);
  // What limb 9 carries is in the upper half; 2^255 is 19.
  let carry = i32x4.mul(i32x4.shr_u(v128.load(f, 64), 25), v128.load(NINETEEN));
  for (let i: usize = 0; i < PAIR_BYTES; i += 16) {
    const limbs = v128.load(f + i);
    // The even limb takes from the odd one before, the odd one from the even one.
    const carries = i64x2.shuffle(carry, i32x4.shr_u(limbs, 26), 1, 2);
    carry = i32x4.shr_u(limbs, 25);
    v128.store(h + i, i32x4.add(v128.and(limbs, low), carries));
  }
}
