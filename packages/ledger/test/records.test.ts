import { toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EncodedList } from '../src/encoded-list.ts';
import { encodeStateEntry, type StateEntry } from '../src/index.ts';
import { writtenIndex, writtenUndo } from '../src/records.ts';
import { writtenStateEntry } from '../src/state.ts';
import { slowIndex, slowStateEntry, slowUndo } from './slow-records.ts';

const uint = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(23, 24, 255, 256, 1100, 66_000).map((length) => new Uint8Array(length).fill(7)),
);
const name = fc.string({ unit: 'grapheme', maxLength: 20 });
const entry = fc.record<StateEntry>({ version: uint, modifiedHeight: uint, bytes });

describe('records of known shapes are what the general encoder makes of them:', () => {
  it('state entries', () =>
    fc.assert(
      fc.property(entry, (one) => {
        const slow = toHex(slowStateEntry(one));
        expect([toHex(encodeStateEntry(one)), toHex(writtenStateEntry(one))]).toEqual([slow, slow]);
      }),
    ));

  it('undo records', () => {
    const change = fc.record({
      module: name,
      key: bytes,
      before: fc.option(entry, { nil: undefined }),
      after: fc.constant(undefined),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        expect(toHex(writtenUndo(changes))).toBe(toHex(slowUndo(changes)));
      }),
    );
  });

  it('index records', () => {
    const event = fc.record({ module: name, topic: name, value: fc.oneof(uint, name, bytes) });
    const leaf = fc.record({ payloadIndex: uint, leaf: bytes, results: bytes });
    const lists = [fc.array(event, { maxLength: 40 }), fc.array(leaf, { maxLength: 40 })] as const;
    fc.assert(
      fc.property(...lists, (timerEvents, leaves) => {
        const [events, items] = [new EncodedList(0), new EncodedList()];
        for (const one of timerEvents) add(events, [one.module, one.topic, one.value]);
        for (const one of leaves) add(items, [one.payloadIndex, one.leaf, one.results]);
        expect(toHex(writtenIndex(events, items))).toBe(toHex(slowIndex({ timerEvents, leaves })));
      }),
    );
  });
});

function add(list: EncodedList, item: readonly (number | string | Uint8Array)[]): void {
  list.items.value(item);
  list.close();
}
