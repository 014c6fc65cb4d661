export {
  type BlockReport,
  type CertifiedHeaderBytes,
  type HeaderReport,
  verifyBlock,
  verifyHeader,
} from './certified-block.ts';
export { type CheckpointReport, verifyCheckpoint } from './checkpoint.ts';
export {
  type ComparisonAids,
  type ComparisonReport,
  compareCheckpoints,
  type DoubleSeal,
  type Relation,
} from './compare.ts';
export {
  type ConfigurationsReport,
  type ProvenConfiguration,
  type StepBytes,
  verifyConfigurations,
} from './configurations.ts';
export { type ConsistencyReport, verifyConsistency } from './consistency.ts';
export { type EvidenceReport, verifyEvidence } from './evidence.ts';
export { type Finality, holdsUnless, type Options, type Signer } from './finality.ts';
export { type ReceiptReport, verifyReceipt } from './receipt.ts';
export { type StateAnswer, type StateReport, verifyState } from './state.ts';
export type { Trust } from './trust.ts';
export type { Check, Refusal, RefusalReason, Step, Verdict } from './verdict.ts';
