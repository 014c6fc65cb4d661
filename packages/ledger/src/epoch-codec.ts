import type { Epoch } from '@varve/consensus';
import { type CborReader, type CborValue, nodeId } from '@varve/encoding';

/** `[number, name | ""]`. */
export function epochValue(epoch: Epoch): CborValue {
  return [epoch.number, epoch.node];
}

/** Reads an epoch; the empty name only at number 0. */
export function readEpoch(reader: CborReader): Epoch {
  const start = reader.offset;
  reader.array(2);
  const number = reader.uint();
  const name = reader.text();
  if ((name === '') !== (number === 0)) reader.unexpected('an epoch with a name, or [0, ""]', start);
  return { number, node: name === '' ? '' : nodeId(name) };
}
