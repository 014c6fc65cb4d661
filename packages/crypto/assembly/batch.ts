import { multiplyAll, NUMBER_BYTES } from './multiply';
import * as point from './point';
import { NIELS_BYTES } from './point';
import * as scalar from './scalar';
import { SCALAR_BYTES } from './scalar';
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
export const INPUT: usize = memory.data(32 + 32 + 131072);
/** The second half of the signature. */
export const S: usize = memory.data(32);
/** 16 bytes for each signature, of which the two highest bits are clear. */
export const COEFFICIENTS: usize = memory.data(16 * 256);

/** Of each key A and 2^128 A. */
const keyPoints: usize = memory.data(4096 * 2 * 120);
/** The batch in which each key was last seen, and its place there. */
const keySeen: usize = memory.data(4 * 4096);
const keyPlace: usize = memory.data(4 * 4096);
/** −B and −2^128 B. */
const basePoints: usize = memory.data(2 * 120);
const rPoints: usize = memory.data(256 * 120);
/** The slots of the keys of this batch, and for each Σ z k. */
const slots: usize = memory.data(4 * 256);
const keySums: usize = memory.data(256 * 96);
/** Σ z s. */
const baseSum: usize = memory.data(96);

const points: usize = memory.data(4 * (2 + 3 * 256));
const numbers: usize = memory.data(16 * (2 + 3 * 256));
const hash: usize = memory.data(64);
const k: usize = memory.data(96);
const s: usize = memory.data(96);
const extended: usize = memory.data(160);

let batch: u32 = 0;
let signatures: i32 = 0;
let keys: i32 = 0;

/** Writes point and 2^128 point in Niels form. `extended` holds the point, and is lost. */
function writeBoth(niels: usize): void {
  point.toNiels(niels, extended);
  for (let i = 0; i < 128; i++) point.double(extended);
  point.normalize(extended);
  point.toNiels(niels + NIELS_BYTES, extended);
}

/** Once, before anything else. */
export function prepare(): void {
  point.prepare();
  point.setBase(extended);
  point.negate(extended);
  writeBoth(basePoints);
}

/**
 * Keeps the key at A in `slot`, which no signature of the present batch may have used.
 * @returns Whether it is a point of the curve: nothing holds under a key that is none.
 */
export function loadKey(slot: i32): bool {
  if (!point.decompress(extended, INPUT + 32)) return false;
  writeBoth(keyPoints + <usize>slot * 2 * NIELS_BYTES);
  return true;
}

/** Starts a batch. */
export function begin(): void {
  batch += 1;
  signatures = 0;
  keys = 0;
  memory.fill(baseSum, 0, SCALAR_BYTES);
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
  memory.fill(keySums + <usize>place * SCALAR_BYTES, 0, SCALAR_BYTES);
  return place;
}

/**
 * Adds the signature at `INPUT` and `S` to the batch.
 * @returns Whether it may hold: not where s is L or more, or R no point; such a signature is left out.
 */
export function add(slot: i32, messageBytes: i32): bool {
  if (!scalar.isCanonical(S) || !point.decompress(extended, INPUT)) return false;
  point.toNiels(rPoints + <usize>signatures * NIELS_BYTES, extended);
  const z = COEFFICIENTS + <usize>signatures * NUMBER_BYTES;
  sha512(hash, INPUT, 64 + messageBytes);
  scalar.fromHash(k, hash);
  scalar.addProduct(keySums + <usize>placeOf(slot) * SCALAR_BYTES, z, k);
  scalar.fromBytes(s, S);
  scalar.addProduct(baseSum, z, s);
  signatures += 1;
  return true;
}

function setPoint(i: i32, niels: usize): void {
  store<u32>(points + ((<usize>i) << 2), <u32>niels);
}

/** Whether all signatures of the batch hold. */
export function check(): bool {
  let count = 2;
  setPoint(0, basePoints);
  setPoint(1, basePoints + NIELS_BYTES);
  scalar.toBytes(numbers, baseSum);
  for (let place = 0; place < keys; place++) {
    const niels = keyPoints + <usize>load<i32>(slots + ((<usize>place) << 2)) * 2 * NIELS_BYTES;
    setPoint(count, niels);
    setPoint(count + 1, niels + NIELS_BYTES);
    scalar.toBytes(numbers + <usize>count * NUMBER_BYTES, keySums + <usize>place * SCALAR_BYTES);
    count += 2;
  }
  for (let i = 0; i < signatures; i++) {
    setPoint(count + i, rPoints + <usize>i * NIELS_BYTES);
  }
  memory.copy(numbers + <usize>count * NUMBER_BYTES, COEFFICIENTS, <usize>signatures * NUMBER_BYTES);
  count += signatures;
  multiplyAll(extended, points, numbers, count);
  for (let i = 0; i < 3; i++) point.double(extended);
  return point.isIdentity(extended);
}
