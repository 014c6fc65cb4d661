export {
  type CertifiedHeaderBytes,
  type Finality,
  type HeaderReport,
  type Signer,
  verifyHeader,
} from './certified-block.ts';
export type { StepBytes, Trust } from './configurations.ts';
export { type EvidenceReport, verifyEvidence } from './evidence.ts';
export { type ReceiptReport, verifyReceipt } from './receipt.ts';
export { type StateAnswer, type StateReport, verifyState } from './state.ts';
export type { Refusal, RefusalReason, Verdict } from './verdict.ts';
