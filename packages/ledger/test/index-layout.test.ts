import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INDEX_SHAPE, IndexLayout, type IndexShape } from '../src/index-layout.ts';

const SHAPES: readonly IndexShape[] = [
  { segmentIds: 1, pages: 2, fanOut: 2 },
  { segmentIds: 1, pages: 8, fanOut: 2 },
  { segmentIds: 1, pages: 4, fanOut: 4 },
  { ...INDEX_SHAPE },
];

/** Where the ids of each segment of level 0 are, page by page, told by moving them one by one. */
class SlowPages {
  readonly #layout: IndexLayout;
  /** By level, number and page: which segments of level 0 it has ids of. */
  readonly pages = new Map<string, number[]>();

  constructor(layout: IndexLayout) {
    this.#layout = layout;
  }

  make(made: number): void {
    const { pages, fanOut } = this.#layout.shape;
    for (let page = 0; page < pages; page++) this.pages.set(`0 ${made - 1} ${page}`, [made - 1]);
    for (const { level, number, page } of this.#layout.moves(made)) {
      const from: number[] = [];
      for (let i = 0; i < fanOut; i++) {
        const key = `${level} ${number + i} ${page}`;
        from.push(...(this.pages.get(key) ?? [Number.NaN]));
        this.pages.delete(key);
      }
      for (let i = 0; i < fanOut; i++) {
        const key = `${level + 1} ${number / fanOut} ${page * fanOut + i}`;
        expect(this.pages.has(key)).toBe(false);
        this.pages.set(key, from);
      }
    }
  }
}

function expected(layout: IndexLayout, made: number): string[] {
  return layout.ranges(made).flatMap(({ level, number, first, end }) => {
    return Array.from({ length: end - first }, (_, i) => `${level} ${number} ${first + i}`);
  });
}

describe('the layout of the index', () => {
  it.each(SHAPES)('names the pages that moving makes, and every id is in one of them: %o', (shape) => {
    const layout = new IndexLayout(shape);
    const slow = new SlowPages(layout);
    const segmentsMax = shape === SHAPES[3] ? 200 : 150;
    for (let made = 1; made <= segmentsMax; made++) {
      slow.make(made);
      expect(expected(layout, made).sort()).toEqual([...slow.pages.keys()].sort());
      for (const prefix of [0, 0x12345678, 0x80000000, 0xffffffff]) {
        const found = layout.ranges(made).flatMap(({ level, number, first, end }) => {
          const page = layout.pageOf(prefix, level);
          return first <= page && page < end ? (slow.pages.get(`${level} ${number} ${page}`) ?? []) : [];
        });
        // Newest first, each once.
        const segments = Array.from({ length: made }, (_, i) => i);
        expect([...found].sort((a, b) => a - b)).toEqual(segments);
        if (made < shape.fanOut) expect(found).toEqual(segments.reverse());
      }
    }
  });

  it('looks an id up in no more than twice the fan-out of segments a level', () => {
    const layout = new IndexLayout(INDEX_SHAPE);
    fc.assert(
      fc.property(fc.nat(50_000_000), fc.nat(0xffff_ffff), (made, prefix) => {
        const ranges = layout.ranges(made);
        const levels = ranges.reduce((most, { level }) => Math.max(most, level + 1), 0);
        expect(levels).toBeLessThanOrEqual(Math.log(made + 8) / Math.log(8) + 1);
        for (let level = 0; level < levels; level++) {
          const page = layout.pageOf(prefix, level);
          expect(page).toBeLessThan(layout.pagesAt(level));
          const asked = ranges.filter((one) => one.level === level && one.first <= page && page < one.end);
          expect(asked.length).toBeLessThanOrEqual(2 * INDEX_SHAPE.fanOut);
        }
      }),
    );
  });

  it('moves as many pages with each segment as a level has segments to move them for', () => {
    const layout = new IndexLayout(INDEX_SHAPE);
    for (const made of [1, 8, 9, 1000, 123_456, 5_000_000]) {
      const byLevel = Map.groupBy(layout.moves(made), ({ level }) => level);
      for (const moves of byLevel.values()) expect(moves).toHaveLength(INDEX_SHAPE.pages / INDEX_SHAPE.fanOut);
    }
    expect(layout.moves(8)).toEqual([]);
    expect(layout.moves(9)).toEqual([0, 1, 2, 3].map((page) => ({ level: 0, number: 0, page })));
  });

  it('refuses a shape whose ids it could not spread', () => {
    for (const shape of [
      { segmentIds: 8, pages: 6, fanOut: 2 },
      { segmentIds: 8, pages: 8, fanOut: 3 },
      { segmentIds: 8, pages: 2, fanOut: 4 },
      { segmentIds: 8, pages: 4, fanOut: 1 },
    ])
      expect(() => new IndexLayout(shape)).toThrow();
  });
});
