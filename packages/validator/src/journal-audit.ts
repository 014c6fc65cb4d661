import { bytesEqual } from '@varve/encoding';
import { RecordStore, type Store, unchecked } from '@varve/ledger/chain';
import { engineStateKey } from './engine-log.ts';
import { decodeJournalEntry, decodeJournalPlace, type JournalPlace, journalFault } from './journal.ts';
import { readVoteRecord } from './observer-only.ts';

/**
 * What the journal of a store tells to someone who only looks: whether batches are missing, and how high the chain was
 * when the newest was written.
 * @param journal - The journal records, ascending by key.
 */
export function journalFaultOf(
  journal: readonly (readonly [key: Uint8Array, record: Uint8Array])[],
  store: Store,
): { readonly fault: string | undefined; readonly tipHeight: number | undefined } {
  const freedAt = freedIn(store);
  const places: (JournalPlace | undefined)[] = [];
  for (const [key, record] of journal) {
    const place = attempt(() => decodeJournalPlace(unchecked(key, record)));
    if (place === undefined || place.number > freedAt) places.push(place);
  }
  const newest = journal.at(-1);
  const entry = newest && attempt(() => decodeJournalEntry(unchecked(newest[0], newest[1])));
  const fault = journalFault(places, freedAt);
  if (entry === undefined) return { fault, tipHeight: undefined };
  const key = engineStateKey(entry.instance);
  const record = attempt(() => store.get(key));
  const state = record && attempt(() => unchecked(key, record));
  // The last batch of an instance may be followed by one that removes its records.
  const isOther = state !== undefined && entry.engineState !== null && !bytesEqual(state, entry.engineState);
  const other = isOther ? "the engine's state is not that of the newest batch" : undefined;
  return { fault: fault ?? other, tipHeight: entry.tipHeight };
}

function freedIn(store: Store): number {
  return attempt(() => readVoteRecord(new RecordStore(store))?.freedAt) ?? 0;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
