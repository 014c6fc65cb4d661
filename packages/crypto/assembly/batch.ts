// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript has 64-bit integers
import { decompress, POINTS_AT_ONCE, prepare as prepareDecompression } from './decompress';
import * as multiply from './multiply';
import { NUMBER_BYTES } from './multiply';
import * as point from './point';
import { POINT_BYTES } from './point';
import * as scalar from './scalar';
import { HASH_LIMBS, NUMBER_LIMBS, SUM_BYTES } from './scalar';
import { sha512 } from './sha512';

/**
 * Verifies many Ed25519 signatures at once, under the rule of ZIP-215. A signature (R, s) of M under A holds if
 *
 *     8 s B = 8 R + 8 k A,   k = SHA-512(R ‖ A ‖ M) mod L.
 *
 * With numbers z that nobody can guess, all hold but for a chance of 2^−125 if
 *
 *     8 (Σ z R + Σ (z k) A − (Σ z s) B) = 0
 *
 * (Bernstein, Duif, Lange, Schwabe and Yang, High-speed high-security signatures, CHES 2011, §5). Signatures of one key
 * share its term. What is multiplied with A and B is cut into halves, the upper one for 2^128 A, so that every number
 * has at most 128 bits.
 */

/** Most signatures of a batch. */
export const SIGNATURES_MAX: i32 = 256;
/** Keys whose points are kept. */
export const KEYS_MAX: i32 = 4096;
/** Longest message. */
export const MESSAGE_BYTES_MAX: i32 = 131072;
/** R, A and M as they are hashed, one after another. */
const input: usize = memory.data(32 + 32 + 131072);
/** Where the caller puts a key. */
export const KEY: usize = memory.data(32);
/** Where the caller puts M. */
export const MESSAGE: usize = input + 64;
/** Where the caller puts R and s; and padding that stays 0. */
export const SIGNATURE: usize = memory.data(32 + 32 + 8);
/** 16 bytes for each signature, of which the two highest bits are clear, and padding. */
export const COEFFICIENTS: usize = memory.data(16 * 256 + 8);

/** Widths of the digits of what is multiplied: a table has 2^(width − 2) points. */
const R_WIDTH = 4;
const KEY_WIDTH = 5;
const BASE_WIDTH = 8;
const R_POINTS = 4;
const KEY_POINTS = 8;
const BASE_POINTS = 64;

/** Of each key A the table of A and that of 2^128 A. */
const keyTables: usize = memory.data(4096 * 2 * 8 * 160, 16);
const keyBytes: usize = memory.data(4096 * 32);
/** The batch in which each key was last seen, and its place there. */
const keySeen: usize = memory.data(4 * 4096);
const keyPlace: usize = memory.data(4 * 4096);
/** The tables of −B and −2^128 B. */
const baseTables: usize = memory.data(2 * 64 * 160, 16);
/** The encodings of the signatures' R, and their tables. */
const rBytes: usize = memory.data(32 * 256);
const rTables: usize = memory.data(256 * 4 * 160, 16);
/** The slots of the keys of this batch, and for each Σ z k. */
const slots: usize = memory.data(4 * 256);
const keySums: usize = memory.data(256 * 200);
/** Σ z s. */
const baseSum: usize = memory.data(200);

const number: usize = memory.data(32);
/** A hash and padding that stays 0. */
const hash: usize = memory.data(64 + 8);
/** Four points, and four encodings of points. */
const points: usize = memory.data(4 * 160, 16);
const encodings: usize = memory.data(4 * 32);
/** The base point: y = 4/5, x even. */
const BASE_BYTES: usize = memory.data<u64>([
  0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666,
]);

let batch: u32 = 0;
let signatures: i32 = 0;
let keys: i32 = 0;

/** Writes the tables of the extended point and of 2^128 times it; the point is lost. */
function writeBoth(tables: usize, extended: usize, count: i32): void {
  point.writeOddMultiples(tables, extended, count);
  for (let i = 0; i < 128; i++) point.double(extended);
  point.writeOddMultiples(tables + <usize>count * POINT_BYTES, extended, count);
}

/** Writes the first of `points`. */
function decompressOne(encoding: usize): bool {
  for (let i: usize = 0; i < 4 * 32; i += 32) memory.copy(encodings + i, encoding, 32);
  return decompress(points, encodings);
}

/** Once, before anything else. */
export function prepare(): void {
  point.prepare();
  prepareDecompression();
  decompressOne(BASE_BYTES);
  point.negate(points);
  writeBoth(baseTables, points, BASE_POINTS);
}

/**
 * Keeps the key at `KEY` in `slot`, which no signature of the present batch may have used.
 * @returns Whether it is a point of the curve: nothing holds under a key that is none.
 */
export function loadKey(slot: i32): bool {
  if (!decompressOne(KEY)) return false;
  memory.copy(keyBytes + ((<usize>slot) << 5), KEY, 32);
  writeBoth(keyTables + <usize>slot * 2 * KEY_POINTS * POINT_BYTES, points, KEY_POINTS);
  return true;
}

/** Starts a batch. */
export function begin(): void {
  batch += 1;
  // Once in 2^32 batches the count begins anew, and no key was seen in it.
  if (batch === 0) {
    memory.fill(keySeen, 0, 4 * 4096);
    batch = 1;
  }
  signatures = 0;
  keys = 0;
  memory.fill(baseSum, 0, SUM_BYTES);
}

/** The place in this batch of the key in `slot`. */
function placeOf(slot: i32): i32 {
  const offset = (<usize>slot) << 2;
  if (load<u32>(keySeen + offset) === batch) return load<i32>(keyPlace + offset);
  const place = keys;
  keys += 1;
  store<u32>(keySeen + offset, batch);
  store<i32>(keyPlace + offset, place);
  store<i32>(slots + ((<usize>place) << 2), slot);
  memory.fill(keySums + <usize>place * SUM_BYTES, 0, SUM_BYTES);
  return place;
}

/**
 * Adds the signature at `SIGNATURE` of the message at `MESSAGE` under the key in `slot` to the batch.
 * @returns Whether it may hold: not where s is L or more; such a signature is left out.
 */
export function add(slot: i32, messageBytes: i32): bool {
  const s = SIGNATURE + 32;
  if (!scalar.isCanonical(s)) return false;
  memory.copy(rBytes + ((<usize>signatures) << 5), SIGNATURE, 32);
  memory.copy(input, SIGNATURE, 32);
  memory.copy(input + 32, keyBytes + ((<usize>slot) << 5), 32);
  const z = COEFFICIENTS + <usize>signatures * NUMBER_BYTES;
  sha512(hash, input, 64 + messageBytes);
  scalar.addProduct(keySums + <usize>placeOf(slot) * SUM_BYTES, z, hash, HASH_LIMBS);
  scalar.addProduct(baseSum, z, s, NUMBER_LIMBS);
  signatures += 1;
  return true;
}

/** Adds the terms of R of the signatures from `from` on, four at most; returns whether all are points of the curve. */
function addCommitments(from: i32): bool {
  const count = min(POINTS_AT_ONCE, signatures - from);
  for (let i = 0; i < POINTS_AT_ONCE; i++) {
    // Where there are fewer the last stands in.
    const signature = from + min(i, count - 1);
    memory.copy(encodings + ((<usize>i) << 5), rBytes + ((<usize>signature) << 5), 32);
  }
  if (!decompress(points, encodings)) return false;
  for (let i = 0; i < count; i++) {
    const table = rTables + <usize>(from + i) * R_POINTS * POINT_BYTES;
    point.writeOddMultiples(table, points + <usize>i * POINT_BYTES, R_POINTS);
    multiply.addTerm(table, COEFFICIENTS + <usize>(from + i) * NUMBER_BYTES, R_WIDTH);
  }
  return true;
}

/** Adds a point times a sum of products, which is lost. */
function addProducts(sum: usize, tables: usize, count: i32, width: i32): void {
  scalar.writeReduced(number, sum);
  multiply.addTerm(tables, number, width);
  multiply.addTerm(tables + <usize>count * POINT_BYTES, number + NUMBER_BYTES, width);
}

/** Whether all signatures of the batch hold. */
export function check(): bool {
  multiply.begin();
  for (let i = 0; i < signatures; i += POINTS_AT_ONCE) if (!addCommitments(i)) return false;
  addProducts(baseSum, baseTables, BASE_POINTS, BASE_WIDTH);
  for (let place = 0; place < keys; place++) {
    const slot = <usize>load<i32>(slots + ((<usize>place) << 2));
    const tables = keyTables + slot * 2 * KEY_POINTS * POINT_BYTES;
    addProducts(keySums + <usize>place * SUM_BYTES, tables, KEY_POINTS, KEY_WIDTH);
  }
  multiply.writeSum(points);
  for (let i = 0; i < 3; i++) point.double(points);
  return point.isIdentity(points);
}
