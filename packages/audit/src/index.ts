export {
  type AuditCounts,
  type AuditOptions,
  Auditor,
  type AuditStart,
  type CopyClaim,
  type NotJudged,
} from './auditor.ts';
export { BLOCK_HASH_BYTES } from './block-hashes.ts';
export type { SignatureRule } from './certificate-check.ts';
export { type CertifiedStartOptions, startAtCertified } from './certified-start.ts';
export { type CopiedBlock, isKept, type Kept, type OpenedPayload, openPayload } from './copied-block.ts';
export { keptIn, storedBlock } from './derived-check.ts';
export { AuditError, type AuditErrors } from './errors.ts';
export { FINDING_CODES, type Finding, type FindingCode, Findings } from './finding.ts';
export { decodeProgress, encodeProgress } from './progress.ts';
export type { ReplaySurroundings } from './replay.ts';
export { claimOf, StoreCheck } from './store-check.ts';
