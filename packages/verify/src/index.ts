export {
  type CertifiedHeaderBytes,
  type Finality,
  type HeaderReport,
  type Signer,
  type StepBytes,
  verifyHeader,
} from './certified-block.ts';
export type { Trust } from './configurations.ts';
export { type EvidenceReport, verifyEvidence } from './evidence.ts';
export { type ReceiptReport, verifyReceipt } from './receipt.ts';
export { type StateAnswer, type StateReport, verifyState } from './state.ts';
export type { Refusal, RefusalReason, Verdict } from './verdict.ts';
