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

/** a b + c d + e f, of both numbers. */
function three(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  const sum = i64x2.add(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_low_i32x4_u(c, d));
  return i64x2.add(sum, i64x2.extmul_low_i32x4_u(e, f));
}

/** a b + c d + e f + g h + i j, of both numbers. */
// biome-ignore format: one row
function five(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128, i: v128, j: v128): v128 {
  const sum = i64x2.add(three(a, b, c, d, e, f), i64x2.extmul_low_i32x4_u(g, h));
  return i64x2.add(sum, i64x2.extmul_low_i32x4_u(i, j));
}

function nineteenTimes(f: v128): v128 {
  return i64x2.add(f, i64x2.add(i64x2.shl(f, 1), i64x2.shl(f, 4)));
}

/** Writes limbs i and i + 1, of 32 bits each. */
function put(h: usize, even: v128, odd: v128): void {
  v128.store(h, i8x16.shuffle(even, odd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27));
}

/**
 * Writes the number whose even limbs are a + 2 y b and whose odd limbs are c − a − b (see `mul`), reduced.
 *
 * Each limb is below 2^63.7 before anything is carried; so carries are below 2^39 and no sum with one reaches 2^64. Nothing is
 * above its limb in the end but limb 5, by less than 2^14 (39 − 26 bits), and limb 1, by less than 2^18 (19 · 2^39 is
 * carried from limb 0).
 */
// biome-ignore format: one row for each step
function combined(
  h: usize,
  a0: v128, a1: v128, a2: v128, a3: v128, a4: v128,
  b0: v128, b1: v128, b2: v128, b3: v128, b4: v128,
  c0: v128, c1: v128, c2: v128, c3: v128, c4: v128,
): void {
  const low26 = v128.load(LOW_26);
  const low25 = v128.load(LOW_25);
  // y^5 is 2^255, which is 19.
  const wrapped = i64x2.add(b4, b4);
  let h0 = i64x2.add(a0, nineteenTimes(wrapped));
  let h2 = i64x2.add(a1, i64x2.add(b0, b0));
  let h4 = i64x2.add(a2, i64x2.add(b1, b1));
  let h6 = i64x2.add(a3, i64x2.add(b2, b2));
  let h8 = i64x2.add(a4, i64x2.add(b3, b3));
  let h1 = i64x2.sub(c0, i64x2.add(a0, b0));
  let h3 = i64x2.sub(c1, i64x2.add(a1, b1));
  let h5 = i64x2.sub(c2, i64x2.add(a2, b2));
  let h7 = i64x2.sub(c3, i64x2.add(a3, b3));
  let h9 = i64x2.sub(c4, i64x2.add(a4, b4));
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
  h0 = i64x2.add(h0, nineteenTimes(i64x2.shr_u(h9, 25))); h9 = v128.and(h9, low25);
  h1 = i64x2.add(h1, i64x2.shr_u(h0, 26)); h0 = v128.and(h0, low26);
  put(h, h0, h1);
  put(h + 16, h2, h3);
  put(h + 32, h4, h5);
  put(h + 48, h6, h7);
  put(h + 64, h8, h9);
}

/**
 * h = f · g, reduced. With y = 2^51 and x = 2^26 a number is e + x o, where e has the even limbs and o the odd ones as
 * coefficients of powers of y. Since x² is 2 y, the product of e + x o and e' + x o' is
 *
 *     e e' + 2 y o o' + x ((e + o) (e' + o') − e e' − o o')
 *
 * (Karatsuba and Ofman, Multiplication of multidigit numbers on automata, Soviet Physics Doklady 7, 1963). What is in
 * brackets is e o' + o e' and not negative; (e + o) (e' + o') alone may pass 2^64, which does no harm modulo 2^64. The largest limb
 * of the product is limb 0, for factors within 1 at most 1 + 19 · (4 + 5 / 2) times the square of 1.01 · 2^26: below 2^59.
 * @param f - Within 8: a sum of two limbs is below 2^30, and 8 · 2 · 2^59 below 2^63.7.
 * @param g - Within 2: 19 times a sum of two limbs, 19 · 2 · 1.01 · (2^26 + 2^25), is below 2^32.
 */
// biome-ignore format: one row for each coefficient
export function mul(h: usize, f: usize, g: usize): void {
  const n = v128.load(NINETEEN);
  const f0 = limb(f, 0), f1 = limb(f, 1), f2 = limb(f, 2), f3 = limb(f, 3), f4 = limb(f, 4);
  const f5 = limb(f, 5), f6 = limb(f, 6), f7 = limb(f, 7), f8 = limb(f, 8), f9 = limb(f, 9);
  const g0 = limb(g, 0), g1 = limb(g, 1), g2 = limb(g, 2), g3 = limb(g, 3), g4 = limb(g, 4);
  const g5 = limb(g, 5), g6 = limb(g, 6), g7 = limb(g, 7), g8 = limb(g, 8), g9 = limb(g, 9);
  const s0 = i32x4.add(f0, f1), s1 = i32x4.add(f2, f3), s2 = i32x4.add(f4, f5), s3 = i32x4.add(f6, f7), s4 = i32x4.add(f8, f9);
  const t0 = i32x4.add(g0, g1), t1 = i32x4.add(g2, g3), t2 = i32x4.add(g4, g5), t3 = i32x4.add(g6, g7), t4 = i32x4.add(g8, g9);
  // For what is beyond y^4: w is 19 g, v is 19 t.
  const w2 = i32x4.mul(g2, n), w4 = i32x4.mul(g4, n), w6 = i32x4.mul(g6, n), w8 = i32x4.mul(g8, n);
  const w3 = i32x4.mul(g3, n), w5 = i32x4.mul(g5, n), w7 = i32x4.mul(g7, n), w9 = i32x4.mul(g9, n);
  const v1 = i32x4.mul(t1, n), v2 = i32x4.mul(t2, n), v3 = i32x4.mul(t3, n), v4 = i32x4.mul(t4, n);
  combined(
    h,
    five(f0, g0, f2, w8, f4, w6, f6, w4, f8, w2),
    five(f0, g2, f2, g0, f4, w8, f6, w6, f8, w4),
    five(f0, g4, f2, g2, f4, g0, f6, w8, f8, w6),
    five(f0, g6, f2, g4, f4, g2, f6, g0, f8, w8),
    five(f0, g8, f2, g6, f4, g4, f6, g2, f8, g0),
    five(f1, g1, f3, w9, f5, w7, f7, w5, f9, w3),
    five(f1, g3, f3, g1, f5, w9, f7, w7, f9, w5),
    five(f1, g5, f3, g3, f5, g1, f7, w9, f9, w7),
    five(f1, g7, f3, g5, f5, g3, f7, g1, f9, w9),
    five(f1, g9, f3, g7, f5, g5, f7, g3, f9, g1),
    five(s0, t0, s1, v4, s2, v3, s3, v2, s4, v1),
    five(s0, t1, s1, t0, s2, v4, s3, v3, s4, v2),
    five(s0, t2, s1, t1, s2, t0, s3, v4, s4, v3),
    five(s0, t3, s1, t2, s2, t1, s3, t0, s4, v4),
    five(s0, t4, s1, t3, s2, t2, s3, t1, s4, t0),
  );
}

/**
 * h = f², reduced, as `mul` does it.
 * @param f - Within 2.
 */
// biome-ignore format: one row for each coefficient
export function square(h: usize, f: usize): void {
  const n = v128.load(NINETEEN);
  const f0 = limb(f, 0), f1 = limb(f, 1), f2 = limb(f, 2), f3 = limb(f, 3), f4 = limb(f, 4);
  const f5 = limb(f, 5), f6 = limb(f, 6), f7 = limb(f, 7), f8 = limb(f, 8), f9 = limb(f, 9);
  const s0 = i32x4.add(f0, f1), s1 = i32x4.add(f2, f3), s2 = i32x4.add(f4, f5), s3 = i32x4.add(f6, f7), s4 = i32x4.add(f8, f9);
  // d is 2 f, t is 2 s.
  const d0 = i32x4.add(f0, f0), d2 = i32x4.add(f2, f2), d4 = i32x4.add(f4, f4), d6 = i32x4.add(f6, f6);
  const d1 = i32x4.add(f1, f1), d3 = i32x4.add(f3, f3), d5 = i32x4.add(f5, f5), d7 = i32x4.add(f7, f7);
  const t0 = i32x4.add(s0, s0), t1 = i32x4.add(s1, s1), t2 = i32x4.add(s2, s2), t3 = i32x4.add(s3, s3);
  // w is 19 f, v is 19 s.
  const w6 = i32x4.mul(f6, n), w7 = i32x4.mul(f7, n), w8 = i32x4.mul(f8, n), w9 = i32x4.mul(f9, n);
  const v3 = i32x4.mul(s3, n), v4 = i32x4.mul(s4, n);
  combined(
    h,
    three(f0, f0, d2, w8, d4, w6),
    three(d0, f2, d4, w8, f6, w6),
    three(d0, f4, f2, f2, d6, w8),
    three(d0, f6, d2, f4, f8, w8),
    three(d0, f8, d2, f6, f4, f4),
    three(f1, f1, d3, w9, d5, w7),
    three(d1, f3, d5, w9, f7, w7),
    three(d1, f5, f3, f3, d7, w9),
    three(d1, f7, d3, f5, f9, w9),
    three(d1, f9, d3, f7, f5, f5),
    three(s0, s0, t1, v4, t2, v3),
    three(t0, s1, t2, v4, s3, v3),
    three(t0, s2, s1, s1, t3, v4),
    three(t0, s3, t1, s2, s4, v4),
    three(t0, s4, t1, s3, s2, s2),
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
