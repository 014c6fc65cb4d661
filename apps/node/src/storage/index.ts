export { StoreError, type StoreErrors } from './errors.ts';
export { freeDiskBytes } from './folder.ts';
export { LevelStore, type Store, type StoreOperation, type StoreRange } from './level-store.ts';
