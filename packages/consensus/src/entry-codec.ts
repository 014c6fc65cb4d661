import { type CborReader, type CborValue, fromHex, nodeId, type PayloadId, payloadId, toHex } from '@varve/encoding';
import type { Entry } from './contract.ts';
import { BATCH_ENTRIES_MAX } from './entry-log.ts';
import type { FindPayload } from './message-body.ts';

/** An entry of a message as `[epoch number, epoch node, payload id | null]`; its index follows from its place. */
export function encodeEntry(entry: Entry): CborValue {
  return [entry.epoch.number, entry.epoch.node, entry.payload ? fromHex(entry.payload.id) : null];
}

/**
 * Reads a list of at most `BATCH_ENTRIES_MAX` entries that continue after `prevIndex`.
 * @param missing - Takes the ids of payloads that `find` does not have; their entries come without.
 */
export function readEntries(
  reader: CborReader,
  prevIndex: number,
  find: FindPayload,
  missing: Set<PayloadId>,
): readonly Entry[] {
  return reader.list((_, i) => readEntry(reader, prevIndex + 1 + i, find, missing), BATCH_ENTRIES_MAX);
}

function readEntry(reader: CborReader, index: number, find: FindPayload, missing: Set<PayloadId>): Entry {
  reader.array(3);
  const epoch = { number: reader.uint(), node: nodeId(reader.text()) };
  const id = reader.nullable(() => payloadId(toHex(reader.byteString(32))));
  if (id === null) return { index, epoch };
  const payload = find(id);
  if (payload) return { index, epoch, payload };
  missing.add(id);
  return { index, epoch };
}
