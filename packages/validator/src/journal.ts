import type { Slot } from '@varve/consensus';
import { CborReader, encodeCbor, fromHex, type InstanceId, toHex } from '@varve/encoding';
import { epochValue, readEpoch, readingAs } from '@varve/ledger';
import { journalKey, type RecordStore } from '@varve/ledger/chain';
import { JOURNAL_BYTES } from './limits.ts';

/** Where a batch stands among all batches. */
export interface JournalPlace {
  readonly number: number;
  /** Bytes of all batches up to and with this one. */
  readonly bytesTotal: number;
}

/**
 * What each batch repeats. LevelDB can drop a damaged batch without a word; the numbers then have a gap, or the
 * newest entry does not match the engine state beside it.
 */
export interface JournalEntry extends JournalPlace {
  /** The engine instance of which the next two are. */
  readonly instance: InstanceId;
  /** The engine's state record as of this batch; null before there is one. */
  readonly engineState: Uint8Array | null;
  /** The highest slot this node has vouched for in that instance. */
  readonly vouched: Slot | null;
  readonly tipHeight: number;
}

function encodeJournalEntry(entry: JournalEntry): Uint8Array {
  return encodeCbor([
    entry.number,
    entry.bytesTotal,
    fromHex(entry.instance),
    entry.engineState,
    entry.vouched && [epochValue(entry.vouched.epoch), entry.vouched.index],
    entry.tipHeight,
  ]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeJournalEntry(bytes: Uint8Array): JournalEntry {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(6);
    const number = reader.uint();
    const bytesTotal = reader.uint();
    const instance = toHex(reader.byteString(32)) as InstanceId;
    const engineState = reader.nullable((inner) => inner.byteString());
    const vouched = reader.nullable((inner) => {
      inner.array(2);
      return { epoch: readEpoch(inner), index: inner.uint() };
    });
    const tipHeight = reader.uint();
    reader.end();
    return { number, bytesTotal, instance, engineState, vouched, tipHeight };
  });
}

/**
 * The beginning of an entry: of all but the newest nothing else matters.
 * @throws {EncodingError}
 */
export function decodeJournalPlace(bytes: Uint8Array): JournalPlace {
  const reader = new CborReader(bytes);
  reader.array(6);
  return { number: reader.uint(), bytesTotal: reader.uint() };
}

/**
 * The first thing wrong with the journal found in a store.
 * @param entries - Ascending by number; `undefined` where an entry is damaged.
 * @param freedAt - Entries up to this number do not matter.
 * @returns A sentence, or `undefined` where nothing is wrong.
 */
export function journalFault(entries: readonly (JournalPlace | undefined)[], freedAt = 0): string | undefined {
  let previous: JournalPlace | undefined;
  for (const entry of entries) {
    if (entry === undefined) return 'a journal entry is damaged';
    if (previous && entry.number !== previous.number + 1) {
      return `batches ${previous.number + 1} to ${entry.number - 1} are missing`;
    }
    previous = entry;
  }
  const first = entries[0];
  if (first && previous && first.number > freedAt + 1 && previous.bytesTotal - first.bytesTotal < JOURNAL_BYTES) {
    return `batches before ${first.number} are missing`;
  }
  return undefined;
}

/** Numbers the batches of a store, and forgets entries that `JOURNAL_BYTES` later ones cover. */
export class Journal {
  readonly #records: RecordStore;
  readonly #kept: JournalPlace[];
  readonly #content: () => Pick<JournalEntry, 'instance' | 'engineState' | 'vouched' | 'tipHeight'>;

  /** @param kept - The entries in the store, ascending. */
  constructor(
    records: RecordStore,
    kept: readonly JournalPlace[],
    content: () => Pick<JournalEntry, 'instance' | 'engineState' | 'vouched' | 'tipHeight'>,
  ) {
    this.#records = records;
    this.#kept = kept.map(({ number, bytesTotal }) => ({ number, bytesTotal }));
    this.#content = content;
  }

  /** Of the newest entry. */
  get number(): number {
    return this.#kept.at(-1)?.number ?? 0;
  }

  /** Adds the entry of the batch that is about to be taken, which has `bytes` so far. */
  append(bytes: number): void {
    const last = this.#kept.at(-1);
    const entry = { number: (last?.number ?? 0) + 1, bytesTotal: (last?.bytesTotal ?? 0) + bytes };
    this.#kept.push(entry);
    this.#records.put(journalKey(entry.number), encodeJournalEntry({ ...entry, ...this.#content() }));
    for (;;) {
      const second = this.#kept[1];
      const first = this.#kept[0];
      if (first === undefined || second === undefined || entry.bytesTotal - second.bytesTotal < JOURNAL_BYTES) return;
      this.#records.delete(journalKey(first.number));
      this.#kept.shift();
    }
  }
}
