import type { Epoch } from './contract.ts';

/** The epoch before any: that of block 0. */
export const EPOCH_ZERO: Epoch = { number: 0, node: '' };

/** Order by number, then by node name bytewise. Returns a negative number, zero or a positive number. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  if (a.number !== b.number) return a.number - b.number;
  return a.node < b.node ? -1 : a.node > b.node ? 1 : 0;
}
