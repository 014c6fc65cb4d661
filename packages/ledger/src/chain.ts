export type { GenesisEntry, GenesisModule } from './chain-start.ts';
export { firstBlock, genesisState, initialRecords, STORE_FORMAT } from './chain-start.ts';
export type { RuledStretch } from './configuration-history.ts';
export { ConfigurationHistory } from './configuration-history.ts';
export { consistencyOf } from './consistency-view.ts';
export type { ExecutedTransaction } from './executed.ts';
export type { ExecutionEnvironment, ExecutionPoint, SkipCode } from './execution.ts';
export { Execution, SKIP_CODES, skipCode } from './execution.ts';
export type { IndexShape } from './index-layout.ts';
export { INDEX_SHAPE, IndexLayout, type PageRange } from './index-layout.ts';
export type { Heights, IndexPage } from './index-page.ts';
export {
  decodePage,
  ENTRY_BYTES,
  INDEX_KEY,
  pageKey,
  parsePageKey,
  placeIn,
  prefixAt,
  writeEntry,
} from './index-page.ts';
export type { ExecutedBlock, LedgerParts } from './ledger.ts';
export { Ledger } from './ledger.ts';
export type { LedgerSurroundings, LoadReport, StoreErrors } from './loader.ts';
export { LedgerLoader, StoreError } from './loader.ts';
export type { Place, TransactionPlaces } from './places.ts';
export type { IndexRecord, TipRecord } from './records.ts';
export {
  certificateKey,
  configurationKey,
  decodeIndex,
  decodeTip,
  decodeUndo,
  headerKey,
  heightOfKey,
  indexKey,
  journalKey,
  kindRange,
  metaKey,
  parseNumber,
  parseStateKey,
  payloadKey,
  RECORD_KIND,
  stateKey,
  TIP_KEY,
  undoKey,
} from './records.ts';
export { rulesFault } from './rules.ts';
export { STATE_HISTORY_HEIGHTS, STATE_HISTORY_NODES_MAX } from './state-history.ts';
export type { Store, StoreOperation } from './store.ts';
export { checksummed, RecordDamaged, RecordStore, unchecked, unlessDamaged } from './store.ts';
export { TIMERS_MODULE, TimerIndex } from './timers.ts';
export { decodeProgress, type IndexProgress } from './transaction-index.ts';
export type { Finality, TransactionView } from './views.ts';
export {
  certificateAt,
  eventsAt,
  finalityOf,
  headerAt,
  heightOfDamage,
  heightOfHash,
  outcomeOf,
  payloadAt,
  receiptAt,
  receiptOf,
  stateAt,
  stateProofAt,
  stepTo,
  transactionHashOf,
  transactionOf,
  transactionsAt,
} from './views.ts';
