import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex } from '@varve/encoding';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { type AssemblyModule, compileAssembly, FREE } from './assembly.ts';
import { SMALL_ORDER_ENCODINGS } from './small-order.ts';

const P = 2n ** 255n - 19n;
const POINT_BYTES = 160;
const POINTS_AT_ONCE = 4;
const ENCODINGS = FREE + POINTS_AT_ONCE * POINT_BYTES;
const BASE = ed25519.Point.BASE.toBytes();

let module: AssemblyModule;
beforeAll(async () => {
  module = await compileAssembly('decompress.ts');
  module.call('prepare');
});

/** A number of a pair modulo p: `lane` 0 or 1. */
function numberAt(pair: number, lane: number): bigint {
  const words = new Uint32Array(module.memory.buffer, pair, 20);
  let sum = 0n;
  for (let i = 0; i < 10; i++) sum += BigInt(words[2 * i + lane] as number) << BigInt(Math.ceil(25.5 * i));
  return sum % P;
}

/** x, y, t and z of one encoding among three of the base point; nothing if it is none of a point. */
function decompressed(encoding: Uint8Array, place: number): readonly bigint[] | undefined {
  const encodings = new Uint8Array(module.memory.buffer, ENCODINGS, POINTS_AT_ONCE * 32);
  for (let i = 0; i < POINTS_AT_ONCE; i++) encodings.set(i === place ? encoding : BASE, 32 * i);
  if (module.call('decompress', FREE, ENCODINGS) === 0) return undefined;
  const point = FREE + place * POINT_BYTES;
  return [point, point + 80].flatMap((pair) => [numberAt(pair, 0), numberAt(pair, 1)]);
}

function expected(encoding: Uint8Array): readonly bigint[] | undefined {
  try {
    const { x, y } = ed25519.Point.fromBytes(encoding, true).toAffine();
    return [x, y, (x * y) % P, 1n];
  } catch {
    return undefined;
  }
}

it('reads random encodings as ZIP-215 does, half of which are of no point', () => {
  const verdicts = new Set<boolean>();
  const encodings = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(encodings, fc.nat(POINTS_AT_ONCE - 1), (encoding, place) => {
      const point = expected(encoding);
      verdicts.add(point !== undefined);
      expect(decompressed(encoding, place)).toEqual(point);
    }),
    { numRuns: 200 },
  );
  expect(verdicts.size).toBe(2);
});

it('reads points of small order, and coordinates of p and more', () => {
  const large = Array.from({ length: 19 }, (_, i) =>
    [0x7f, 0xff].map((top) => `${(0xed + i).toString(16)}${'ff'.repeat(30)}${top.toString(16)}`),
  ).flat();
  for (const hex of [...SMALL_ORDER_ENCODINGS, ...large])
    for (let place = 0; place < POINTS_AT_ONCE; place++)
      expect(decompressed(fromHex(hex), place)).toEqual(expected(fromHex(hex)));
});
