export { StoreError } from './errors.ts';
export { freeDiskBytes } from './folder.ts';
export { LevelStore, type StoreRange } from './level-store.ts';
