import { join } from 'node:path';
import { encodeCbor, fromHex, type PublicKeyHex } from '@varve/encoding';
import { checkGenesisKeys, type Genesis } from '@varve/ledger';
import { initialRecords } from '@varve/ledger/chain';
import { builtinModules } from '@varve/modules';
import { LevelStore } from '../storage/index.ts';

/** Name of the database inside a data directory. */
export const STORE_FOLDER = 'store';

/** Whose store it is, as its first batch says. */
export function identityOf(networkKey: PublicKeyHex): Uint8Array {
  return encodeCbor(fromHex(networkKey));
}

/**
 * Creates the database of a node: the only thing that ever does.
 * @throws {LedgerError} `GENESIS_MALFORMED` for an unsound key, wherever the document came from.
 * @throws {StoreError} `STORE_EXISTS`, `STORE_DISK_FULL`, `STORE_FORBIDDEN`, `STORE_FAILED`.
 */
export async function initializeStore(options: {
  readonly dataDirectory: string;
  readonly genesis: Genesis;
  readonly networkKey: PublicKeyHex;
}): Promise<void> {
  checkGenesisKeys(options.genesis);
  const store = await LevelStore.create(join(options.dataDirectory, STORE_FOLDER));
  try {
    await store.commit(initialRecords(options.genesis, builtinModules().values(), identityOf(options.networkKey)));
  } finally {
    await store.close();
  }
}
