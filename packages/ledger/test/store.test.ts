import { utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import {
  checksummed,
  headerKey,
  kindRange,
  parseNumber,
  RECORD_KIND,
  RecordDamaged,
  RecordStore,
  unchecked,
} from '../src/chain.ts';
import { parseStateKey, stateKey } from '../src/records.ts';
import { MemoryStore, mutations } from './harness.ts';

const [a, b] = [utf8Encode('Sa'), utf8Encode('Sb')] as [Uint8Array, Uint8Array];
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

function opened() {
  const store = new MemoryStore();
  return { store, records: new RecordStore(store) };
}

describe('RecordStore', () => {
  it('shows writes at once: waiting, in flight and durable', () => {
    const { store, records } = opened();
    records.put(a, one);
    expect(records.get(a)).toEqual(one);
    const batch = records.takeBatch();
    expect([records.get(a), records.hasPending, records.pendingBytes]).toEqual([one, false, 0]);
    store.write(batch);
    records.settle();
    expect(records.get(a)).toEqual(one);
    expect(new RecordStore(store).get(a)).toEqual(one);
  });

  it('calls a record damaged that the store cannot read, and passes other failures on', () => {
    const failing = (code: string) =>
      new RecordStore({
        get: () => {
          throw Object.assign(new Error(code), { code });
        },
      });
    expect(() => failing('STORE_DAMAGED').get(a)).toThrow(new RecordDamaged(a));
    expect(() => failing('STORE_CLOSED').get(a)).toThrow('STORE_CLOSED');
  });

  it('lets a later write win over one in flight, and keeps it for the next batch', () => {
    const { store, records } = opened();
    records.put(a, one);
    const first = records.takeBatch();
    records.put(a, two);
    expect(records.get(a)).toEqual(two);
    store.write(first);
    records.settle();
    expect(records.get(a)).toEqual(two);
    store.write(records.takeBatch());
    records.settle();
    expect(new RecordStore(store).get(a)).toEqual(two);
  });

  it('hides what is deleted at once, in every place it may be', () => {
    const { store, records } = opened();
    records.put(a, one);
    store.write(records.takeBatch());
    records.settle();
    records.delete(a);
    expect(records.get(a)).toBeUndefined();
    const batch = records.takeBatch();
    expect(batch).toEqual([{ key: a, value: undefined }]);
    expect(records.get(a)).toBeUndefined();
    store.write(batch);
    records.settle();
    expect(records.get(a)).toBeUndefined();
  });

  it('takes each key once into a batch, as written last', () => {
    const { records } = opened();
    records.put(a, one);
    records.put(b, one);
    records.put(a, two);
    expect(records.hasPending).toBe(true);
    expect(records.takeBatch()).toEqual([
      { key: a, value: checksummed(a, two) },
      { key: b, value: checksummed(b, one) },
    ]);
    expect(() => records.takeBatch()).toThrow('at most one batch is in flight');
    records.settle();
    expect(records.takeBatch()).toEqual([]);
  });

  it('reports damage, at every bit, and in records too short for a checksum', () => {
    const { store, records } = opened();
    const record = checksummed(a, utf8Encode('body'));
    expect(unchecked(a, record)).toEqual(utf8Encode('body'));
    for (const changed of mutations(record, [1, 2, 4, 8, 16, 32, 64, 128])) {
      store.write([{ key: a, value: changed }]);
      expect(() => records.get(a)).toThrow(RecordDamaged);
    }
    for (let length = 0; length < record.length; length++) {
      expect(() => unchecked(a, record.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'RECORD_DAMAGED' }),
      );
    }
    expect(() => unchecked(b, record)).toThrow(RecordDamaged);
  });
});

describe('keys', () => {
  it('of numbers sort by number, within their kind', () => {
    const keys = [0, 1, 255, 256, 2 ** 40].map((n) => headerKey(n));
    expect(keys.map(parseNumber)).toEqual([0, 1, 255, 256, 2 ** 40]);
    expect([...keys].sort(Buffer.compare)).toEqual(keys);
    const { gte, lt } = kindRange(RECORD_KIND.header);
    for (const key of keys) expect([Buffer.compare(key, gte) >= 0, Buffer.compare(key, lt) < 0]).toEqual([true, true]);
  });

  it('of the state hold module and key', () => {
    // Names that begin like the one before them, and keys that begin like a name.
    for (const module of ['notes', 'notes', 'note', 'n', 'notes', 'notes2', 'other']) {
      for (const key of [Uint8Array.of(0, 255), utf8Encode('notes'), new Uint8Array()]) {
        expect(parseStateKey(stateKey(module, key))).toEqual({ module, key });
      }
    }
  });

  it('begin with one byte per kind', () => {
    const kinds = Object.values(RECORD_KIND);
    expect(new Set(kinds).size).toBe(kinds.length);
  });
});
