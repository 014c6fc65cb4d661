export type { Block } from './block.ts';
export { decodeBlock, encodeBlock } from './block.ts';
export type { Certificate, CertificateFault, Seal } from './certificate.ts';
export {
  certificateFault,
  certificateValue,
  decodeCertificate,
  decodeSeal,
  encodeCertificate,
  encodeSeal,
  readCertificate,
  sealSignBytes,
} from './certificate.ts';
export type { Checkpoint } from './checkpoint.ts';
export { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export {
  CONFIGURATION_PARENT_NONE,
  checkConfiguration,
  configurationHashOf,
  configurationValue,
  decodeConfiguration,
  encodeConfiguration,
  NAME_PATTERN,
  PARAMETERS_DEFAULT,
  VALIDATORS_MAX,
} from './configuration-codec.ts';
export { CONFIGURATION_KEY, CONFIGURATION_MODULE } from './configuration-state.ts';
export type { ConfigurationStep } from './configuration-step.ts';
export { decodeStepCertificate } from './configuration-step.ts';
export type { Consistency } from './consistency.ts';
export { checkpointOf, decodeConsistency, encodeConsistency } from './consistency.ts';
export { epochValue, readEpoch } from './epoch-codec.ts';
export { LedgerError, type LedgerErrors, readingAs } from './errors.ts';
export type { EvidenceRecord, Statement } from './evidence.ts';
export { decodeEvidence, decodeStatement, encodeEvidence, evidenceId, slotOf } from './evidence.ts';
export type { EvidenceFault, EvidenceJudgement } from './evidence-judgement.ts';
export { judgeEvidence } from './evidence-judgement.ts';
export type { Genesis, GenesisAccount, Organization, Role } from './genesis.ts';
export {
  chainIdOf,
  checkGenesis,
  checkGenesisKeys,
  decodeGenesis,
  encodeGenesis,
  genesisBlock,
  ROLES,
} from './genesis.ts';
export { hashBytes, hashOf, ZERO_HASH, ZERO_HASH_HEX } from './hashes.ts';
export type { Header, SealedHeader } from './header.ts';
export { anchorOf, blockHashOf, decodeHeader, encodeHeader, sealHeader } from './header.ts';
export type {
  AccountDirectory,
  ChainView,
  Module,
  OperationContext,
  Sender,
  StateEntry,
  StateReader,
} from './module.ts';
export { OperationFailed } from './module.ts';
export type { Leaf, ModuleEvent, Outcome, Results } from './outcome.ts';
export { decodeLeaf, decodeResults, encodeLeaf, encodeResults, leafOf, OUTCOME_OK } from './outcome.ts';
export type { PayloadContent } from './payload.ts';
export { decodePayload, encodePayload, payloadIdOf } from './payload.ts';
export type { Receipt } from './receipt.ts';
export { decodeReceipt, encodeReceipt } from './receipt.ts';
export { readReceipt, receiptToJson } from './receipt-json.ts';
export { RULES_KNOWN } from './rules.ts';
export { decodeStateEntry, encodeStateEntry, stateTreeKey, stateTreeValue } from './state.ts';
export type { Operation, Transaction, TransactionBody } from './transaction.ts';
export {
  decodedTransaction,
  decodeTransaction,
  OPERATIONS_HARD_MAX,
  prepareTransaction,
  TRANSACTION_BYTES_HARD_MAX,
} from './transaction.ts';
