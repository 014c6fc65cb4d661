import { toHex } from '@varve/encoding';
import { type Ledger, parseNumber, RECORD_KIND, RecordStore } from '@varve/ledger/chain';
import { instanceUnder, readVoteRecord } from '@varve/validator';
import type { SimulatedDisk } from '../world/disk.ts';

/** Whether a disk holds anything that its validator said under the configuration that rules. */
export function hasSpoken(disk: SimulatedDisk, ledger: Ledger): boolean {
  const instance = instanceUnder(ledger, ledger.ruling);
  return disk.keysOf(RECORD_KIND.engineState).some((key) => instanceOf(key) === instance);
}

/**
 * Whether the record at `key` tells what binds a validator that has spoken. Records of an instance that ended wait for
 * the next batch to remove them, and a new key frees its seat of what the journal has from before.
 */
export function isBinding(disk: SimulatedDisk, ledger: Ledger, key: Uint8Array): boolean {
  if (key[0] !== RECORD_KIND.journal) return instanceOf(key) === instanceUnder(ledger, ledger.ruling);
  return parseNumber(key) > (readVoteRecord(new RecordStore(disk))?.freedAt ?? 0);
}

/** The instance that the key of an engine's record names. */
function instanceOf(key: Uint8Array): string {
  return toHex(key.subarray(1, 33));
}
