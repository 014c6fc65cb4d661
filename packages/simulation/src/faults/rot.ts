import { RECORD_KIND } from '@varve/ledger/chain';
import type { Dice } from '../world/dice.ts';
import type { SimulatedDisk } from '../world/disk.ts';

/** What the chain is made of. */
export const BLOCK_RECORDS: readonly number[] = [
  RECORD_KIND.header,
  RECORD_KIND.payload,
  RECORD_KIND.state,
  RECORD_KIND.certificate,
  RECORD_KIND.index,
  RECORD_KIND.undo,
];
/** What a validator remembers of its own word. */
export const ENGINE_RECORDS: readonly number[] = [
  RECORD_KIND.engineEntry,
  RECORD_KIND.engineState,
  RECORD_KIND.journal,
];

/**
 * Flips one bit in a record of one of `kinds`.
 * @returns Its key; `undefined` where there is none.
 */
export function flipOne(dice: Dice, disk: SimulatedDisk, kinds: readonly number[]): Uint8Array | undefined {
  for (const kind of dice.sample(kinds, kinds.length)) {
    const keys = disk.keysOf(kind);
    if (keys.length === 0) continue;
    const key = dice.pick(keys);
    if (disk.flip(key, dice.between(0, 1_000_000))) return key;
  }
  return undefined;
}
