import * as point from './point';
import { POINT_BYTES } from './point';

/**
 * The sum of many points, each times its own number of 128 bits: all share the doublings (Straus, Addition chains of
 * vectors, American Mathematical Monthly 71, 1964), and each number is cut into few odd digits with sign, no two of them
 * within `width` bits (width-w NAF: Solinas, Efficient arithmetic on Koblitz curves, Designs, Codes and Cryptography 19, 2000),
 * for which a table holds the multiples. Nothing here is secret, so time may depend on the numbers.
 */

/** Bytes of a number. */
export const NUMBER_BYTES: usize = 16;
/** Places of digits: bits 0 to 127, and one for what is carried out of them. */
const PLACES = 129;
/** Most digits of all numbers of a sum. */
const DIGITS_MAX = 24576;
/** The end of a list. */
const NONE: u32 = 0xffffffff;

/** For each place, the digits there, as a list: its first. */
const heads: usize = memory.data(4 * PLACES);
/** Of each digit: the address of the multiple, whose lowest bit is the sign, and what is next in its list. */
const digits: usize = memory.data(8 * DIGITS_MAX, 8);
let digitsUsed: u32 = 0;

/** Starts a sum. */
export function begin(): void {
  digitsUsed = 0;
  memory.fill(heads, 0xff, 4 * PLACES);
}

function addDigit(place: i32, multiple: usize, isNegative: bool): void {
  const head = heads + ((<usize>place) << 2);
  const digit = digits + ((<usize>digitsUsed) << 3);
  store<u32>(digit, <u32>multiple | (isNegative ? 1 : 0));
  store<u32>(digit, load<u32>(head), 4);
  store<u32>(head, digitsUsed);
  digitsUsed += 1;
}

/**
 * Adds a point times a number of 16 little-endian bytes to the sum. A number has at most one digit in `width` places.
 * @param table - The odd multiples of the point below 2^(width − 1), in cached form.
 */
export function addTerm(table: usize, number: usize, width: i32): void {
  let low = load<u64>(number);
  let high = load<u64>(number, 8);
  let place = 0;
  while ((low | high) !== 0) {
    if (low === 0) {
      low = high;
      high = 0;
      place += 64;
    }
    const zeros = <i32>ctz(low);
    if (zeros > 0) {
      low = (low >> zeros) | (high << (64 - zeros));
      high >>= zeros;
      place += zeros;
    }
    const digit = <i32>(low & ((1 << width) - 1));
    const isNegative = digit >> (width - 1) === 1;
    const size = isNegative ? (1 << width) - digit : digit;
    addDigit(place, table + <usize>(size >> 1) * POINT_BYTES, isNegative);
    low = (low >> width) | (high << (64 - width));
    high >>= width;
    place += width;
    // What a negative digit took too much.
    if (isNegative) {
      low += 1;
      if (low === 0) high += 1;
    }
  }
}

/** sum = the sum of all terms since `begin`. */
export function writeSum(sum: usize): void {
  point.setIdentity(sum);
  let isBegun = false;
  for (let place: i32 = PLACES - 1; place >= 0; place--) {
    if (isBegun) point.double(sum);
    let next = load<u32>(heads + ((<usize>place) << 2));
    while (next !== NONE) {
      const digit = digits + ((<usize>next) << 3);
      const multiple = load<u32>(digit);
      point.addCached(sum, sum, multiple & ~1, (multiple & 1) === 1);
      isBegun = true;
      next = load<u32>(digit, 4);
    }
  }
}
