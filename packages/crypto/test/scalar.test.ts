import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { type AssemblyModule, compileAssembly, FREE } from './assembly.ts';

/** RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SUM_BYTES = 200;
const NUMBER_LIMBS = 10;
const HASH_LIMBS = 20;
const PRODUCTS_MAX = 256;
const [SUM, COEFFICIENT, FACTOR, RESULT] = [0, 256, 512, 768].map((offset) => FREE + offset) as [
  number,
  number,
  number,
  number,
];

let scalar: AssemblyModule;
beforeAll(async () => {
  scalar = await compileAssembly('scalar.ts');
});

const at = (address: number, length: number): Uint8Array => new Uint8Array(scalar.memory.buffer, address, length);
function write(address: number, length: number, value: bigint): void {
  const bytes = at(address, length);
  for (let i = 0; i < length; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 255n);
}

/** Sums products in the module; the result modulo L. */
function sumOf(products: readonly (readonly [bigint, bigint])[], bits: 253 | 512): bigint {
  at(SUM, SUM_BYTES).fill(0);
  for (const [z, f] of products) {
    // The next coefficient follows at once: whatever it is.
    write(COEFFICIENT, 24, z | (0xffffn << 128n));
    write(FACTOR, 80, f);
    scalar.call('addProduct', SUM, COEFFICIENT, FACTOR, bits === 512 ? HASH_LIMBS : NUMBER_LIMBS);
  }
  scalar.call('writeReduced', RESULT, SUM);
  const result = at(RESULT, 32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  expect(result < 2n ** 253n).toBe(true);
  return result % L;
}

const expected = (products: readonly (readonly [bigint, bigint])[]): bigint =>
  products.reduce((sum, [z, f]) => sum + z * f, 0n) % L;
const upTo = (bits: number): fc.Arbitrary<bigint> => {
  const max = 2n ** BigInt(bits) - 1n;
  return fc.oneof(fc.constantFrom(0n, 1n, max, L % max), fc.bigInt({ min: 0n, max }));
};

it.each([253, 512] as const)('sums products with factors of %i bits', (bits) => {
  const products = fc.array(fc.tuple(upTo(126), upTo(bits)), { maxLength: 20 });
  fc.assert(
    fc.property(products, (list) => {
      expect(sumOf(list, bits)).toBe(expected(list));
    }),
  );
});

it.each([253, 512] as const)('has room for as many of the largest as a batch has, of %i bits', (bits) => {
  const largest = [2n ** 126n - 1n, 2n ** BigInt(bits) - 1n] as const;
  const products = new Array(PRODUCTS_MAX).fill(largest);
  expect(sumOf(products, bits)).toBe(expected(products));
});

it('reduces multiples of L, and what is beside them', () => {
  // 2^260 folds to 2^260 − 256 L: what is just below 256 L becomes negative on the way.
  const multiple = fc.oneof(fc.constantFrom(1n, 256n, 257n, 512n), fc.bigInt({ min: 1n, max: 2n ** 259n - 1n }));
  fc.assert(
    fc.property(multiple, fc.constantFrom(-1n, 0n, 1n, L - 2n ** 252n), (k, beside) => {
      const products = [[1n, k * L + beside]] as const;
      expect(sumOf(products, 512)).toBe(expected(products));
    }),
  );
});

it('takes only numbers below L as canonical', () => {
  for (const [value, isCanonical] of [
    [0n, true],
    [L - 1n, true],
    [L, false],
    [L + 1n, false],
    [2n ** 252n, true],
    [2n ** 253n, false],
    [2n ** 256n - 1n, false],
  ] as const) {
    write(FACTOR, 32, value);
    expect(scalar.call('isCanonical', FACTOR)).toBe(Number(isCanonical));
  }
});
