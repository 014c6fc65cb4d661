import * as point from './point';
import { POINT_BYTES } from './point';

/**
 * The sum of many points, each times its own number of 128 bits (Pippenger, On the evaluation of powers and related
 * problems, FOCS 1976): the numbers are cut into signed digits, points of one digit meet in one bucket, and only the
 * buckets are multiplied. Nothing here is secret, so time may depend on the numbers.
 */

/** Most points of one sum. */
export const POINTS_MAX = 1024;
/** Bytes of a number. */
export const NUMBER_BYTES: usize = 16;
/** Widest digit, bits. */
const WIDTH_MAX = 8;
/** Most digits of a number: with five bits each. */
const DIGITS_MAX = 26;

const digits: usize = memory.data(2 * POINTS_MAX * DIGITS_MAX);
const buckets: usize = memory.data((<i32>POINT_BYTES) << (WIDTH_MAX - 1));
const isFilled: usize = memory.data(1 << (WIDTH_MAX - 1));
const running: usize = memory.data(160);
const total: usize = memory.data(160);

/** The width that costs least, by measurement. */
function widthFor(count: i32): i32 {
  if (count < 60) return 5;
  if (count < 160) return 6;
  return count < 600 ? 7 : WIDTH_MAX;
}

/** Bits `first` to `first + width − 1` of a number. */
function bitsOf(number: usize, first: i32, width: i32): i32 {
  const low = load<u64>(number);
  const high = load<u64>(number, 8);
  let bits: u64 = 0;
  if (first < 64) {
    bits = low >> first;
    if (first > 0) bits |= high << (64 - first);
  } else if (first < 128) bits = high >> (first - 64);
  return <i32>bits & ((1 << width) - 1);
}

/** Digits from −2^(width − 1) + 1 to 2^(width − 1), the lowest first; digit w of number i stands at w · count + i. */
function writeDigits(numbers: usize, count: i32, width: i32, length: i32): void {
  const half = 1 << (width - 1);
  for (let i = 0; i < count; i++) {
    const number = numbers + <usize>i * NUMBER_BYTES;
    let carry = 0;
    for (let w = 0; w < length; w++) {
      let digit = bitsOf(number, w * width, width) + carry;
      carry = digit > half ? 1 : 0;
      if (carry === 1) digit -= 1 << width;
      store<i16>(digits + ((<usize>(w * count + i)) << 1), <i16>digit);
    }
  }
}

function fillBuckets(points: usize, count: i32, digit: usize): void {
  for (let i = 0; i < count; i++) {
    const value = <i32>load<i16>(digit + ((<usize>i) << 1));
    if (value === 0) continue;
    const place = <usize>(abs(value) - 1);
    const bucket = buckets + place * POINT_BYTES;
    if (load<u8>(isFilled + place) === 0) {
      store<u8>(isFilled + place, 1);
      point.setIdentity(bucket);
    }
    point.addNiels(bucket, bucket, load<u32>(points + ((<usize>i) << 2)), value < 0);
  }
}

/** Adds bucket i times i + 1, for all i, to `sum`. */
function addBuckets(sum: usize, width: i32): void {
  point.setIdentity(running);
  point.setIdentity(total);
  let isRunning = false;
  for (let place: i32 = (1 << (width - 1)) - 1; place >= 0; place--) {
    if (load<u8>(isFilled + place) === 1) {
      point.addPoint(running, running, buckets + <usize>place * POINT_BYTES);
      isRunning = true;
    }
    if (isRunning) point.addPoint(total, total, running);
  }
  point.addPoint(sum, sum, total);
}

/**
 * sum = Σ points[i] · numbers[i].
 * @param points - Addresses of `count` points in Niels form, four bytes each.
 * @param numbers - `count` numbers of 16 little-endian bytes.
 */
export function multiplyAll(sum: usize, points: usize, numbers: usize, count: i32): void {
  const width = widthFor(count);
  // One more than 128 bits need: a last carry has its place.
  const length = 128 / width + 1;
  writeDigits(numbers, count, width, length);
  point.setIdentity(sum);
  for (let w = length - 1; w >= 0; w--) {
    if (w < length - 1) for (let i = 0; i < width; i++) point.double(sum);
    memory.fill(isFilled, 0, 1 << (WIDTH_MAX - 1));
    fillBuckets(points, count, digits + ((<usize>(w * count)) << 1));
    addBuckets(sum, width);
  }
}
