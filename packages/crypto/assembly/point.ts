// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
import * as field from './field';
import { FIELD_BYTES } from './field';

/**
 * Points of the curve −x² + y² = 1 + d x² y² (RFC 8032 §5.1), in two forms: *extended* coordinates (X : Y : Z : T) with
 * x = X/Z, y = Y/Z, xy = T/Z; and *Niels* form (y + x, y − x, 2dxy) of an affine point, which is cheap to add. All
 * formulas are complete: they hold for every pair of points, the identity and those of small order included.
 * (Hisil, Wong, Carter and Dawson, Twisted Edwards Curves Revisited, ASIACRYPT 2008.)
 */

/** Bytes of an extended point. */
export const POINT_BYTES: usize = 160;
/** Bytes of a point in Niels form. */
export const NIELS_BYTES: usize = 120;

const D_BYTES: usize = memory.data<u64>([
  0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73,
]);
/** A square root of −1, which is 2^((p − 1) / 4). */
const ROOT_BYTES: usize = memory.data<u64>([
  0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b,
]);
/** The base point: y = 4/5, x even. */
const BASE_BYTES: usize = memory.data<u64>([
  0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666,
]);

const D: usize = memory.data(40);
const TWICE_D: usize = memory.data(40);
const ROOT: usize = memory.data(40);
const a: usize = memory.data(40);
const b: usize = memory.data(40);
const c: usize = memory.data(40);
const e: usize = memory.data(40);
const g: usize = memory.data(40);
const h: usize = memory.data(40);
const u: usize = memory.data(40);
const v: usize = memory.data(40);

/** Fills the constants; before anything else. */
export function prepare(): void {
  field.fromBytes(D, D_BYTES);
  field.add(TWICE_D, D, D);
  field.reduce(TWICE_D, TWICE_D);
  field.fromBytes(ROOT, ROOT_BYTES);
}

function y(point: usize): usize {
  return point + FIELD_BYTES;
}

function z(point: usize): usize {
  return point + 2 * FIELD_BYTES;
}

function t(point: usize): usize {
  return point + 3 * FIELD_BYTES;
}

export function setIdentity(point: usize): void {
  memory.fill(point, 0, POINT_BYTES);
  store<i32>(y(point), 1);
  store<i32>(z(point), 1);
}

export function isIdentity(point: usize): bool {
  field.subtract(a, y(point), z(point));
  return field.isZero(point) && field.isZero(a);
}

/**
 * The extended point of 32 bytes, as ZIP-215 reads them: y may be p or more, and x = 0 may have its sign bit set.
 * @returns Whether there is one.
 */
export function decompress(point: usize, bytes: usize): bool {
  field.fromBytes(y(point), bytes);
  field.setSmall(z(point), 1);
  field.square(u, y(point));
  field.mul(v, u, D);
  field.subtract(u, u, z(point)); // y² − 1
  field.add(v, v, z(point)); // d y² + 1
  // x = u v³ (u v⁷)^((p − 5) / 8)
  field.square(a, v);
  field.mul(a, a, v);
  field.square(b, a);
  field.mul(b, b, v);
  field.mul(b, b, u);
  field.powRoot(b, b);
  field.mul(b, b, a);
  field.mul(point, b, u);
  field.square(a, point);
  field.mul(a, a, v);
  field.subtract(b, a, u);
  if (!field.isZero(b)) {
    field.add(b, a, u);
    if (!field.isZero(b)) return false;
    field.mul(point, point, ROOT);
  }
  if (field.isOdd(point) !== (load<u8>(bytes, 31) >> 7 === 1)) field.negate(point, point);
  field.mul(t(point), point, y(point));
  return true;
}

/** The extended base point. */
export function setBase(point: usize): void {
  decompress(point, BASE_BYTES);
}

/** niels = point, where Z is 1. */
export function toNiels(niels: usize, point: usize): void {
  field.add(niels, y(point), point);
  field.reduce(niels, niels);
  field.subtract(niels + FIELD_BYTES, y(point), point);
  field.reduce(niels + FIELD_BYTES, niels + FIELD_BYTES);
  field.mul(niels + 2 * FIELD_BYTES, t(point), TWICE_D);
}

/** Scales the coordinates so that Z is 1. */
export function normalize(point: usize): void {
  field.invert(a, z(point));
  field.mul(point, point, a);
  field.mul(y(point), y(point), a);
  field.mul(t(point), point, y(point));
  field.setSmall(z(point), 1);
}

export function negate(point: usize): void {
  field.negate(point, point);
  field.negate(t(point), t(point));
}

/** point = E F : G H : F G : E H, of the four factors at `e`, `a`, `g` and `h`. */
function complete(point: usize): void {
  field.mul(point, e, a);
  field.mul(y(point), g, h);
  field.mul(z(point), a, g);
  field.mul(t(point), e, h);
}

/** sum = point + niels, or point − niels. */
export function addNiels(sum: usize, point: usize, niels: usize, negative: bool): void {
  const plus = negative ? niels + FIELD_BYTES : niels;
  const minus = negative ? niels : niels + FIELD_BYTES;
  field.subtract(a, y(point), point);
  field.mul(a, a, minus);
  field.add(b, y(point), point);
  field.mul(b, b, plus);
  field.mul(c, t(point), niels + 2 * FIELD_BYTES);
  field.add(g, z(point), z(point));
  field.subtract(e, b, a);
  field.add(h, b, a);
  if (negative) {
    field.add(a, g, c);
    field.subtract(g, g, c);
  } else {
    field.subtract(a, g, c);
    field.add(g, g, c);
  }
  complete(sum);
}

/** sum = p + q. */
export function addPoint(sum: usize, p: usize, q: usize): void {
  field.subtract(a, y(p), p);
  field.subtract(b, y(q), q);
  field.mul(a, a, b);
  field.add(b, y(p), p);
  field.add(c, y(q), q);
  field.mul(b, b, c);
  field.mul(c, t(p), t(q));
  field.mul(c, c, TWICE_D);
  field.mul(g, z(p), z(q));
  field.add(g, g, g);
  field.subtract(e, b, a);
  field.add(h, b, a);
  field.subtract(a, g, c);
  field.add(g, g, c);
  complete(sum);
}

/** point = 2 point. */
export function double(point: usize): void {
  field.square(b, point); // A = X²
  field.square(c, y(point)); // B = Y²
  field.add(e, point, y(point));
  field.square(e, e);
  field.add(h, b, c); // A + B
  field.subtract(e, e, h);
  field.negate(e, e); // E = A + B − (X + Y)²
  field.subtract(g, b, c); // G = A − B
  field.square(a, z(point));
  field.add(a, a, a); // C = 2 Z²
  field.reduce(a, a);
  field.add(a, a, g); // F = C + G
  complete(point);
}
