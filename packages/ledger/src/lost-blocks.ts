import { decodeHeader } from './header.ts';
import { certificateKey, configurationKey, headerKey, heightOfKey, indexKey, payloadKey, undoKey } from './records.ts';
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
    for (const key of [headerKey, certificateKey, indexKey, undoKey, configurationKey]) records.delete(key(at));
  }
}
