import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AssemblyModule, compileAssembly, FREE } from './assembly.ts';

const P = 2n ** 255n - 19n;
const PAIR_BYTES = 80;
const [H, K, F, G] = [0, 1, 2, 3].map((i) => FREE + i * PAIR_BYTES) as [number, number, number, number];
const LIMBS = Array.from({ length: 10 }, (_, i) => i);
type Limbs = readonly number[];
type Pair = readonly [Limbs, Limbs];

/** The largest that limb i of a number within `times` can be. */
const limbMax = (i: number, times: number): number => Math.floor(1.01 * times * 2 ** (i % 2 === 0 ? 26 : 25));
/** Random limbs and the extremes: all, or some. */
const numberWithin = (times: number): fc.Arbitrary<Limbs> =>
  fc.oneof(
    fc.constant(LIMBS.map((i) => limbMax(i, times))),
    fc.tuple(...LIMBS.map((i) => fc.oneof(fc.constantFrom(0, limbMax(i, times)), fc.nat({ max: limbMax(i, times) })))),
  );
const pairWithin = (times: number): fc.Arbitrary<Pair> => fc.tuple(numberWithin(times), numberWithin(times));
const numberOf = (limbs: Limbs): bigint =>
  limbs.reduce((sum, limb, i) => sum + (BigInt(limb) << BigInt(Math.ceil(25.5 * i))), 0n);
const modulo = (value: bigint): bigint => ((value % P) + P) % P;

let field: AssemblyModule;
beforeAll(async () => {
  field = await compileAssembly('field.ts');
});

function write(address: number, [a, b]: Pair): void {
  const words = new Uint32Array(field.memory.buffer, address, 20);
  for (const i of LIMBS) words.set([a[i] as number, b[i] as number], 2 * i);
}

/** Both numbers at an address, no limb of which may be more than `times` allows. */
function read(address: number, times: number): [bigint, bigint] {
  const words = new Uint32Array(field.memory.buffer, address, 20);
  const lanes = [0, 1].map((lane) => LIMBS.map((i) => words[2 * i + lane] as number));
  for (const limbs of lanes) for (const i of LIMBS) expect(limbs[i]).toBeLessThanOrEqual(limbMax(i, times));
  return lanes.map((limbs) => modulo(numberOf(limbs))) as [bigint, bigint];
}

/** Whether a function does to pairs of the size that it takes what `expected` says. */
function holds(
  call: () => unknown,
  within: readonly [number, number, number],
  expected: (a: bigint, b: bigint, c: bigint, d: bigint) => readonly [bigint, bigint],
): void {
  const [f, g, result] = within;
  fc.assert(
    fc.property(pairWithin(f), pairWithin(g), (ab, cd) => {
      write(F, ab);
      write(G, cd);
      call();
      const values = [...ab, ...cd].map(numberOf) as [bigint, bigint, bigint, bigint];
      expect(read(H, result)).toEqual(expected(...values).map(modulo));
    }),
    { numRuns: 500 },
  );
}

describe('pairs of numbers modulo p', () => {
  it.each([
    [8, 2],
    [1, 1],
  ])('multiplies numbers within %i and %i', (f, g) => {
    holds(
      () => field.call('mul', H, F, G),
      [f, g, 1],
      (a, b, c, d) => [a * c, b * d],
    );
  });

  it.each([2, 1])('squares numbers within %i', (f) => {
    holds(
      () => field.call('square', H, F),
      [f, 1, 1],
      (a, b) => [a * a, b * b],
    );
  });

  it('reduces numbers within 31', () => {
    holds(
      () => field.call('reduce', H, F),
      [31, 1, 1],
      (a, b) => [a, b],
    );
  });

  it('adds and subtracts', () => {
    holds(
      () => field.call('add', H, F, G),
      [3, 2, 5],
      (a, b, c, d) => [a + c, b + d],
    );
    holds(
      () => field.call('subtract', H, F, G),
      [3, 1, 5],
      (a, b, c, d) => [a - c, b - d],
    );
  });

  it('adds and subtracts across lanes', () => {
    holds(
      () => field.call('differenceAndSum', H, F),
      [1, 1, 3],
      (a, b) => [b - a, b + a],
    );
    holds(
      () => field.call('sumAndDifference', H, F),
      [1, 1, 3],
      (a, b) => [a + b, a - b],
    );
    holds(
      () => field.call('sumAndSecond', H, F, G),
      [1, 1, 2],
      (a, b, _c, d) => [a + b, d],
    );
    holds(
      () => field.call('subtractAndAddTwice', H, F, G),
      [3, 1, 5],
      (a, b, c, d) => [a - c, b + 2n * d],
    );
  });

  it('moves numbers between lanes', () => {
    holds(
      () => field.call('swap', H, F),
      [1, 1, 1],
      (a, b) => [b, a],
    );
    holds(
      () => field.call('transpose', H, K, F, G),
      [1, 1, 1],
      (a, _b, c) => [a, c],
    );
    holds(
      () => field.call('transpose', K, H, F, G),
      [1, 1, 1],
      (_a, b, _c, d) => [b, d],
    );
  });

  it('writes results over arguments', () => {
    holds(
      () => {
        field.call('mul', F, F, G);
        field.call('square', F, F);
        field.call('differenceAndSum', F, F);
        field.call('reduce', H, F);
      },
      [1, 1, 1],
      (a, b, c, d) => [(b * d) ** 2n - (a * c) ** 2n, (b * d) ** 2n + (a * c) ** 2n],
    );
  });
});

describe('numbers as bytes', () => {
  let bytes: AssemblyModule;
  beforeAll(async () => {
    bytes = await compileAssembly('field-bytes.ts');
  });
  const littleEndian = (address: number): bigint =>
    new Uint8Array(bytes.memory.buffer, address, 32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const edges = [0n, 1n, 18n, 19n, P - 1n, P, P + 1n, 2n ** 255n - 1n, 2n ** 254n];

  it.each([0, 4])('reads 255 bits and writes them below p, in lane %i', (lane) => {
    const values = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }));
    fc.assert(
      fc.property(values, (value) => {
        const input = new Uint8Array(bytes.memory.buffer, K, 32);
        for (let i = 0; i < 32; i++) input[i] = Number((value >> BigInt(8 * i)) & 255n);
        bytes.call('fromBytes', F, lane, K);
        bytes.call('toBytes', G, F, lane);
        const expected = modulo(value % 2n ** 255n);
        expect(littleEndian(G)).toBe(expected);
        expect(bytes.call('isZero', F, lane)).toBe(Number(expected === 0n));
        expect(bytes.call('isOdd', F, lane)).toBe(Number(expected & 1n));
      }),
      { numRuns: 500 },
    );
  });

  it('writes whatever is reduced below p', () => {
    fc.assert(
      fc.property(numberWithin(1), (limbs) => {
        const words = new Uint32Array(bytes.memory.buffer, F, 20);
        for (const i of LIMBS) words[2 * i + 1] = limbs[i] as number;
        bytes.call('toBytes', G, F, 4);
        expect(littleEndian(G)).toBe(modulo(numberOf(limbs)));
      }),
      { numRuns: 500 },
    );
  });
});
