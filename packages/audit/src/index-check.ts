import { HASH_BYTES, sha256Into } from '@varve/crypto';
import { bytesEqual, toHex } from '@varve/encoding';
import { decodeHeader, decodeLeaf } from '@varve/ledger';
import {
  decodeIndex,
  decodePage,
  decodeProgress,
  ENTRY_BYTES,
  type Heights,
  headerKey,
  INDEX_KEY,
  type IndexLayout,
  type IndexProgress,
  type PageRange,
  pageKey,
  parsePageKey,
  placeIn,
  prefixAt,
  type Store,
  writeEntry,
} from '@varve/ledger/chain';
import { merkleRoot } from '@varve/merkle';
import type { Auditor } from './auditor.ts';
import { keptIn } from './derived-check.ts';
import type { Findings } from './finding.ts';

/** The blocks that the pages of a segment say it holds. */
interface SegmentHeights extends Heights {
  readonly level: number;
  readonly number: number;
}

/**
 * Holds a copy's index of transactions against the outcomes that it keeps of its blocks, which are held against execution
 * elsewhere, and against headers where an audit began above them: every id must be in the one page where a node looks for it, with its place, and no other id in any.
 *
 * The entries of a block are compared by the sum of their digests, with a key that is drawn for each audit: nobody can make other
 * entries with the same sum without it (Clarke et al. 2003, MSet-Add-Hash). So memory grows with blocks, by 16 bytes, and not with transactions.
 */
export class IndexCheck {
  readonly #findings: Findings;
  /** Blocks up to this height were not executed: their outcomes are held against their headers here. */
  readonly #startedAt: number;
  readonly #store: Store;
  readonly #layout: IndexLayout;
  readonly #progress: IndexProgress | undefined;
  readonly #ranges: readonly PageRange[];
  /** By height: entries that the outcomes name less those that pages hold, and the sums of their digests, modulo 2^32 each. */
  readonly #counts: Int32Array;
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  /** Transactions of each block, plus one; 0 where its outcomes were not seen. */
  readonly #leaves: Uint32Array;
  /** What the pages of a segment say of it, by its level and number. */
  readonly #segments = new Map<string, SegmentHeights>();
  readonly #keyed = new Uint8Array(HASH_BYTES + ENTRY_BYTES);
  readonly #digest = new Uint8Array(HASH_BYTES);
  readonly #digestView = new DataView(this.#digest.buffer);
  #pages = 0;
  #isDamaged = false;

  /**
   * @param tip - Height of the newest block that was judged.
   * @param secret - 32 bytes that whoever made the copy could not know.
   */
  constructor({ findings, layout, startedAt }: Auditor, store: Store, tip: number, secret: Uint8Array) {
    this.#findings = findings;
    this.#startedAt = startedAt;
    this.#store = store;
    this.#layout = layout;
    this.#progress = this.#readProgress(tip);
    this.#ranges = layout.ranges(this.#progress?.made ?? 0);
    this.#counts = new Int32Array(tip + 1);
    this.#low = new Uint32Array(tip + 1);
    this.#high = new Uint32Array(tip + 1);
    this.#leaves = new Uint32Array(tip + 1);
    this.#keyed.set(secret);
  }

  /** The outcomes of a block, as they are kept. */
  block(height: number, body: Uint8Array): void {
    if (height >= this.#leaves.length) return;
    let leaves: readonly Uint8Array[];
    try {
      leaves = decodeIndex(body).leaves.map(({ leaf }) => leaf);
      this.#countLeaves(height, leaves);
    } catch {
      // Found with the block, where that was executed.
      if (height <= this.#startedAt)
        this.#findings.add('RECORD_WRONG', height, 'the outcomes of the block cannot be read');
      return;
    }
    this.#leaves[height] = leaves.length + 1;
    if (height > this.#startedAt || this.#isOfHeader(height, leaves)) return;
    this.#findings.add('OUTCOME_CHANGED', height, 'the outcomes of the block are not those that its header names');
  }

  /** A record of the index whose checksum is wrong, which is said elsewhere. */
  damaged(): void {
    this.#isDamaged = true;
  }

  /** A record of the index. */
  page(key: Uint8Array, body: Uint8Array): void {
    if (key.length === INDEX_KEY.length || this.#progress === undefined) return;
    const name = nameOf(key);
    const place = parsePageKey(key);
    const isThere = this.#ranges.some(({ level, number, first, end }) => {
      return place?.level === level && place.number === number && first <= place.page && place.page < end;
    });
    if (place === undefined || !isThere) {
      this.#findings.add('RECORD_UNEXPECTED', null, `${name} is none that the blocks of the copy make`);
      return;
    }
    this.#pages += 1;
    const page = decodePage(body);
    if (page === undefined) return this.#wrong(`${name} cannot be read`);
    const { level, number } = place;
    const { first, last, entries } = page;
    const segment = `${level} ${number}`;
    const known = this.#segments.get(segment) ?? { level, number, first, last };
    this.#segments.set(segment, known);
    if (first !== known.first || last !== known.last)
      return this.#wrong(`${name} names other blocks than the pages beside it`);
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      const { height } = placeIn(entries, at);
      const isHere = this.#layout.pageOf(prefixAt(entries, at), level) === place.page;
      if (!isHere || height < first || height > last || height >= this.#leaves.length)
        return this.#wrong(`${name} holds a transaction that does not belong there`);
      this.#keyed.set(entries.subarray(at, at + ENTRY_BYTES), HASH_BYTES);
      this.#count(height, -1);
    }
  }

  /** After the last record. */
  end(): void {
    const progress = this.#progress;
    for (let height = 1; height <= this.#startedAt && height < this.#leaves.length; height++)
      if (this.#leaves[height] === 0)
        this.#findings.add('RECORD_MISSING', height, 'the outcomes of the block are missing');
    if (progress === undefined || this.#isDamaged || !this.#compareProgress(progress)) return;
    // What is missing would be found again with each block that it concerns.
    if (this.#nameMissing()) return;
    for (let height = 1; height <= progress.height; height++) {
      if (this.#counts[height] === 0 && this.#low[height] === 0 && this.#high[height] === 0) continue;
      this.#findings.add(
        'RECORD_WRONG',
        height,
        'the index of transactions names others for the block, or other places',
      );
    }
  }

  #readProgress(tip: number): IndexProgress | undefined {
    const body = keptIn(this.#store, INDEX_KEY);
    if (body === 'missing')
      this.#findings.add('RECORD_MISSING', null, 'how far the index of transactions goes is missing');
    // Damage is found with all other records.
    if (typeof body === 'string') return undefined;
    try {
      const progress = decodeProgress(body);
      // A block makes one segment at most.
      if (progress.made <= tip && progress.height <= tip) return progress;
      this.#wrong('the index of transactions goes further than the blocks');
    } catch {
      this.#wrong('how far the index of transactions goes cannot be read');
    }
    return undefined;
  }

  #countLeaves(height: number, leaves: readonly Uint8Array[]): void {
    const ids = leaves.map((leaf) => decodeLeaf(leaf).id);
    ids.forEach((id, leafIndex) => {
      writeEntry(this.#keyed, HASH_BYTES, id, height, leafIndex);
      this.#count(height, 1);
    });
  }

  #isOfHeader(height: number, leaves: readonly Uint8Array[]): boolean {
    const header = keptIn(this.#store, headerKey(height));
    return typeof header !== 'string' && bytesEqual(decodeHeader(header).header.transactionsRoot, merkleRoot(leaves));
  }

  #count(height: number, sign: 1 | -1): void {
    sha256Into(this.#digest, this.#keyed);
    this.#counts[height] = (this.#counts[height] as number) + sign;
    this.#low[height] = (this.#low[height] as number) + sign * this.#digestView.getUint32(0);
    this.#high[height] = (this.#high[height] as number) + sign * this.#digestView.getUint32(4);
  }

  /** Whether a page is missing. */
  #nameMissing(): boolean {
    const expected = this.#ranges.reduce((pages, { first, end }) => pages + end - first, 0);
    if (this.#pages === expected) return false;
    for (const { level, number, first, end } of this.#ranges) {
      for (let page = first; page < end; page++) {
        const key = pageKey(level, number, page);
        if (keptIn(this.#store, key) === 'missing')
          this.#findings.add('RECORD_MISSING', null, `${nameOf(key)} is missing`);
      }
    }
    return true;
  }

  /** Whether the segments are those that the blocks make. Where the outcomes of a block are not there, that is said elsewhere. */
  #compareProgress({ made, height }: IndexProgress): boolean {
    const { shape } = this.#layout;
    const ends = [0];
    let tail = 0;
    for (let at = 1; at < this.#leaves.length; at++) {
      if (this.#leaves[at] === 0) return false;
      tail += (this.#leaves[at] as number) - 1;
      if (tail < shape.segmentIds) continue;
      ends.push(at);
      tail = 0;
    }
    const last = ends.at(-1) ?? 0;
    if (made !== ends.length - 1 || height !== last) {
      const text = `the index of transactions goes to block ${height} in ${made} segments; the blocks make ${ends.length - 1} of them, to ${last}`;
      this.#wrong(text);
      return false;
    }
    for (const { level, number, first, last } of this.#segments.values()) {
      const size = shape.fanOut ** level;
      const right = [(ends[number * size] ?? 0) + 1, ends[(number + 1) * size] ?? 0] as const;
      if (first !== right[0] || last !== right[1])
        this.#wrong(`segment ${number} of level ${level} holds blocks ${right.join(' to ')}, not ${first} to ${last}`);
    }
    return true;
  }

  #wrong(text: string): void {
    this.#findings.add('RECORD_WRONG', null, text);
  }
}

function nameOf(key: Uint8Array): string {
  const place = parsePageKey(key);
  if (place === undefined) return `the record ${toHex(key)} of the index of transactions`;
  return `page ${place.page} of segment ${place.number}, level ${place.level}, of the index of transactions`;
}
