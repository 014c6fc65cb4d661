// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
import * as field from './field';
import { A, B, PAIR_BYTES } from './field';
import * as bytes from './field-bytes';

/**
 * Points of the curve −x² + y² = 1 + d x² y² (RFC 8032 §5.1), in two forms, each of two pairs of reduced numbers:
 * *extended* coordinates (X, Y) and (T, Z) with x = X/Z, y = Y/Z, xy = T/Z; and the *cached* form (Y − X, Y + X) and
 * (2 d T, 2 Z) of a point that is to be added. All formulas are complete: they hold for every pair of points, the
 * identity and those of small order included (Hisil, Wong, Carter and Dawson, Twisted Edwards Curves Revisited,
 * ASIACRYPT 2008, whose §4.2 has them for four processors: here two lanes, twice).
 */

/** Bytes of a point in either form. */
export const POINT_BYTES: usize = 2 * PAIR_BYTES;

const D_BYTES: usize = memory.data<u64>([
  0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73,
]);

/** (2 d, 2). */
const CACHE_FACTORS: usize = memory.data(80, 16);
const a: usize = memory.data(80, 16);
const b: usize = memory.data(80, 16);
const c: usize = memory.data(80, 16);
const d: usize = memory.data(80, 16);
const twice: usize = memory.data(160, 16);
const running: usize = memory.data(160, 16);

/** h = (d, d). */
export function setD(h: usize): void {
  bytes.fromBytes(h, A, D_BYTES);
  bytes.fromBytes(h, B, D_BYTES);
}

/** Fills the constants; before anything else. */
export function prepare(): void {
  setD(a);
  bytes.setSmall(a, B, 1);
  field.add(a, a, a);
  field.reduce(CACHE_FACTORS, a);
}

function tz(point: usize): usize {
  return point + PAIR_BYTES;
}

export function setIdentity(point: usize): void {
  memory.fill(point, 0, POINT_BYTES);
  bytes.setSmall(point, B, 1);
  bytes.setSmall(tz(point), B, 1);
}

export function isIdentity(point: usize): bool {
  field.swap(a, point);
  field.swap(b, tz(point));
  field.subtract(a, a, b);
  field.reduce(a, a);
  return bytes.isZero(point, A) && bytes.isZero(a, A);
}

/** point = −point. */
export function negate(point: usize): void {
  bytes.negate(point, A);
  field.reduce(point, point);
  bytes.negate(tz(point), A);
  field.reduce(tz(point), tz(point));
}

/** cached = point. */
export function toCached(cached: usize, point: usize): void {
  field.differenceAndSum(cached, point);
  field.reduce(cached, cached);
  field.mul(tz(cached), tz(point), CACHE_FACTORS);
}

/** sum = point + cached, or point − cached: then Y − X and Y + X change places, and T its sign. */
export function addCached(sum: usize, point: usize, cached: usize, isNegative: bool): void {
  let factors = cached;
  if (isNegative) {
    field.swap(b, cached);
    factors = b;
  }
  field.differenceAndSum(a, point);
  field.mul(a, a, factors); // (A, B)
  field.mul(b, tz(point), tz(cached)); // (C, D)
  field.differenceAndSum(a, a); // (E, H) = (B − A, B + A)
  field.differenceAndSum(b, b); // (F, G) = (D − C, D + C)
  field.reduce(b, b);
  if (isNegative) field.swap(b, b);
  field.mul(sum, a, b); // X, Y = E F, H G
  field.transpose(c, d, a, b);
  field.mul(tz(sum), c, d); // T, Z = E H, F G
}

/** point = 2 point. */
export function double(point: usize): void {
  field.sumAndSecond(b, point, tz(point)); // (X + Y, Z)
  field.square(a, point); // (X², Y²)
  field.square(b, b); // ((X + Y)², Z²)
  field.sumAndDifference(a, a); // (H, G) = (X² + Y², X² − Y²)
  field.subtractAndAddTwice(b, a, b); // (E, F) = (H − (X + Y)², G + 2 Z²), within 5
  field.reduce(b, b);
  field.mul(tz(point), a, b); // T, Z = H E, G F
  field.transpose(c, d, b, a);
  field.mul(point, d, c); // X, Y = F E, G H
}

/** Writes point, 3 point, 5 point and so on, `count` of them, in cached form. */
export function writeOddMultiples(table: usize, point: usize, count: i32): void {
  memory.copy(twice, point, POINT_BYTES);
  double(twice);
  toCached(twice, twice);
  memory.copy(running, point, POINT_BYTES);
  toCached(table, running);
  for (let i = 1; i < count; i++) {
    addCached(running, running, twice, false);
    toCached(table + <usize>i * POINT_BYTES, running);
  }
}
