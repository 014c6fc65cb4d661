// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
import * as field from './field';
import { A, B, PAIR_BYTES } from './field';
import * as bytes from './field-bytes';
import * as point from './point';

/**
 * Points of their 32 bytes, two at a time, as ZIP-215 reads them: y may be p or more, and x = 0 may have its sign bit set
 * (RFC 8032 §5.1.3 without its last two checks).
 */

/** A square root of −1, which is 2^((p − 1) / 4). */
const ROOT_BYTES: usize = memory.data<u64>([
  0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b,
]);

const D: usize = memory.data(80, 16);
const ROOT: usize = memory.data(80, 16);
const ONE: usize = memory.data(80, 16);
const a: usize = memory.data(80, 16);
const b: usize = memory.data(80, 16);
const c: usize = memory.data(80, 16);
const factor: usize = memory.data(80, 16);
const t: usize = memory.data(80, 16);
const u: usize = memory.data(80, 16);
const v: usize = memory.data(80, 16);
const x: usize = memory.data(80, 16);
const y: usize = memory.data(80, 16);

/** Fills the constants; before anything else. */
export function prepare(): void {
  point.setD(D);
  bytes.fromBytes(ROOT, A, ROOT_BYTES);
  bytes.setSmall(ONE, A, 1);
  bytes.setSmall(ONE, B, 1);
}

function squareTimes(h: usize, f: usize, times: i32): void {
  field.square(h, f);
  for (let i = 1; i < times; i++) field.square(h, h);
}

/** h = f^(2^252 − 3) = f^((p − 5) / 8); f and h are not a, b or c. */
function powRoot(h: usize, f: usize): void {
  field.square(a, f);
  squareTimes(b, a, 2);
  field.mul(b, f, b); // 9
  field.mul(a, a, b); // 11
  field.square(a, a);
  field.mul(a, b, a); // 2^5 − 1
  squareTimes(b, a, 5);
  field.mul(a, b, a); // 2^10 − 1
  squareTimes(b, a, 10);
  field.mul(b, b, a); // 2^20 − 1
  squareTimes(c, b, 20);
  field.mul(b, c, b); // 2^40 − 1
  squareTimes(b, b, 10);
  field.mul(a, b, a); // 2^50 − 1
  squareTimes(b, a, 50);
  field.mul(b, b, a); // 2^100 − 1
  squareTimes(c, b, 100);
  field.mul(b, c, b); // 2^200 − 1
  squareTimes(b, b, 50);
  field.mul(a, b, a); // 2^250 − 1
  squareTimes(a, a, 2);
  field.mul(h, a, f);
}

/**
 * Sets `factor` to what makes of x a square root of u / v: 1 if v x² is u already, √−1 if it is −u.
 * @returns Whether it is either: else there is no root. `b` and `c` hold v x² − u and v x² + u.
 */
function chooseFactor(lane: usize): bool {
  const isRoot = bytes.isZero(b, lane);
  if (!isRoot && !bytes.isZero(c, lane)) return false;
  bytes.copyLane(factor, lane, isRoot ? ONE : ROOT, A);
  return true;
}

function chooseSign(lane: usize, encoded: usize): void {
  if (bytes.isOdd(x, lane) !== (load<u8>(encoded, 31) >> 7 === 1)) bytes.negate(x, lane);
}

/**
 * Writes the extended points of two encodings.
 * @returns Whether both are points of the curve; if not, nothing is written.
 */
export function decompress(first: usize, second: usize, firstBytes: usize, secondBytes: usize): bool {
  bytes.fromBytes(y, A, firstBytes);
  bytes.fromBytes(y, B, secondBytes);
  field.square(u, y);
  field.mul(v, u, D);
  field.add(v, v, ONE); // d y² + 1
  field.subtract(u, u, ONE);
  field.reduce(u, u); // y² − 1
  // x = u v³ (u v⁷)^((p − 5) / 8)
  field.square(t, v);
  field.mul(t, t, v);
  field.square(x, t);
  field.mul(x, x, v);
  field.mul(x, x, u);
  powRoot(x, x);
  field.mul(x, x, t);
  field.mul(x, x, u);
  field.square(a, x);
  field.mul(a, a, v);
  field.subtract(b, a, u);
  field.reduce(b, b);
  field.add(c, a, u);
  field.reduce(c, c);
  if (!chooseFactor(A) || !chooseFactor(B)) return false;
  field.mul(x, x, factor);
  chooseSign(A, firstBytes);
  chooseSign(B, secondBytes);
  field.reduce(x, x);
  field.mul(t, x, y);
  field.transpose(first, second, x, y);
  field.transpose(first + PAIR_BYTES, second + PAIR_BYTES, t, ONE);
  return true;
}
