import { decodeHeader, type SealedHeader } from './header.ts';
import { GENERATION_MAX, RecentIds } from './recent-ids.ts';
import { headerKey } from './records.ts';
import { type RecordStore, unlessDamaged } from './store.ts';
import type { TransactionIndex } from './transaction-index.ts';

/**
 * The ids of the last blocks of a store, back to where none of their transactions can come again; of fewer blocks where
 * there are very many, or a header is damaged.
 * @param windowMs - The longest that a transaction may be valid.
 */
export function recentIdsAt(
  records: RecordStore,
  index: TransactionIndex,
  tip: SealedHeader,
  windowMs: number,
): RecentIds {
  const oldest = firstSince(records, tip, tip.header.time - windowMs);
  return RecentIds.of((add) => {
    const from = index.each(oldest, GENERATION_MAX, add);
    const before = from > 1 ? timeAt(records, from - 1) : -1;
    return (before ?? tip.header.time) + 1;
  });
}

/** The lowest block of `time` or later, about, where headers cannot be read; that of the tip is there. */
function firstSince(records: RecordStore, tip: SealedHeader, time: number): number {
  let [low, high]: [number, number] = [1, tip.header.height];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = timeAt(records, middle);
    if (found === undefined || found < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `undefined` where the header cannot be read: whoever needs it will say so. */
function timeAt(records: RecordStore, at: number): number | undefined {
  const body = unlessDamaged(() => records.get(headerKey(at)));
  return body && decodeHeader(body).header.time;
}
