import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyList } from '../src/key-list.ts';

const key = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  fc.integer({ min: 20_000, max: 140_000 }).map((length) => new Uint8Array(length).fill(length & 255)),
);

it('gives every key back, in order, over pieces and with keys longer than one', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 30 }), (keys) => {
      const list = new KeyList();
      const given = keys.map((one) => one.slice());
      for (const one of given) list.push(one);
      for (const one of given) one.fill(0);
      expect([...list].map((one) => Buffer.from(one).toString('hex'))).toEqual(
        keys.map((one) => Buffer.from(one).toString('hex')),
      );
    }),
    { numRuns: 40 },
  );
});
