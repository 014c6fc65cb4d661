import { sha256 } from '@varve/crypto';
import { encodeCbor, toHex } from '@varve/encoding';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stateTreeKey } from '../src/index.ts';

it('a tree key is the SHA-256 of the CBOR of module and key, whatever their lengths', () => {
  const module = fc.oneof(
    fc.constantFrom('notes', 'a', 'ab', 'governance'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const key = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(0, 23, 24, 255, 256, 512, 70_000).map((length) => new Uint8Array(length).fill(length & 255)),
  );
  fc.assert(
    fc.property(module, key, (name, bytes) => {
      expect(toHex(stateTreeKey(name, bytes))).toBe(toHex(sha256(encodeCbor([name, bytes]))));
    }),
    { numRuns: 300 },
  );
});

it('tree keys of more modules than are remembered are right all the same', () => {
  for (let time = 0; time < 2; time++) {
    for (let i = 0; i < 200; i++) {
      const [name, key] = [`module-${i}`, Uint8Array.of(i)];
      expect(toHex(stateTreeKey(name, key))).toBe(toHex(sha256(encodeCbor([name, key]))));
    }
  }
});
