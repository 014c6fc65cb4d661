import { type CborReader, type CborValue, fromHex, nodeId, type PayloadId, payloadId, toHex } from '@varve/encoding';
import type { Entry, Payload } from './contract.ts';
import { BATCH_ENTRIES_MAX } from './entry-log.ts';
import type { FindPayload } from './message-body.ts';

/** No epoch, index or round of a correct node comes near it: one a millisecond would take 140,000 years. */
export const NUMBER_MAX: number = 2 ** 52;

/** An entry of a message as `[epoch number, epoch node, payload id | null]`; its index follows from its place. */
export function encodeEntry(entry: Entry): CborValue {
  return [entry.epoch.number, entry.epoch.node, entry.payload ? fromHex(entry.payload.id) : null];
}

/** The entry at `index`. Where `find` does not have its payload, the id goes to `missing`. */
export function readEntry(reader: CborReader, index: number, find: FindPayload, missing: Set<PayloadId>): Entry {
  reader.array(3);
  const epoch = { number: reader.uint(), node: nodeId(reader.text()) };
  const id = reader.nullable(() => payloadId(toHex(reader.byteString(32))));
  if (id === null) return { index, epoch };
  const payload = find(id);
  if (payload) return { index, epoch, payload };
  missing.add(id);
  return { index, epoch };
}

/** What `entries` name by id. */
export function payloadsOf(entries: readonly Entry[]): readonly Payload[] {
  return entries.flatMap(({ payload }) => (payload ? [payload] : []));
}

/**
 * Why no correct node sends `entries` to continue a log, or `undefined`: they are contiguous, and their epochs rise.
 * @param prev - The place before them, with the number of its epoch, or 0 where that is not known.
 * @param epochMax - The sender's epoch: nothing in its log is of a later one.
 */
export function nonsenseInEntries(
  entries: readonly Entry[],
  prev: { readonly index: number; readonly epoch: number },
  epochMax: number,
): string | undefined {
  if (entries.length > BATCH_ENTRIES_MAX) return 'too many entries';
  if (prev.index + entries.length > NUMBER_MAX) return 'index out of range';
  let last = prev;
  for (const { index, epoch } of entries) {
    if (index !== last.index + 1) return 'entries not contiguous';
    if (epoch.number < last.epoch || epoch.number === 0) return 'epochs fall';
    last = { index, epoch: epoch.number };
  }
  return last.epoch > epochMax ? 'log of a later epoch' : undefined;
}
