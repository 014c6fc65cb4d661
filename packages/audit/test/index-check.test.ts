import { encodeCbor, fromHex, toHex } from '@varve/encoding';
import { decodeLeaf } from '@varve/ledger';
import {
  certificateKey,
  configurationKey,
  decodeIndex,
  decodePage,
  decodeProgress,
  ENTRY_BYTES,
  headerKey,
  INDEX_KEY,
  IndexLayout,
  type IndexPage,
  indexKey,
  metaKey,
  pageKey,
  placeIn,
  RECORD_KIND,
  unchecked,
  undoKey,
} from '@varve/ledger/chain';
import { describe, expect, it } from 'vitest';
import { type MemoryStore, SMALL_INDEX } from '../../ledger/test/harness.ts';
import { copyOf, found, plant, plantedChain, put } from './planted-chain.ts';

const whole = plantedChain();
const tip = 9;
const body = (store: MemoryStore, key: Uint8Array) => unchecked(key, store.get(key) as Uint8Array);
const remove = (store: MemoryStore, key: Uint8Array) => store.write([{ key, value: undefined }]);

/** What is found in a changed copy. */
function planted(change: (store: MemoryStore) => void): string[] {
  const store = copyOf(whole.store);
  change(store);
  return found(store);
}

describe('a fault in the index of transactions is found and named', () => {
  const layout = new IndexLayout(SMALL_INDEX);
  const pages = layout.ranges(4).flatMap(({ level, number, first, end }) => {
    return Array.from({ length: end - first }, (_, i) => pageKey(level, number, first + i));
  });
  const entriesOf = (key: Uint8Array) => (decodePage(body(whole.store, key)) as IndexPage).entries;
  const full = pages.filter((key) => entriesOf(key).length > 0);
  const holds = (key: Uint8Array, id: Uint8Array) => toHex(entriesOf(key)).includes(toHex(id));
  const heightOf = (key: Uint8Array) => placeIn(entriesOf(key), 0).height;
  const HEAD = 10;
  /** The first entry of a page, changed. */
  const changed = (key: Uint8Array, at: number, by = 1) =>
    planted((store) => plant(store, key, (bytes) => bytes.with(HEAD + at, (bytes[HEAD + at] as number) ^ by)));

  it('has pages of several levels to look at', () => {
    expect(decodeProgress(body(whole.store, INDEX_KEY))).toEqual({ made: 4, height: tip });
    expect(pages.map((key) => key[1])).toEqual([...Array(8).fill(0), ...Array(8).fill(1)]);
    expect(full.length).toBeGreaterThan(5);
  });

  it('missing page, or one of another length', () => {
    for (const key of pages) {
      expect(planted((store) => remove(store, key))).toEqual(['RECORD_MISSING -']);
      expect(planted((store) => plant(store, key, (bytes) => bytes.slice(1)))).toContain('RECORD_WRONG -');
    }
  });

  it('transaction that is left out, or stands twice', () => {
    for (const key of full) {
      const cut = (bytes: Uint8Array) => new Uint8Array([...bytes.slice(0, HEAD), ...bytes.slice(HEAD + ENTRY_BYTES)]);
      const twice = (bytes: Uint8Array) => new Uint8Array([...bytes, ...bytes.slice(HEAD, HEAD + ENTRY_BYTES)]);
      for (const change of [cut, twice])
        expect(planted((store) => plant(store, key, change))).toEqual([`RECORD_WRONG ${heightOf(key)}`]);
    }
  });

  it('another id, another position', () => {
    for (const key of full) {
      expect(changed(key, 31)).toEqual([`RECORD_WRONG ${heightOf(key)}`]);
      expect(changed(key, ENTRY_BYTES - 1)).toEqual([`RECORD_WRONG ${heightOf(key)}`]);
    }
  });

  it('id in a page where nobody looks for it, height that the segment has not', () => {
    for (const key of full) {
      expect(changed(key, 0, 0x80)).toContain('RECORD_WRONG -');
      expect(changed(key, ENTRY_BYTES - 4, 0x40)).toContain('RECORD_WRONG -');
      expect(changed(key, ENTRY_BYTES - 4 - 3)).toContain('RECORD_WRONG -');
    }
  });

  it('two transactions that changed places', () => {
    const key = full.find((one) => entriesOf(one).length > ENTRY_BYTES) as Uint8Array;
    const places = [32, 32 + ENTRY_BYTES].map((at) => entriesOf(key).slice(at, at + 8));
    const codes = planted((store) =>
      plant(store, key, (bytes) => {
        bytes.set(places[1] as Uint8Array, HEAD + 32);
        bytes.set(places[0] as Uint8Array, HEAD + 32 + ENTRY_BYTES);
        return bytes;
      }),
    );
    expect(codes.length).toBeGreaterThan(0);
    for (const one of codes) expect(one).toMatch(/^RECORD_WRONG [1-9]$/);
  });

  it('blocks that a segment does not hold', () => {
    for (const [at, key] of [pages[0], pages[3]].flatMap((one) => [4, 9].map((i) => [i, one as Uint8Array] as const))) {
      expect(planted((store) => plant(store, key, (bytes) => bytes.with(at, 3)))).toContain('RECORD_WRONG -');
    }
    const [one, two] = layout.ranges(4);
    const all = planted((store) => {
      for (let page = 0; page < 4; page++)
        plant(store, pageKey(one?.level ?? 0, one?.number ?? 0, page), (bytes) => bytes.with(9, 99));
    });
    expect([all, two?.number]).toEqual([['RECORD_WRONG -'], 2]);
  });

  it('outcomes of a block under a second key, with the places that they would have', () => {
    const codes = planted((store) => {
      const { leaves } = decodeIndex(body(store, indexKey(2)));
      const [first, second] = leaves.map(({ leaf }) => fromHex(decodeLeaf(leaf).id));
      const swapped = [...leaves].reverse().map((one) => [one.payloadIndex, one.leaf, one.results]);
      put(store, Uint8Array.of(...indexKey(2), 0xff), encodeCbor([encodeCbor([]), swapped]));
      for (const [id, leafIndex] of [
        [first, 1],
        [second, 0],
      ] as const) {
        const key = full.find((one) => holds(one, id as Uint8Array)) as Uint8Array;
        const entry = Uint8Array.of(...(id as Uint8Array), 0, 0, 0, 0, 2, 0, 0, leafIndex);
        plant(store, key, (bytes) => Uint8Array.of(...bytes.slice(0, HEAD), ...entry, ...bytes.slice(HEAD)));
      }
    });
    expect(codes).toEqual(['RECORD_UNEXPECTED -', 'RECORD_WRONG 2']);
  });

  it('key of another length than its kind has', () => {
    for (const kind of [headerKey, indexKey, undoKey, certificateKey, configurationKey])
      for (const key of [Uint8Array.of(...kind(3), 0), kind(3).slice(0, 8)])
        expect(
          planted((store) => put(store, key, new Uint8Array(9))),
          toHex(key),
        ).toContain('RECORD_UNEXPECTED -');
  });

  it('copy of the format before, in which nothing else is wrong', () => {
    const codes = planted((store) => {
      put(store, metaKey('format'), Uint8Array.of(1));
      for (const key of [...pages, INDEX_KEY]) remove(store, key);
      for (let i = 0; i < 17; i++) put(store, new Uint8Array(33).fill(i).fill(0x54, 0, 1), new Uint8Array(12));
    });
    expect(codes).toEqual(['GENESIS_WRONG -']);
  });

  it('page of a segment that there is not, record of the format before, other progress', () => {
    const page = body(whole.store, pages[0] as Uint8Array);
    for (const key of [
      pageKey(0, 1, 0),
      pageKey(0, 4, 0),
      pageKey(2, 0, 0),
      pageKey(1, 0, 8),
      Uint8Array.of(0x4c, 1, 2),
    ])
      expect(
        planted((store) => put(store, key, page)),
        toHex(key),
      ).toEqual(['RECORD_UNEXPECTED -']);
    // What a start has still to remove of the format before, nobody reads.
    const old = new Uint8Array(33).fill(RECORD_KIND.transaction, 0, 1);
    expect(planted((store) => put(store, old, new Uint8Array(12)))).toEqual([]);
    expect(planted((store) => remove(store, INDEX_KEY))).toEqual(['RECORD_MISSING -']);
    expect(planted((store) => put(store, INDEX_KEY, encodeCbor([4])))).toEqual(['RECORD_WRONG -']);
    for (const progress of [
      [4, 8],
      [3, 9],
      [0, 0],
      [5, 9],
      [2 ** 17, 9],
      [2 ** 40, 9],
      [4, 2 ** 40],
      [2 ** 53 - 1, 2 ** 53 - 1],
    ])
      expect(planted((store) => put(store, INDEX_KEY, encodeCbor(progress)))[0]).toMatch(
        /^RECORD_(WRONG|MISSING|UNEXPECTED) -$/,
      );
  });
});
