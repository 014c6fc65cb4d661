import type { TransactionId } from '@varve/encoding';
import { decodeHeader } from './header.ts';
import { decodeLeaf } from './outcome.ts';
import {
  certificateKey,
  configurationKey,
  decodeIndex,
  headerKey,
  heightOfKey,
  indexKey,
  payloadKey,
  transactionKey,
  undoKey,
} from './records.ts';
import { type RecordStore, unlessDamaged } from './store.ts';

/** Removes what is left of the blocks from `first` to `last`: they are fetched again, and may be others then. */
export function dropBlocks(records: RecordStore, first: number, last: number): void {
  for (let at = first; at <= last; at++) {
    const header = unlessDamaged(() => records.get(headerKey(at)));
    if (header) {
      const { hash, header: content } = decodeHeader(header);
      records.delete(heightOfKey(hash));
      records.delete(payloadKey(content.payloadHash));
    }
    for (const id of transactionsOf(records, at)) records.delete(transactionKey(id));
    for (const key of [headerKey, certificateKey, indexKey, undoKey, configurationKey]) records.delete(key(at));
  }
}

function transactionsOf(records: RecordStore, at: number): readonly TransactionId[] {
  const index = unlessDamaged(() => records.get(indexKey(at)));
  return index ? decodeIndex(index).leaves.map(({ leaf }) => decodeLeaf(leaf).id) : [];
}
