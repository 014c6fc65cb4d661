import { assert } from '@varve/consensus';

/** How the index of transactions is laid out. All stores of a format have the same; powers of two. */
export interface IndexShape {
  /** The tail becomes a segment of level 0 with the block that brings it to so many ids. */
  readonly segmentIds: number;
  /** Pages of a segment of level 0; a multiple of `fanOut`. */
  readonly pages: number;
  /** Segments of one level that become one of the next. */
  readonly fanOut: number;
}

/** About 128 ids in a page, whatever its level. */
export const INDEX_SHAPE: IndexShape = { segmentIds: 4096, pages: 32, fanOut: 8 };

/** Pages of one segment that hold ids: from `first`, included, to `end`, excluded. */
export interface PageRange {
  readonly level: number;
  readonly number: number;
  readonly first: number;
  readonly end: number;
}

/** The pages under one number of the segments from `number` on, `fanOut` of them, move to the next level. */
export interface PageMove {
  readonly level: number;
  readonly number: number;
  readonly page: number;
}

/**
 * Which pages exist once so many segments of level 0 were made. Nothing else decides it, so that all who hold the same
 * blocks hold the same pages.
 *
 * Segment `number` of `level` holds the ids of the `fanOut^level` segments of level 0 from `number * fanOut^level` on,
 * spread over `pages * fanOut^level` pages by their first bits. When `fanOut` neighbours are whole, their pages begin to
 * move into one segment of the next level: with every further segment of level 0 as many pages as it takes to be done
 * when the next `fanOut` neighbours are whole. An id is thus in one page at a time, and is written anew once a level.
 */
export class IndexLayout {
  readonly shape: IndexShape;
  readonly #pageBits: number;
  readonly #fanOutBits: number;

  constructor(shape: IndexShape) {
    this.shape = shape;
    this.#pageBits = Math.log2(shape.pages);
    this.#fanOutBits = Math.log2(shape.fanOut);
    const isWhole = Number.isInteger(this.#pageBits) && Number.isInteger(this.#fanOutBits);
    assert(isWhole && shape.fanOut >= 2 && shape.pages >= shape.fanOut, 'ids are spread over pages by their bits');
  }

  /** Pages of a segment. */
  pagesAt(level: number): number {
    return this.shape.pages * this.shape.fanOut ** level;
  }

  /** The page of a segment of `level` that an id belongs to, by its first 32 bits. */
  pageOf(prefix: number, level: number): number {
    return prefix >>> (32 - this.#pageBits - level * this.#fanOutBits);
  }

  /** Segments of `level` that are whole, those included that became part of another. */
  wholeAt(level: number, made: number): number {
    const size = this.shape.fanOut ** level;
    return Math.max(0, Math.floor((made - this.#delay(level)) / size));
  }

  /** All pages that exist, segments with newer ids first within a level, and lower levels first. */
  ranges(made: number): PageRange[] {
    const { fanOut } = this.shape;
    const ranges: PageRange[] = [];
    let arrived = 0;
    for (let level = 0; ; level++) {
      const whole = this.wholeAt(level, made);
      if (whole === 0 && arrived === 0) return ranges;
      if (arrived > 0) ranges.push({ level, number: whole, first: 0, end: arrived });
      const moving = this.wholeAt(level + 1, made);
      const moved = this.#movedFrom(level, made);
      for (let number = whole - 1; number >= moving * fanOut; number--) {
        const first = number < (moving + 1) * fanOut ? moved : 0;
        const end = this.pagesAt(level);
        if (first < end) ranges.push({ level, number, first, end });
      }
      arrived = moved * fanOut;
    }
  }

  /** Which pages move when segment `made` − 1 of level 0 is made. */
  moves(made: number): PageMove[] {
    const { fanOut, pages } = this.shape;
    const moves: PageMove[] = [];
    const before = made - 1;
    for (let level = 0; this.wholeAt(level, before) > 0; level++) {
      if (this.#sinceWhole(level, before) < 0) continue;
      const number = this.wholeAt(level + 1, before) * fanOut;
      const from = this.#movedFrom(level, before);
      for (let page = from; page < from + pages / fanOut; page++) moves.push({ level, number, page });
    }
    return moves;
  }

  /** Pages of each of the neighbours that are moving now, which are in their new segment already. */
  #movedFrom(level: number, made: number): number {
    return (Math.max(0, this.#sinceWhole(level, made)) * this.shape.pages) / this.shape.fanOut;
  }

  /** Segments of level 0 that were made since the oldest neighbours of `level` that are not moved yet were all whole. */
  #sinceWhole(level: number, made: number): number {
    const size = this.shape.fanOut ** (level + 1);
    return made - this.#delay(level) - (this.wholeAt(level + 1, made) + 1) * size;
  }

  /** How many segments of level 0 later than its last one a segment of `level` is whole: one level takes what the next holds. */
  #delay(level: number): number {
    let delay = 0;
    for (let below = 1; below <= level; below++) delay += this.shape.fanOut ** below;
    return delay;
  }
}
