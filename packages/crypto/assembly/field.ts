/**
 * Numbers modulo p = 2^255 − 19 (RFC 8032 §5.1), as ten signed limbs: limb i weighs 2^⌈25.5 i⌉. A limb of a *reduced*
 * number is at most 1.01 · 2^25 for even i, half of that for odd i. Factors may be sums or differences of three reduced
 * numbers; products are reduced. (Bernstein, Curve25519: new Diffie-Hellman speed records, PKC 2006.)
 *
 * Numbers are named by the address of their 40 bytes. Results may be written over arguments.
 */

/** Bytes of a number. */
export const FIELD_BYTES: usize = 40;

const TOP_26: i64 = 1 << 25;
const TOP_25: i64 = 1 << 24;

const scratch: usize = memory.data(5 * 40);
const digits: usize = memory.data(32);

function limb(f: usize, i: usize): i64 {
  return i64.load32_s(f + 4 * i);
}

/** Carries so that limbs are small again, and writes them. */
// biome-ignore format: one row for each limb
function carried(
  h: usize, a0: i64, a1: i64, a2: i64, a3: i64, a4: i64, a5: i64, a6: i64, a7: i64, a8: i64, a9: i64,
): void {
  let h0 = a0, h1 = a1, h2 = a2, h3 = a3, h4 = a4, h5 = a5, h6 = a6, h7 = a7, h8 = a8, h9 = a9;
  let c: i64 = (h0 + TOP_26) >> 26; h1 += c; h0 -= c << 26;
  c = (h4 + TOP_26) >> 26; h5 += c; h4 -= c << 26;
  c = (h1 + TOP_25) >> 25; h2 += c; h1 -= c << 25;
  c = (h5 + TOP_25) >> 25; h6 += c; h5 -= c << 25;
  c = (h2 + TOP_26) >> 26; h3 += c; h2 -= c << 26;
  c = (h6 + TOP_26) >> 26; h7 += c; h6 -= c << 26;
  c = (h3 + TOP_25) >> 25; h4 += c; h3 -= c << 25;
  c = (h7 + TOP_25) >> 25; h8 += c; h7 -= c << 25;
  c = (h4 + TOP_26) >> 26; h5 += c; h4 -= c << 26;
  c = (h8 + TOP_26) >> 26; h9 += c; h8 -= c << 26;
  // 2^255 is 19.
  c = (h9 + TOP_25) >> 25; h0 += c * 19; h9 -= c << 25;
  c = (h0 + TOP_26) >> 26; h1 += c; h0 -= c << 26;
  i64.store32(h, h0, 0); i64.store32(h, h1, 4); i64.store32(h, h2, 8); i64.store32(h, h3, 12); i64.store32(h, h4, 16);
  i64.store32(h, h5, 20); i64.store32(h, h6, 24); i64.store32(h, h7, 28); i64.store32(h, h8, 32); i64.store32(h, h9, 36);
}

/** h = f · g. */
// biome-ignore format: one row for each limb
export function mul(h: usize, f: usize, g: usize): void {
  const f0 = limb(f, 0), f1 = limb(f, 1), f2 = limb(f, 2), f3 = limb(f, 3), f4 = limb(f, 4);
  const f5 = limb(f, 5), f6 = limb(f, 6), f7 = limb(f, 7), f8 = limb(f, 8), f9 = limb(f, 9);
  const g0 = limb(g, 0), g1 = limb(g, 1), g2 = limb(g, 2), g3 = limb(g, 3), g4 = limb(g, 4);
  const g5 = limb(g, 5), g6 = limb(g, 6), g7 = limb(g, 7), g8 = limb(g, 8), g9 = limb(g, 9);
  carried(
    h,
    f0 * g0 + 19 * (f2 * g8 + f4 * g6 + f6 * g4 + f8 * g2) + 38 * (f1 * g9 + f3 * g7 + f5 * g5 + f7 * g3 + f9 * g1),
    f0 * g1 + f1 * g0 + 19 * (f2 * g9 + f3 * g8 + f4 * g7 + f5 * g6 + f6 * g5 + f7 * g4 + f8 * g3 + f9 * g2),
    f0 * g2 + f2 * g0 + 2 * f1 * g1 + 19 * (f4 * g8 + f6 * g6 + f8 * g4) + 38 * (f3 * g9 + f5 * g7 + f7 * g5 + f9 * g3),
    f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0 + 19 * (f4 * g9 + f5 * g8 + f6 * g7 + f7 * g6 + f8 * g5 + f9 * g4),
    f0 * g4 + f2 * g2 + f4 * g0 + 2 * (f1 * g3 + f3 * g1) + 19 * (f6 * g8 + f8 * g6) + 38 * (f5 * g9 + f7 * g7 + f9 * g5),
    f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0 + 19 * (f6 * g9 + f7 * g8 + f8 * g7 + f9 * g6),
    f0 * g6 + f2 * g4 + f4 * g2 + f6 * g0 + 2 * (f1 * g5 + f3 * g3 + f5 * g1) + 19 * f8 * g8 + 38 * (f7 * g9 + f9 * g7),
    f0 * g7 + f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1 + f7 * g0 + 19 * (f8 * g9 + f9 * g8),
    f0 * g8 + f2 * g6 + f4 * g4 + f6 * g2 + f8 * g0 + 2 * (f1 * g7 + f3 * g5 + f5 * g3 + f7 * g1) + 38 * f9 * g9,
    f0 * g9 + f1 * g8 + f2 * g7 + f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3 + f7 * g2 + f8 * g1 + f9 * g0,
  );
}

/** h = f². */
// biome-ignore format: one row for each limb
export function square(h: usize, f: usize): void {
  const f0 = limb(f, 0), f1 = limb(f, 1), f2 = limb(f, 2), f3 = limb(f, 3), f4 = limb(f, 4);
  const f5 = limb(f, 5), f6 = limb(f, 6), f7 = limb(f, 7), f8 = limb(f, 8), f9 = limb(f, 9);
  carried(
    h,
    f0 * f0 + 38 * (f2 * f8 + f4 * f6 + f5 * f5) + 76 * (f1 * f9 + f3 * f7),
    2 * f0 * f1 + 38 * (f2 * f9 + f3 * f8 + f4 * f7 + f5 * f6),
    2 * (f0 * f2 + f1 * f1) + 19 * f6 * f6 + 38 * f4 * f8 + 76 * (f3 * f9 + f5 * f7),
    2 * (f0 * f3 + f1 * f2) + 38 * (f4 * f9 + f5 * f8 + f6 * f7),
    f2 * f2 + 2 * f0 * f4 + 4 * f1 * f3 + 38 * (f6 * f8 + f7 * f7) + 76 * f5 * f9,
    2 * (f0 * f5 + f1 * f4 + f2 * f3) + 38 * (f6 * f9 + f7 * f8),
    2 * (f0 * f6 + f2 * f4 + f3 * f3) + 4 * f1 * f5 + 19 * f8 * f8 + 76 * f7 * f9,
    2 * (f0 * f7 + f1 * f6 + f2 * f5 + f3 * f4) + 38 * f8 * f9,
    f4 * f4 + 2 * (f0 * f8 + f2 * f6) + 4 * (f1 * f7 + f3 * f5) + 38 * f9 * f9,
    2 * (f0 * f9 + f1 * f8 + f2 * f7 + f3 * f6 + f4 * f5),
  );
}

/** h = f + g, not reduced. */
export function add(h: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 4) store<i32>(h + i, load<i32>(f + i) + load<i32>(g + i));
}

/** h = f − g, not reduced. */
export function subtract(h: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 4) store<i32>(h + i, load<i32>(f + i) - load<i32>(g + i));
}

/** h = −f. */
export function negate(h: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD_BYTES; i += 4) store<i32>(h + i, -load<i32>(f + i));
}

export function copy(h: usize, f: usize): void {
  memory.copy(h, f, FIELD_BYTES);
}

/** h = value, at most 2^25. */
export function setSmall(h: usize, value: i32): void {
  memory.fill(h, 0, FIELD_BYTES);
  store<i32>(h, value);
}

/** h = f, reduced. */
// biome-ignore format: one row
export function reduce(h: usize, f: usize): void {
  carried(h, limb(f, 0), limb(f, 1), limb(f, 2), limb(f, 3), limb(f, 4), limb(f, 5), limb(f, 6), limb(f, 7), limb(f, 8), limb(f, 9));
}

/** h = the low 255 bits of 32 little-endian bytes; p and above are taken modulo p. */
export function fromBytes(h: usize, bytes: usize): void {
  const w0 = load<u64>(bytes);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24);
  const low26: u64 = 0x3ffffff;
  const low25: u64 = 0x1ffffff;
  carried(
    h,
    w0 & low26,
    (w0 >> 26) & low25,
    ((w0 >> 51) | (w1 << 13)) & low26,
    (w1 >> 13) & low25,
    (w1 >> 38) & low26,
    w2 & low25,
    (w2 >> 25) & low26,
    ((w2 >> 51) | (w3 << 13)) & low25,
    (w3 >> 12) & low26,
    (w3 >> 38) & low25,
  );
}

/** Writes f, fully reduced, as 32 little-endian bytes. */
export function toBytes(bytes: usize, f: usize): void {
  reduce(scratch, f);
  // How often p lies in it: −1, 0 or 1.
  let q: i64 = (19 * limb(scratch, 9) + TOP_25) >> 25;
  for (let i: usize = 0; i < 10; i++) q = (limb(scratch, i) + q) >> (i % 2 === 0 ? 26 : 25);
  let carry: i64 = 19 * q;
  let word: u64 = 0;
  let bits: i32 = 0;
  for (let i: usize = 0; i < 10; i++) {
    const width: i32 = i % 2 === 0 ? 26 : 25;
    const value = limb(scratch, i) + carry;
    carry = value >> width;
    const low = <u64>(value - (carry << width));
    word |= low << bits;
    if (bits + width >= 64) {
      store<u64>(bytes, word);
      bytes += 8;
      word = bits === 64 - width ? 0 : low >> (64 - bits);
      bits += width - 64;
    } else bits += width;
  }
  store<u64>(bytes, word);
}

export function isZero(f: usize): bool {
  toBytes(digits, f);
  return (load<u64>(digits) | load<u64>(digits, 8) | load<u64>(digits, 16) | load<u64>(digits, 24)) === 0;
}

/** The lowest bit of f, fully reduced. */
export function isOdd(f: usize): bool {
  toBytes(digits, f);
  return (load<u8>(digits) & 1) === 1;
}

function squareTimes(h: usize, f: usize, times: i32): void {
  square(h, f);
  for (let i = 1; i < times; i++) square(h, h);
}

/**
 * Raises f to 2^250 − 1 and 11, from which both powers below follow.
 * @returns Nothing: the powers stand in `scratch` and 40 bytes after it.
 */
function powers(f: usize): void {
  const a = scratch;
  const eleven = scratch + FIELD_BYTES;
  const b = scratch + 2 * FIELD_BYTES;
  const c = scratch + 3 * FIELD_BYTES;
  square(a, f);
  squareTimes(b, a, 2);
  mul(b, f, b);
  mul(eleven, a, b);
  square(a, eleven);
  mul(a, b, a); // 2^5 − 1
  squareTimes(b, a, 5);
  mul(a, b, a); // 2^10 − 1
  squareTimes(b, a, 10);
  mul(b, b, a); // 2^20 − 1
  squareTimes(c, b, 20);
  mul(b, c, b); // 2^40 − 1
  squareTimes(b, b, 10);
  mul(a, b, a); // 2^50 − 1
  squareTimes(b, a, 50);
  mul(b, b, a); // 2^100 − 1
  squareTimes(c, b, 100);
  mul(b, c, b); // 2^200 − 1
  squareTimes(b, b, 50);
  mul(a, b, a); // 2^250 − 1
}

/** h = f^(2^252 − 3) = f^((p − 5) / 8). */
export function powRoot(h: usize, f: usize): void {
  const base = scratch + 4 * FIELD_BYTES;
  copy(base, f);
  powers(base);
  squareTimes(scratch, scratch, 2);
  mul(h, scratch, base);
}

/** h = f^(p − 2) = 1 / f; 0 for 0. */
export function invert(h: usize, f: usize): void {
  powers(f);
  squareTimes(scratch, scratch, 5);
  mul(h, scratch, scratch + FIELD_BYTES);
}
