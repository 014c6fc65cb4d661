export { AssertionError, assert, assertNever } from './assert.ts';
export type { Configuration, GovernancePolicy, Parameters, ProtocolName, ValidatorMember } from './configuration.ts';
export { faultModelOf, PROTOCOL_NAMES } from './configuration.ts';
export type {
  Anchor,
  DecodeResult,
  Engine,
  EngineOptions,
  EngineRole,
  EngineTiming,
  EngineWindow,
  Entry,
  Envelope,
  Epoch,
  Evidence,
  Input,
  Output,
  Payload,
  Protocol,
  Recovered,
  SignedBytes,
  Slot,
  Status,
  Write,
} from './contract.ts';
export { ENGINE_TIMING_DEFAULT, ENGINE_WINDOW_DEFAULT } from './contract.ts';
export { encodeEntry, payloadsOf, readEntry } from './entry-codec.ts';
export type { BatchLimits } from './entry-log.ts';
export { EntryLog, entryBytes, LOG_TAIL_ENTRIES_MAX } from './entry-log.ts';
export { compareEpochs, EPOCH_ZERO } from './epoch.ts';
export { decodeMessageBody, type FindPayload } from './message-body.ts';
export type { FaultModel } from './quorum.ts';
export { faultsTolerated, quorumSize } from './quorum.ts';
export type { Rng } from './random.ts';
export { createRng, uniformBelow } from './random.ts';
export type { ReadPort, ReadState } from './read-barrier.ts';
export { createReads, ReadBarrier, readDeadline } from './read-barrier.ts';
export type { LoggedReplica } from './replicated-log.ts';
export { appendToLog, commitTo, inFlight, standOn, trimLog, truncateLog } from './replicated-log.ts';
export type { StepOutbox, WriteProgress } from './step-outbox.ts';
export { closeStep, createStepOutbox, isWriteStalled, notePersisted } from './step-outbox.ts';
export type { Progress } from './window.ts';
export {
  createProgress,
  enterMode,
  IN_FLIGHT_BATCHES_MAX,
  IN_FLIGHT_BYTES_MAX,
  isThrottled,
  noteAccepted,
  noteSent,
} from './window.ts';
