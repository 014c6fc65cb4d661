import { toHex } from '@varve/encoding';
import type { StoreOperation } from '@varve/ledger/chain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedDisk } from '../../src/world/disk.ts';

/** Batches that a disk can lose, as it promises. */
const REMEMBERED = 64;
const ALL = { gte: new Uint8Array(), lt: Uint8Array.of(255, 255, 255) };

const put = (key: readonly number[], value: readonly number[]): StoreOperation => ({
  key: Uint8Array.from(key),
  value: Uint8Array.from(value),
});
const remove = (key: readonly number[]): StoreOperation => ({ key: Uint8Array.from(key), value: undefined });

/** Few keys, so that batches meet on them; some twice in a batch. */
const batches = (maxLength: number): fc.Arbitrary<StoreOperation[][]> => {
  const key = fc.array(fc.constantFrom(0, 1, 200, 255), { minLength: 1, maxLength: 2 });
  const operation = fc.oneof(
    fc.tuple(key, fc.array(fc.nat(255), { maxLength: 3 })).map(([k, value]) => put(k, value)),
    key.map(remove),
  );
  return fc.array(fc.array(operation, { maxLength: 5 }), { maxLength });
};

function contents(disk: SimulatedDisk): [string, string][] {
  return [...disk.entries(ALL)].map(([key, value]) => [toHex(key), toHex(value)]);
}

/** What a disk holds to which only these batches were ever written. */
function replayed(list: readonly (readonly StoreOperation[])[]): [string, string][] {
  const records = new Map<string, string>();
  for (const { key, value } of list.flat()) {
    if (value) records.set(toHex(key), toHex(value));
    else records.delete(toHex(key));
  }
  return [...records].sort(([a], [b]) => (a < b ? -1 : 1));
}

function diskWith(list: readonly (readonly StoreOperation[])[]): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const batch of list) disk.commit(batch);
  return disk;
}

describe('a disk', () => {
  it('holds what was committed, ascending by key', () => {
    fc.assert(
      fc.property(batches(20), (list) => {
        const disk = diskWith(list);
        expect(contents(disk)).toEqual(replayed(list));
        for (const [key, value] of disk.entries(ALL)) expect(disk.get(key)).toEqual(value);
        expect(disk.commits).toBe(list.length);
      }),
    );
  });

  it('gives entries from gte up to but without lt, and keys of one kind', () => {
    const keys = [[1], [1, 0], [1, 255], [2], [2, 3], [3]];
    const disk = diskWith([keys.toReversed().map((key) => put(key, key))]);
    const between = (gte: number[], lt: number[]): number[][] =>
      [...disk.entries({ gte: Uint8Array.from(gte), lt: Uint8Array.from(lt) })].map(([key]) => [...key]);
    expect(between([1, 0], [2])).toEqual([
      [1, 0],
      [1, 255],
    ]);
    expect(between([2], [2])).toEqual([]);
    expect(disk.keysOf(2).map((key) => [...key])).toEqual([[2], [2, 3]]);
    expect(disk.get(Uint8Array.of(9))).toBeUndefined();
  });
});

describe('a disk that forgets', () => {
  it('one batch is as if it had never been written', () => {
    fc.assert(
      fc.property(batches(20), fc.nat(19), (list, back) => {
        fc.pre(back < list.length);
        const disk = diskWith(list);
        disk.loseBatch(back);
        expect(contents(disk)).toEqual(replayed(list.toSpliced(list.length - 1 - back, 1)));
      }),
      { numRuns: 1000 },
    );
  });

  it('the newest batches is as if they had never been written', () => {
    fc.assert(
      fc.property(batches(20), fc.nat(19), (list, count) => {
        fc.pre(count <= list.length);
        const disk = diskWith(list);
        disk.loseTail(count);
        expect(contents(disk)).toEqual(replayed(list.slice(0, list.length - count)));
      }),
    );
  });

  it('in any order and between new batches, is as if what it forgot had never been written', () => {
    const loss = fc.oneof(
      fc.record({ kind: fc.constant('tail' as const), by: fc.nat(4) }),
      fc.record({ kind: fc.constant('batch' as const), by: fc.nat(9) }),
    );
    const step = fc.record({ write: batches(4), loss });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const disk = new SimulatedDisk();
        const kept: StoreOperation[][] = [];
        for (const { write, loss: lost } of steps) {
          for (const batch of write) disk.commit(batch);
          kept.push(...write);
          const by = Math.min(lost.by, kept.length - (lost.kind === 'batch' ? 1 : 0));
          if (by < 0) continue;
          if (lost.kind === 'tail') disk.loseTail(by);
          else disk.loseBatch(by);
          if (lost.kind === 'tail') kept.splice(kept.length - by, by);
          else kept.splice(kept.length - 1 - by, 1);
          expect(contents(disk)).toEqual(replayed(kept));
          expect(disk.batches).toBe(kept.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it(`loses at most its newest ${REMEMBERED} batches`, () => {
    const list = Array.from({ length: 100 }, (_, i) => [put([1], [i]), put([2, i], [i])]);
    const disk = diskWith(list);
    expect(disk.batches).toBe(REMEMBERED);
    disk.loseBatch(REMEMBERED);
    expect(contents(disk)).toEqual(replayed(list));
    disk.loseTail(1000);
    expect(contents(disk)).toEqual(replayed(list.slice(0, 100 - REMEMBERED)));
    expect(disk.batches).toBe(0);
  });

  it('leaves its copy alone, and the copy it', () => {
    fc.assert(
      fc.property(batches(8), batches(8), fc.nat(3), (before, after, count) => {
        const disk = diskWith(before);
        const copy = disk.copy();
        for (const batch of after) disk.commit(batch);
        disk.loseTail(after.length);
        expect(contents(copy)).toEqual(replayed(before));
        expect(copy.commits).toBe(before.length);
        disk.loseBatch(Math.min(count, before.length));
        copy.loseTail(count);
        expect(contents(copy)).toEqual(replayed(before.slice(0, Math.max(0, before.length - count))));
      }),
    );
  });
});

describe('a disk that rots', () => {
  it('changes exactly one bit of one record', () => {
    const value = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(value, fc.nat(1_000_000), (stored, bit) => {
        const [key, other] = [Uint8Array.of(1), Uint8Array.of(2)];
        const before = Uint8Array.from(stored);
        const disk = new SimulatedDisk();
        disk.commit([
          { key, value: stored },
          { key: other, value: before },
        ]);
        disk.flip(key, bit);
        const after = disk.get(key) ?? new Uint8Array();
        expect(after.length).toBe(before.length);
        expect(bitsBetween(before, after)).toBe(1);
        expect(disk.get(other)).toEqual(before);
        // Whoever wrote the record may hold its bytes still.
        expect(stored).toEqual(before);
      }),
    );
  });

  it('leaves a record without bytes, and none, as they are', () => {
    const disk = diskWith([[put([1], [])]]);
    disk.flip(Uint8Array.of(1), 5);
    disk.flip(Uint8Array.of(2), 5);
    expect(contents(disk)).toEqual([['01', '']]);
  });
});

function bitsBetween(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, byte, i) => sum + (byte ^ (b[i] ?? 0)).toString(2).replaceAll('0', '').length, 0);
}
