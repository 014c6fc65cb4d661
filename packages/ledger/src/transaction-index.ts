import { assert } from '@varve/consensus';
import { CborReader, encodeCbor, fromHex, type TransactionId } from '@varve/encoding';
import { LedgerError, readingAs } from './errors.ts';
import type { IndexLayout, PageMove, PageRange } from './index-layout.ts';
import {
  decodePage,
  ENTRY_BYTES,
  INDEX_KEY,
  type IndexPage,
  isOf,
  pageKey,
  placeIn,
  prefixAt,
  spread,
} from './index-page.ts';
import { IndexTail } from './index-tail.ts';
import { decodeLeaf } from './outcome.ts';
import type { Place, TransactionPlaces } from './places.ts';
import { decodeIndex, indexKey } from './records.ts';
import { RecordDamaged, type RecordStore, unlessDamaged } from './store.ts';

/** How far an index has come. */
export interface IndexProgress {
  /** Segments of level 0 that were made. */
  readonly made: number;
  /** The last block whose transactions they hold. */
  readonly height: number;
}

/** Of a chain without transactions. */
export const INDEX_BEGIN: IndexProgress = { made: 0, height: 0 };

export function encodeProgress({ made, height }: IndexProgress): Uint8Array {
  return encodeCbor([made, height]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeProgress(body: Uint8Array): IndexProgress {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(body);
    reader.array(2);
    const progress = { made: reader.uint(), height: reader.uint() };
    reader.end();
    return progress;
  });
}

/**
 * Where transactions stand, in records that hold many ids each: a log-structured merge tree (O'Neil et al. 1996) over
 * the records of a store, laid out as `IndexLayout` says. The newest ids are in memory alone: the outcomes of their
 * blocks, which are stored, name them. An id that is looked up costs one record for each segment, of which a level has at most
 * twice its fan-out.
 */
export class TransactionIndex implements TransactionPlaces {
  readonly #records: RecordStore;
  readonly #layout: IndexLayout;
  readonly #tail = new IndexTail();
  #progress: IndexProgress;
  #ranges: readonly PageRange[];

  /** @param progress - Nothing else is known: transactions above its height are to be appended. */
  constructor(records: RecordStore, layout: IndexLayout, progress: IndexProgress) {
    this.#records = records;
    this.#layout = layout;
    this.#progress = progress;
    this.#ranges = layout.ranges(progress.made);
  }

  /**
   * An index that holds nothing, written over whatever was there.
   * @param tip - Height of the newest block that had transactions in it.
   */
  static begin(records: RecordStore, layout: IndexLayout, tip: number): TransactionIndex {
    for (const key of pageKeys(records, layout, tip)) records.delete(key);
    records.put(INDEX_KEY, encodeProgress(INDEX_BEGIN));
    return new TransactionIndex(records, layout, INDEX_BEGIN);
  }

  /**
   * The index of a store.
   * @param tip - Height of the newest block.
   * @throws {RecordDamaged} where it cannot be known which transactions the blocks hold.
   */
  static open(records: RecordStore, layout: IndexLayout, tip: number): TransactionIndex {
    const index = new TransactionIndex(records, layout, progressOf(records, tip));
    for (let at = index.#progress.height + 1; at <= tip; at++) index.#addTail(at, transactionsOf(records, at));
    return index;
  }

  find(id: TransactionId): Place | undefined {
    const recent = this.#tail.find(id);
    if (recent !== undefined) return recent;
    const bytes = fromHex(id);
    const prefix = prefixAt(bytes, 0);
    for (const { level, number, first, end } of this.#ranges) {
      const page = this.#layout.pageOf(prefix, level);
      if (page < first || page >= end) continue;
      const { entries } = this.#page(level, number, page);
      for (let at = 0; at < entries.length; at += ENTRY_BYTES)
        if (isOf(entries, at, bytes)) return placeIn(entries, at);
    }
    return undefined;
  }

  append(height: number, transactions: readonly { readonly id: TransactionId }[]): void {
    this.#addTail(height, transactions);
    if (this.#tail.count < this.#layout.shape.segmentIds) return;
    this.#makeSegment(height);
    this.#tail.clear();
  }

  /**
   * Ids of the newest blocks first, about; where there are too many, whole segments are left out.
   * @param oldest - Nothing is asked of blocks below this height.
   * @param idsMax - About how many ids to give at most, those in memory apart.
   * @param take - Is given the first 32 bits of each id.
   * @throws {RecordDamaged}
   * @returns The height from which on every id was given; ids of lower blocks may have been given too.
   */
  each(oldest: number, idsMax: number, take: (prefix: number) => void): number {
    const { entries } = this.#tail;
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) take(prefixAt(entries, at));
    const { segmentIds, pages } = this.#layout.shape;
    let left = idsMax;
    let from = oldest;
    for (const { level, number, first, end } of this.#ranges) {
      const newest = this.#page(level, number, first);
      if (newest.last < from) continue;
      left -= (end - first) * (segmentIds / pages);
      if (left < 0) {
        from = newest.last + 1;
        continue;
      }
      for (let at = first; at < end; at++) {
        const { entries: found } = at === first ? newest : this.#page(level, number, at);
        for (let i = 0; i < found.length; i += ENTRY_BYTES) take(prefixAt(found, i));
      }
    }
    return from;
  }

  #addTail(height: number, transactions: readonly { readonly id: TransactionId }[]): void {
    let leafIndex = 0;
    for (const { id } of transactions) this.#tail.add(id, height, leafIndex++);
  }

  #makeSegment(last: number): void {
    const { made, height } = this.#progress;
    const pages = spread(this.#layout, 0, [this.#tail.entries], this.#layout.pagesAt(0), { first: height + 1, last });
    pages.forEach((page, number) => {
      this.#records.put(pageKey(0, made, number), page);
    });
    this.#progress = { made: made + 1, height: last };
    this.#records.put(INDEX_KEY, encodeProgress(this.#progress));
    for (const move of this.#layout.moves(made + 1)) this.#move(move);
    this.#ranges = this.#layout.ranges(made + 1);
  }

  /** Ids leave their page in one record batch with those that arrive: at no time are they in both, or in none. */
  #move({ level, number, page }: PageMove): void {
    const { fanOut } = this.#layout.shape;
    const sources: IndexPage[] = [];
    for (let i = 0; i < fanOut; i++) {
      sources.push(this.#page(level, number + i, page));
      this.#records.delete(pageKey(level, number + i, page));
    }
    const [oldest, newest] = [sources[0], sources.at(-1)];
    assert(oldest !== undefined && newest !== undefined, 'segments are made of several');
    const heights = { first: oldest.first, last: newest.last };
    const entries = sources.map((source) => source.entries);
    spread(this.#layout, level + 1, entries, fanOut, heights).forEach((arrived, i) => {
      this.#records.put(pageKey(level + 1, number / fanOut, page * fanOut + i), arrived);
    });
  }

  #page(level: number, number: number, page: number): IndexPage {
    const key = pageKey(level, number, page);
    const body = this.#records.get(key);
    const decoded = body && decodePage(body);
    if (decoded === undefined) throw new RecordDamaged(key);
    return decoded;
  }
}

/** @throws {RecordDamaged} also where it is not of a chain as high as `tip`: a block makes one segment at most. */
function progressOf(records: RecordStore, tip: number): IndexProgress {
  const progress = demand(records, INDEX_KEY, decodeProgress);
  if (progress.made > tip || progress.height > tip) throw new RecordDamaged(INDEX_KEY);
  return progress;
}

/** @throws {RecordDamaged} also where there is no such record, or none that can be read. */
function demand<T>(records: RecordStore, key: Uint8Array, decode: (body: Uint8Array) => T): T {
  const body = records.get(key);
  if (body === undefined) throw new RecordDamaged(key);
  try {
    return decode(body);
  } catch (error) {
    if (error instanceof LedgerError) throw new RecordDamaged(key);
    throw error;
  }
}

/** Of what is stored now; none where that cannot be known: new pages are written over them. */
function pageKeys(records: RecordStore, layout: IndexLayout, tip: number): Uint8Array[] {
  const progress = unlessDamaged(() => progressOf(records, tip)) ?? INDEX_BEGIN;
  return layout.ranges(progress.made).flatMap(({ level, number, first, end }) => {
    return Array.from({ length: end - first }, (_, i) => pageKey(level, number, first + i));
  });
}

/**
 * What has a leaf in the block at `at`, in order, by its outcomes.
 * @throws {RecordDamaged} where they cannot be read.
 */
export function transactionsOf(records: RecordStore, at: number): readonly { readonly id: TransactionId }[] {
  return demand(records, indexKey(at), (body) => decodeIndex(body).leaves.map(({ leaf }) => decodeLeaf(leaf)));
}
