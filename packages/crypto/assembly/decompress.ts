// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
import * as field from './field';
import { A, B, PAIR_BYTES } from './field';
import * as bytes from './field-bytes';
import * as point from './point';
import { POINT_BYTES } from './point';

/**
 * Points of their 32 bytes, as ZIP-215 reads them: y may be p or more, and x = 0 may have its sign bit set (RFC 8032 §5.1.3
 * without its last two checks). Two pairs are raised to the long power in turn: a square has to wait for the one before,
 * and the processor fills the wait with the other pair's.
 */

/** Points at a time. */
export const POINTS_AT_ONCE: i32 = 4;

/** A square root of −1, which is 2^((p − 1) / 4). */
const ROOT_BYTES: usize = memory.data<u64>([
  0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b,
]);

const D: usize = memory.data(80, 16);
const ROOT: usize = memory.data(80, 16);
const ONE: usize = memory.data(80, 16);
/** One for each pair. */
const a: usize = memory.data(2 * 80, 16);
const b: usize = memory.data(2 * 80, 16);
const c: usize = memory.data(2 * 80, 16);
const t: usize = memory.data(2 * 80, 16);
const u: usize = memory.data(2 * 80, 16);
const v: usize = memory.data(2 * 80, 16);
const x: usize = memory.data(2 * 80, 16);
const y: usize = memory.data(2 * 80, 16);
const factor: usize = memory.data(80, 16);

/** Fills the constants; before anything else. */
export function prepare(): void {
  point.setD(D);
  bytes.fromBytes(ROOT, A, ROOT_BYTES);
  bytes.setSmall(ONE, A, 1);
  bytes.setSmall(ONE, B, 1);
}

function mul(h: usize, f: usize, g: usize): void {
  field.mul(h, f, g);
  field.mul(h + PAIR_BYTES, f + PAIR_BYTES, g + PAIR_BYTES);
}

function squareTimes(h: usize, f: usize, times: i32): void {
  field.square(h, f);
  field.square(h + PAIR_BYTES, f + PAIR_BYTES);
  for (let i = 1; i < times; i++) {
    field.square(h, h);
    field.square(h + PAIR_BYTES, h + PAIR_BYTES);
  }
}

/** x = x^(2^252 − 3) = x^((p − 5) / 8), of both pairs. */
function raise(): void {
  squareTimes(a, x, 1);
  squareTimes(b, a, 2);
  mul(b, x, b); // 9
  mul(a, a, b); // 11
  squareTimes(a, a, 1);
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
  squareTimes(a, a, 2);
  mul(x, a, x);
}

/** y, u = y² − 1, v = d y² + 1, t = v³ and x = u v⁷ of a pair of encodings. */
function begin(at: usize, encodings: usize): void {
  bytes.fromBytes(y + at, A, encodings);
  bytes.fromBytes(y + at, B, encodings + 32);
  field.square(u + at, y + at);
  field.mul(v + at, u + at, D);
  field.add(v + at, v + at, ONE);
  field.subtract(u + at, u + at, ONE);
  field.reduce(u + at, u + at);
  field.square(t + at, v + at);
  field.mul(t + at, t + at, v + at);
  field.square(x + at, t + at);
  field.mul(x + at, x + at, v + at);
  field.mul(x + at, x + at, u + at);
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

function chooseSign(number: usize, lane: usize, encoding: usize): void {
  if (bytes.isOdd(number, lane) !== (load<u8>(encoding, 31) >> 7 === 1)) bytes.negate(number, lane);
}

/**
 * x = u v³ (u v⁷)^((p − 5) / 8), whose power x holds, times what makes it a root; and the points of a pair.
 * @returns Whether both are points of the curve.
 */
function end(points: usize, at: usize, encodings: usize): bool {
  const root = x + at;
  field.mul(root, root, t + at);
  field.mul(root, root, u + at);
  field.square(a, root);
  field.mul(a, a, v + at);
  field.subtract(b, a, u + at);
  field.reduce(b, b);
  field.add(c, a, u + at);
  field.reduce(c, c);
  if (!chooseFactor(A) || !chooseFactor(B)) return false;
  field.mul(root, root, factor);
  chooseSign(root, A, encodings);
  chooseSign(root, B, encodings + 32);
  field.reduce(root, root);
  field.mul(t + at, root, y + at);
  field.transpose(points, points + POINT_BYTES, root, y + at);
  field.transpose(points + PAIR_BYTES, points + POINT_BYTES + PAIR_BYTES, t + at, ONE);
  return true;
}

/**
 * Writes the extended points of four encodings, which stand one after another, as the points then do.
 * @returns Whether all are points of the curve; if not, what is written has no meaning.
 */
export function decompress(points: usize, encodings: usize): bool {
  begin(0, encodings);
  begin(PAIR_BYTES, encodings + 64);
  raise();
  return end(points, 0, encodings) && end(points + 2 * POINT_BYTES, PAIR_BYTES, encodings + 64);
}
