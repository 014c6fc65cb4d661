import { type Genesis, RULES_KNOWN } from '@varve/ledger';
import { type Ledger, LedgerLoader, RecordStore } from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import type { LevelStore } from '../apps/node/src/storage/index.ts';

/** The ledger in a store, with the modules of the program, whose transactions nobody verifies. */
export async function openLedger(store: LevelStore, genesis: Genesis): Promise<Ledger> {
  const loader = new LedgerLoader();
  for (const range of LedgerLoader.ranges) {
    for await (const [key, record] of store.entries(range)) loader.add(key, record);
  }
  const surroundings = {
    modules: builtinModules(),
    accounts: accountDirectory,
    isSigned: () => true,
    rebuild: false,
    rulesKnown: RULES_KNOWN,
  };
  return loader.finish(new RecordStore(store), surroundings, genesis).ledger;
}
