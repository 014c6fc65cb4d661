import { sha256Hex } from '@varve/crypto';
import { type TransactionId, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EncodedList } from '../src/encoded-list.ts';
import { IndexLayout } from '../src/index-layout.ts';
import { ENTRY_BYTES, INDEX_KEY, pageKey } from '../src/index-page.ts';
import { encodeLeaf } from '../src/outcome.ts';
import { indexKey, writtenIndex } from '../src/records.ts';
import { checksummed, RecordDamaged, RecordStore } from '../src/store.ts';
import { decodeProgress, TransactionIndex } from '../src/transaction-index.ts';
import { MemoryStore } from './harness.ts';

const LAYOUT = new IndexLayout({ segmentIds: 6, pages: 4, fanOut: 2 });
const idOf = (number: number) => sha256Hex(utf8Encode(String(number))) as TransactionId;

/** An index with the outcomes of its blocks, beside a map of all places. */
class World {
  readonly store = new MemoryStore();
  readonly places = new Map<TransactionId, { height: number; leafIndex: number }>();
  records = new RecordStore(this.store);
  index = TransactionIndex.begin(this.records, LAYOUT);
  height = 0;

  grow(transactions: number): void {
    this.height += 1;
    const ids = Array.from({ length: transactions }, (_, i) => ({ id: idOf(1000 + this.places.size + i) }));
    ids.forEach(({ id }, leafIndex) => {
      this.places.set(id, { height: this.height, leafIndex });
    });
    const leaves = new EncodedList();
    ids.forEach(({ id }, i) => {
      const outcome = { code: 'OK', failedOperation: null, resultsHash: new Uint8Array(32) };
      const leaf = encodeLeaf({ id, transactionHash: new Uint8Array(32), outcome });
      leaves.items.value([i, leaf, new Uint8Array()]);
      leaves.close();
    });
    this.records.put(indexKey(this.height), writtenIndex(new EncodedList(0), leaves));
    this.index.append(this.height, ids);
  }

  flush(): void {
    this.store.write(this.records.takeBatch());
    this.records.settle();
  }

  reopen(): void {
    this.records = new RecordStore(this.store);
    this.index = TransactionIndex.open(this.records, LAYOUT, this.height);
  }

  get pages(): number {
    return [...this.store.records.keys()].filter((key) => key.startsWith('4c')).length - 1;
  }
}

describe('TransactionIndex', () => {
  it('finds each transaction of any chain where it stands, before and after it is opened again, and no other', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.nat(9).map((count) => ({ count })) },
      { weight: 2, arbitrary: fc.constantFrom('flush' as const, 'reopen' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          if (typeof one === 'object') world.grow(one.count);
          else world.flush();
          if (one === 'reopen') world.reopen();
        }
        for (const [id, place] of world.places) expect(world.index.find(id)).toEqual(place);
        for (let i = 0; i < 20; i++) expect(world.index.find(idOf(i))).toBeUndefined();
        world.flush();
        world.reopen();
        for (const [id, place] of world.places) expect(world.index.find(id)).toEqual(place);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps each id once, and of what was moved nothing', () => {
    const world = new World();
    for (let i = 0; i < 300; i++) world.grow(3);
    world.flush();
    const expected = LAYOUT.ranges(150).reduce((pages, { first, end }) => pages + end - first, 0);
    expect(decodeProgress(world.records.get(INDEX_KEY) as Uint8Array)).toEqual({ made: 150, height: 300 });
    expect(world.pages).toBe(expected);
    const bytes = [...world.store.records].filter(([key]) => key.startsWith('4c') && key.length > 2);
    expect(bytes.reduce((sum, [, { length }]) => sum + length, 0)).toBe(900 * ENTRY_BYTES + expected * (10 + 4));
  });

  it('tells of every id from a height on, and of no fewer blocks than it may', () => {
    const world = new World();
    const prefixes: number[] = [];
    for (let i = 0; i < 100; i++) world.grow(3);
    for (const [oldest, most] of [
      [1, 1e9],
      [60, 1e9],
      [1, 100],
      [60, 40],
      [1, 0],
      [101, 1e9],
    ] as const) {
      prefixes.length = 0;
      const from = world.index.each(oldest, most, (prefix) => prefixes.push(prefix));
      expect(from).toBeGreaterThanOrEqual(oldest);
      if (most === 1e9) expect(from).toBe(oldest);
      const told = new Set(prefixes);
      for (const [id, { height }] of world.places)
        if (height >= from) expect(told.has(Number.parseInt(id.slice(0, 8), 16))).toBe(true);
      // Those in memory come in any case; a segment may have a block more than fills it.
      expect(prefixes.length).toBeLessThan(1.5 * most + 9);
      if (most === 100) expect(prefixes.length).toBeGreaterThan(20);
    }
  });

  it('begins anew where it held something', () => {
    const world = new World();
    for (let i = 0; i < 100; i++) world.grow(3);
    world.flush();
    expect(world.pages).toBeGreaterThan(20);
    TransactionIndex.begin(world.records, LAYOUT);
    world.flush();
    expect(world.pages).toBe(0);
  });

  it('does not pass for absent what a lost or damaged page may hold', () => {
    const world = new World();
    for (let i = 0; i < 20; i++) world.grow(3);
    world.flush();
    const [{ level, number, first }] = LAYOUT.ranges(10) as [ReturnType<IndexLayout['ranges']>[0]];
    const key = pageKey(level, number, first);
    const hit = [...world.places.keys()].filter(
      (id) => LAYOUT.pageOf(Number.parseInt(id.slice(0, 8), 16), level) === first,
    );
    const strange = Array.from({ length: 50 }, (_, i) => idOf(i)).find((id) => {
      return LAYOUT.pageOf(Number.parseInt(id.slice(0, 8), 16), level) === first;
    }) as TransactionId;
    expect(hit.length).toBeGreaterThan(0);
    world.store.damage(key);
    expect(() => world.index.find(strange)).toThrow(RecordDamaged);
    world.store.write([{ key, value: undefined }]);
    expect(() => world.index.find(strange)).toThrow(RecordDamaged);
    world.store.write([{ key, value: checksummed(key, new Uint8Array(11)) }]);
    expect(() => world.index.find(strange)).toThrow(RecordDamaged);
  });

  it('is not opened where the outcomes of a block or its own progress are gone', () => {
    const world = new World();
    for (let i = 0; i < 21; i++) world.grow(3);
    world.flush();
    for (const key of [INDEX_KEY, indexKey(21)]) {
      const record = world.store.get(key);
      for (const value of [undefined, checksummed(key, Uint8Array.of(0x80))]) {
        world.store.write([{ key, value }]);
        expect(() => world.reopen()).toThrow(RecordDamaged);
      }
      world.store.write([{ key, value: record }]);
    }
    world.reopen();
    // Of blocks in segments the outcomes are not asked.
    world.store.damage(indexKey(20));
    world.reopen();
  });
});
