import { sha256Hex } from '@varve/crypto';
import { type TransactionId, toHex, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EncodedList } from '../src/encoded-list.ts';
import { INDEX_SHAPE, IndexLayout } from '../src/index-layout.ts';
import { ENTRY_BYTES, INDEX_KEY, pageKey } from '../src/index-page.ts';
import { encodeLeaf } from '../src/outcome.ts';
import { indexKey, writtenIndex } from '../src/records.ts';
import { checksummed, RecordDamaged, RecordStore } from '../src/store.ts';
import { decodeProgress, TransactionIndex } from '../src/transaction-index.ts';
import { MemoryStore } from './harness.ts';

const LAYOUT = new IndexLayout({ segmentIds: 6, pages: 4, fanOut: 2 });
const LAYOUTS = [
  LAYOUT,
  new IndexLayout({ segmentIds: 4, pages: 8, fanOut: 4 }),
  new IndexLayout({ segmentIds: 1, pages: 2, fanOut: 2 }),
];
const idOf = (number: number) => sha256Hex(utf8Encode(String(number))) as TransactionId;
const prefixOf = (id: TransactionId) => Number.parseInt(id.slice(0, 8), 16);

/** An index with the outcomes of its blocks, beside a list of all that was appended. */
class World {
  readonly layout: IndexLayout;
  readonly store = new MemoryStore();
  /** By height. */
  readonly blocks: TransactionId[][] = [[]];
  records = new RecordStore(this.store);
  index: TransactionIndex;
  #made = 1000;
  #durable = 0;

  constructor(layout: IndexLayout = LAYOUT) {
    this.layout = layout;
    this.index = TransactionIndex.begin(this.records, layout, 0);
    this.flush();
  }

  get height(): number {
    return this.blocks.length - 1;
  }

  grow(transactions: number): void {
    this.add(Array.from({ length: transactions }, () => idOf(this.#made++)));
  }

  add(ids: TransactionId[]): void {
    this.blocks.push(ids);
    const leaves = new EncodedList();
    ids.forEach((id, i) => {
      const outcome = { code: 'OK', failedOperation: null, resultsHash: new Uint8Array(32) };
      const leaf = encodeLeaf({ id, transactionHash: new Uint8Array(32), outcome });
      leaves.items.value([i, leaf, new Uint8Array()]);
      leaves.close();
    });
    this.records.put(indexKey(this.height), writtenIndex(new EncodedList(0), leaves));
    this.index.append(
      this.height,
      ids.map((id) => ({ id })),
    );
  }

  flush(): void {
    this.store.write(this.records.takeBatch());
    this.records.settle();
    this.#durable = this.height;
  }

  /** Loses what was not written. */
  crash(): void {
    this.blocks.length = this.#durable + 1;
    this.reopen();
  }

  reopen(): void {
    this.records = new RecordStore(this.store);
    this.index = TransactionIndex.open(this.records, this.layout, this.height);
  }

  /** Every page that is stored, as text. */
  get pages(): string[] {
    const own = [...this.store.records].filter(([key]) => key.startsWith('4c') && key.length > 2);
    return own.map(([key, record]) => `${key} ${toHex(record)}`).sort();
  }

  /** @param every - Of how many transactions one is looked up. */
  check(every = 1): void {
    let count = 0;
    for (const [height, ids] of this.blocks.entries()) {
      for (const [leafIndex, id] of ids.entries())
        if (count++ % every === 0) expect(this.index.find(id)).toEqual({ height, leafIndex });
    }
    for (let i = 0; i < 20; i++) expect(this.index.find(idOf(i))).toBeUndefined();
  }
}

describe('TransactionIndex', () => {
  it('finds each transaction of any chain where it stands, whatever of it was lost by a crash, and no other', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.nat(9).map((count) => ({ count })) },
      { weight: 1, arbitrary: fc.integer({ min: 10, max: 40 }).map((count) => ({ count })) },
      { weight: 3, arbitrary: fc.constantFrom('flush' as const, 'reopen' as const, 'crash' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(...LAYOUTS), (steps, layout) => {
        const world = new World(layout);
        for (const one of steps) {
          if (typeof one === 'object') world.grow(one.count);
          else if (one === 'crash') world.crash();
          else world.flush();
          if (one === 'reopen') world.reopen();
        }
        world.check();
        world.flush();
        world.reopen();
        world.check();
        // The same blocks make the same pages.
        const calm = new World(layout);
        for (const ids of world.blocks.slice(1)) calm.add(ids);
        calm.flush();
        expect(world.pages).toEqual(calm.pages);
      }),
      { numRuns: 100 },
    );
  });

  it('does so in the layout that stores have, with blocks larger than a segment', () => {
    const world = new World(new IndexLayout(INDEX_SHAPE));
    for (let i = 0; i < 60; i++) {
      world.grow(i % 17 === 3 ? 9000 : (i % 7) * 150);
      if (i % 5 === 0) world.flush();
      if (i % 12 === 0) world.crash();
    }
    world.check(37);
    world.flush();
    world.reopen();
    world.check(41);
  });

  it('keeps each id once, and of what was moved nothing', () => {
    const world = new World();
    for (let i = 0; i < 300; i++) world.grow(3);
    world.flush();
    const expected = LAYOUT.ranges(150).reduce((pages, { first, end }) => pages + end - first, 0);
    expect(decodeProgress(world.records.get(INDEX_KEY) as Uint8Array)).toEqual({ made: 150, height: 300 });
    expect(world.pages).toHaveLength(expected);
    const bytes = [...world.store.records].filter(([key]) => key.startsWith('4c') && key.length > 2);
    expect(bytes.reduce((sum, [, { length }]) => sum + length, 0)).toBe(900 * ENTRY_BYTES + expected * (10 + 4));
  });

  it('tells of every id from a height on, and of no more than it may', () => {
    const counts = fc.array(fc.nat(12), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        counts,
        fc.nat(61),
        fc.option(fc.nat(300)),
        fc.constantFrom(...LAYOUTS),
        (blocks, oldest, most, layout) => {
          const world = new World(layout);
          for (const count of blocks) world.grow(count);
          const told: number[] = [];
          const from = world.index.each(oldest, most ?? 1e9, (prefix) => told.push(prefix));
          expect(from).toBeGreaterThanOrEqual(oldest);
          expect(from).toBeLessThanOrEqual(Math.max(oldest, world.height + 1));
          if (most === null) expect(from).toBe(oldest);
          const known = new Set(told);
          for (const [height, ids] of world.blocks.entries())
            if (height >= from) expect(ids.filter((id) => !known.has(prefixOf(id)))).toEqual([]);
          if (most === 0) expect(told.length).toBeLessThan(layout.shape.segmentIds + 12);
        },
      ),
    );
  });

  it('begins anew where it held something', () => {
    const world = new World();
    for (let i = 0; i < 100; i++) world.grow(3);
    world.flush();
    expect(world.pages.length).toBeGreaterThan(20);
    TransactionIndex.begin(world.records, LAYOUT, 100);
    world.flush();
    expect(world.pages).toEqual([]);
  });

  it('does not pass for absent what a lost or damaged page may hold', () => {
    const world = new World();
    for (let i = 0; i < 20; i++) world.grow(3);
    world.flush();
    const [{ level, number, first }] = LAYOUT.ranges(10) as [ReturnType<IndexLayout['ranges']>[0]];
    const key = pageKey(level, number, first);
    const hit = world.blocks.flat().filter((id) => LAYOUT.pageOf(prefixOf(id), level) === first);
    const strange = Array.from({ length: 50 }, (_, i) => idOf(i)).find((id) => {
      return LAYOUT.pageOf(prefixOf(id), level) === first;
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
