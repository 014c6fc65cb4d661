export { type ClusterOptions, EngineCluster, type PlannedCrash } from './cluster.ts';
export { Ensemble, type EnsembleOptions, type Invariants } from './ensemble.ts';
export { fingerprint } from './fingerprint.ts';
export { anchorAt, configurationOf, entryOf, GENESIS, hashOf, names, optionsOf, payloadOf } from './fixtures.ts';
export type { History, Proposal } from './history.ts';
export type { Batch, EngineHost } from './host.ts';
export { applyWrite, emptyStore, recoveredOf, type Store } from './store.ts';
export { violated } from './violation.ts';
export type { Opened, Packet } from './wire.ts';
