import { type CborReader, type CborValue, fromHex, nodeId, type PayloadId, payloadId, toHex } from '@varve/encoding';
import type { Entry, Payload } from './contract.ts';
import type { FindPayload } from './message-body.ts';

/** An entry without its index: `[epoch, its node, payload id | null]`. */
export function encodeEntry(entry: Entry): CborValue {
  return [entry.epoch.number, entry.epoch.node, entry.payload ? fromHex(entry.payload.id) : null];
}

/** The entry at `index`. Where `find` does not have its payload, the id goes to `missing`. */
export function readEntry(r: CborReader, index: number, find: FindPayload, missing: Set<PayloadId>): Entry {
  r.array(3);
  const epoch = { number: r.uint(), node: nodeId(r.text()) };
  const id = r.nullable(() => payloadId(toHex(r.byteString(32))));
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
