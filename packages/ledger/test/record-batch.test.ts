import { latin1, toHex } from '@varve/encoding';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecordBatch, type StoreOperation } from '../src/record-batch.ts';
import { checksummed } from '../src/store.ts';

const key = fc.oneof(fc.constantFrom('Sa', 'Sb', 'T').map(bytesOf), fc.uint8Array({ minLength: 1, maxLength: 40 }));
const body = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(0, 500, 1015, 1019, 1022, 1100, 70_000).map((length) => new Uint8Array(length).fill(length & 255)),
);

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

it('a batch holds what was written last, and gives it in the order of first writes, with checksums', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.option(body)), { maxLength: 30 }), fc.nat(2000), (writes, expected) => {
      const batch = new RecordBatch(expected);
      const model = new Map<string, StoreOperation>();
      for (const [at, written] of writes) {
        const id = latin1(at);
        if (written === null) batch.delete(id);
        else batch.put(id, written);
        model.set(id, { key: at, value: written === null ? undefined : checksummed(at, written) });
      }
      const bodies = new Map(writes.map(([at, written]) => [latin1(at), written ?? undefined]));
      const read = () => [...bodies.keys()].map((id) => batch.body(id));
      expect([batch.size, read()]).toEqual([model.size, [...bodies.values()]]);
      expect(batch.operations()).toEqual([...model.values()]);
      expect(read()).toEqual([...bodies.values()]);
    }),
  ));

it('a body that was read stays what it was', () => {
  const batch = new RecordBatch();
  batch.put('Sa', Uint8Array.of(1, 2));
  const before = batch.body('Sa');
  batch.put('Sa', Uint8Array.of(3, 4));
  for (let i = 0; i < 100; i++) batch.put(`S${i}`, new Uint8Array(100));
  expect([before, batch.body('Sa')].map((bytes) => bytes && toHex(bytes))).toEqual(['0102', '0304']);
});

it('what is written again in the same length takes no more memory', () => {
  const batch = new RecordBatch();
  batch.put('Sa', new Uint8Array(100));
  const { length } = batch;
  for (let i = 0; i < 50; i++) batch.put('Sa', new Uint8Array(100).fill(i));
  expect(batch.length).toBe(length);
  expect(batch.body('Sa')).toEqual(new Uint8Array(100).fill(49));
});
