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
export { NUMBER_MAX, nonsenseInEntries } from './entry-codec.ts';
export { BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, EntryLog, entryBytes, LOG_TAIL_ENTRIES_MAX } from './entry-log.ts';
export { compareEpochs, EPOCH_ZERO } from './epoch.ts';
export type { InFlight } from './in-flight.ts';
export {
  addInFlight,
  clearInFlight,
  freeInFlight,
  IN_FLIGHT_BYTES_MAX,
  IN_FLIGHT_MESSAGES_MAX,
  isInFlightFull,
} from './in-flight.ts';
export { leaderProtocol } from './leader-protocol.ts';
export type { Waiting } from './leader-status.ts';
export { decodeMessageBody, type FindPayload } from './message-body.ts';
export type { Field } from './message-codec.ts';
export { BOOLEAN, entriesAfter, messageCodec, NODE, UINT } from './message-codec.ts';
export type { FaultModel } from './quorum.ts';
export { faultsTolerated, quorumSize } from './quorum.ts';
export type { Rng } from './random.ts';
export { createRng, uniformBelow } from './random.ts';
export type { LeaderView } from './read-barrier.ts';
export { ReadBarrier } from './read-barrier.ts';
export type { Leading, Replica } from './replica.ts';
export { askForBlocks, createReplica, isDiskStalled, send, sendDurably } from './replica.ts';
export type { Standing } from './replicated-log.ts';
export { appendToLog, commitTo, standOnRecovered, standOnSynced, truncateLog } from './replicated-log.ts';
export type { StepOutbox, WriteProgress } from './step-outbox.ts';
export { closeStep, createStepOutbox, isWriteStalled, notePersisted } from './step-outbox.ts';
export type { Progress } from './window.ts';
export { createProgress, enterMode, isThrottled, noteAccepted, noteSent } from './window.ts';
