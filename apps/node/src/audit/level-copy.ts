import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CopyClaim, claimOf, keptIn, storedBlock } from '@varve/audit';
import { decodeGenesis, type Genesis } from '@varve/ledger';
import { kindRange, metaKey, parseNumber, RECORD_KIND, type Store, TIP_KEY } from '@varve/ledger/chain';
import { journalFaultOf } from '@varve/validator';
import { STORE_FOLDER } from '../host/initialize.ts';
import { LevelStore, StoreError } from '../storage/index.ts';
import type { AuditCopy, CopyFault } from './copy.ts';
import { snapshotStore } from './snapshot.ts';

/**
 * Opens the database of a node, stopped or running, as it is at this moment. Nothing in its folder is changed.
 * @param expected - Stands in where the copy's own genesis record cannot be read.
 * @throws {StoreError} `STORE_MISSING`, `STORE_FORBIDDEN`, `STORE_DAMAGED`.
 */
export async function openLevelCopy(directory: string, expected: Genesis | undefined): Promise<AuditCopy> {
  const inner = join(directory, STORE_FOLDER);
  const snapshot = snapshotStore(existsSync(inner) ? inner : directory);
  try {
    const store = await LevelStore.open(snapshot.path);
    const faults: CopyFault[] = [];
    const genesis = readGenesis(store, faults) ?? expected;
    if (genesis === undefined)
      throw new StoreError('STORE_DAMAGED', { path: directory, reason: 'its genesis record cannot be read' });
    const claim = await readClaim(store, faults);
    faults.push(...(await journalFaults(store, claim)));
    return {
      name: directory,
      kind: 'data directory',
      genesis,
      claim,
      derived: store,
      faults,
      first: 1,
      async *blocks(from) {
        for (let height = from; height <= (claim?.height ?? 0); height++) yield storedBlock(store, height);
      },
      records: () => store.entries(),
      close: async () => {
        await store.close();
        snapshot.remove();
      },
    };
  } catch (error) {
    snapshot.remove();
    throw error;
  }
}

function readGenesis(store: Store, faults: CopyFault[]): Genesis | undefined {
  const kept = keptIn(store, metaKey('genesis'));
  try {
    if (typeof kept !== 'string') return decodeGenesis(kept);
  } catch {
    // Told below.
  }
  const text = `the genesis record is ${typeof kept === 'string' ? kept : 'none'}`;
  faults.push({ code: 'GENESIS_WRONG', height: null, text });
  return undefined;
}

/** Without its tip record, a copy reaches as far as its headers do. */
async function readClaim(store: LevelStore, faults: CopyFault[]): Promise<CopyClaim | undefined> {
  const kept = keptIn(store, TIP_KEY);
  const claim = typeof kept === 'string' ? undefined : claimOf(kept);
  if (claim) return claim;
  const state = typeof kept === 'string' ? kept : 'unreadable';
  faults.push({ code: 'TIP_WRONG', height: null, text: `the record of the newest block is ${state}` });
  let height = 0;
  for await (const [key] of store.entries(kindRange(RECORD_KIND.header))) height = Math.max(height, parseNumber(key));
  return { height, finalHeight: 0, blockHash: undefined };
}

/** What only the batches of a node tell: that some of them are gone. */
async function journalFaults(store: LevelStore, claim: CopyClaim | undefined): Promise<CopyFault[]> {
  const journal: (readonly [Uint8Array, Uint8Array])[] = [];
  for await (const entry of store.entries(kindRange(RECORD_KIND.journal))) journal.push(entry);
  const { fault, tipHeight } = journalFaultOf(journal, store);
  const faults: CopyFault[] = [];
  if (fault !== undefined) faults.push({ code: 'JOURNAL_GAP', height: null, text: fault });
  if (tipHeight !== undefined && claim !== undefined && tipHeight > claim.height) {
    const text = `the newest batch was written at height ${tipHeight}; the newest block is ${claim.height}`;
    faults.push({ code: 'TAIL_TRUNCATED', height: claim.height + 1, text });
  }
  return faults;
}
