import type { TransactionId } from '@varve/encoding';
import { LedgerError } from './errors.ts';
import { decodeHeader, type Header, type SealedHeader } from './header.ts';
import { decodeLeaf } from './outcome.ts';
import { RecentIds } from './recent-ids.ts';
import { decodeIndex, headerKey, indexKey } from './records.ts';
import { type RecordStore, unlessDamaged } from './store.ts';

/** About how many ids a start reads: some 5 µs each. What lies before is looked up in the store until it is too old. */
const IDS_AT_START = 50_000;

/**
 * The ids of the last blocks of a store, back to where none of their transactions can come again; of fewer blocks where
 * there are very many, or a record is damaged.
 * @param windowMs - The longest that a transaction may be valid.
 */
export function recentIdsAt(records: RecordStore, tip: SealedHeader, windowMs: number): RecentIds {
  const ids: TransactionId[] = [];
  const oldest = tip.header.time - windowMs;
  let since = tip.header.time + 1;
  for (let block: SealedHeader | undefined = tip; block !== undefined; ) {
    const { height, time }: Header = block.header;
    if (height === 0) since = 0;
    if (height === 0 || time < oldest || ids.length >= IDS_AT_START) break;
    const found = idsOf(records, height);
    block = found && headerOf(records, height - 1);
    if (found === undefined || block === undefined) break;
    for (const id of found) ids.push(id);
    since = block.header.time + 1;
  }
  const recent = new RecentIds(since);
  for (const id of ids) recent.add(id);
  return recent;
}

/** `undefined` where the record cannot be read: whoever needs it will say so. */
function idsOf(records: RecordStore, height: number): readonly TransactionId[] | undefined {
  const body = unlessDamaged(() => records.get(indexKey(height)));
  try {
    return body && decodeIndex(body).leaves.map(({ leaf }) => decodeLeaf(leaf).id);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function headerOf(records: RecordStore, height: number): SealedHeader | undefined {
  const body = unlessDamaged(() => records.get(headerKey(height)));
  return body && decodeHeader(body);
}
