export type {
  AccountAnswer,
  BatchAnswer,
  BlockAnswer,
  BlockSummary,
  BlocksAnswer,
  CertificateAnswer,
  ConfigurationAnswer,
  ConfigurationsAnswer,
  ConsistencyAnswer,
  EpochAnswer,
  EventAnswer,
  ExecutedAnswer,
  GenesisAnswer,
  HeaderAnswer,
  JsonValue,
  OperationAnswer,
  OutcomeAnswer,
  PeerAnswer,
  Problem,
  ReceiptAnswer,
  RefusedResult,
  SearchAnswer,
  SearchHit,
  StateAnswer,
  StateProofAnswer,
  StatusAnswer,
  StreamEvent,
  TransactionAnswer,
  TransactionResult,
  ValidatorsAnswer,
} from './answers.ts';
export { accountOf, type BuildOptions } from './builder.ts';
export {
  type Client,
  type ClientOptions,
  createClient,
  type StateOptions,
  type SubmitOptions,
  type Submittable,
} from './client.ts';
export { NodeUnreachable, VarveError, type VarveErrorDetails } from './errors.ts';
export type { EvidenceAnswer, EvidenceItem, EvidenceKind, StatementAnswer } from './evidence-answers.ts';
export {
  type AccountOperations,
  type AssetOperations,
  type Candidate,
  type CoordinationOperations,
  type GovernanceOperations,
  operations,
  type Value,
} from './operations.ts';
export type { TransactionSigner } from './signer.ts';
export { type StateClaim, stateClaim } from './state-claim.ts';
export type { EventsOptions } from './stream.ts';
export type { WaitOptions } from './submission.ts';
export type { CallOptions } from './transport.ts';
