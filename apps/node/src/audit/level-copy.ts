import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CopyClaim, claimOf, keptIn, storedBlock } from '@varve/audit';
import { decodeGenesis, type Genesis } from '@varve/ledger';
import { kindRange, metaKey, parseNumber, RECORD_KIND, type Store, TIP_KEY } from '@varve/ledger/chain';
import { journalFaultOf } from '@varve/validator';
import { STORE_FOLDER } from '../host/initialize.ts';
import { readGenesisFile } from '../setup/genesis-file.ts';
import { checkFiles } from '../storage/files/check-files.ts';
import { requireDatabase } from '../storage/folder.ts';
import { LevelStore, StoreError } from '../storage/index.ts';
import type { AuditCopy, CopyFault } from './copy.ts';
import { type Snapshot, snapshotStore } from './snapshot.ts';

/**
 * Opens the database of a node, stopped or running, as it is at this moment. Nothing in its folder is changed.
 * @param expected - Stands in where the copy's own genesis record cannot be read.
 * @throws {StoreError} `STORE_MISSING`, `STORE_FORBIDDEN`, `STORE_DAMAGED`.
 */
export async function openLevelCopy(directory: string, expected: Genesis | undefined): Promise<AuditCopy> {
  const inner = join(directory, STORE_FOLDER);
  const folder = existsSync(inner) ? inner : directory;
  await requireDatabase(folder);
  const snapshot = snapshotStore(folder);
  try {
    const damage = checkFiles(snapshot.path);
    const faults: CopyFault[] = damage.map(({ file, reason }) => ({
      code: 'FILE_DAMAGED',
      height: null,
      text: `${file}: ${reason}`,
    }));
    if (damage.some(({ canOpen }) => !canOpen)) return unreadable(directory, expected, faults, snapshot);
    const store = await LevelStore.open(snapshot.path);
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

/** A copy whose files say more than LevelDB could: it is not opened, since LevelDB may end the process over them. */
function unreadable(
  directory: string,
  expected: Genesis | undefined,
  faults: readonly CopyFault[],
  snapshot: Snapshot,
): AuditCopy {
  const beside = join(directory, 'genesis.json');
  const genesis = expected ?? (existsSync(beside) ? readGenesisFile(beside) : undefined);
  if (genesis === undefined) {
    const reason = faults.map(({ text }) => text).join('; ');
    throw new StoreError('STORE_DAMAGED', { path: directory, reason });
  }
  snapshot.remove();
  return {
    name: directory,
    kind: 'data directory',
    genesis,
    claim: undefined,
    derived: undefined,
    faults,
    first: 1,
    async *blocks() {
      // None can be read.
    },
    async *records() {
      // None can be read.
    },
    close: async () => undefined,
  };
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
