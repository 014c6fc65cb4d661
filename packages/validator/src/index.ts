export { clockOffset } from './clock.ts';
export type {
  Admission,
  Answer,
  Effects,
  GossipTopic,
  Instant,
  LogLine,
  Notice,
  Retry,
  TransactionState,
  ValidatorEvent,
  VerifyItem,
} from './events.ts';
export { decodeHello, encodeHello } from './hello.ts';
export { journalFaultOf } from './journal-audit.ts';
export type { LeavingStatus } from './leaving.ts';
export { EVIDENCE_PER_VALIDATOR_MAX, PACKET_BYTES_MAX } from './limits.ts';
export type { LoadedStore } from './loader.ts';
export { ValidatorLoader } from './loader.ts';
export { type ObserverOnly, readVoteRecord } from './observer-only.ts';
export type { ValidatorOptions } from './options.ts';
export type { Frame, PeerMessage } from './packet.ts';
export { decodePacket, encodePackets } from './packet.ts';
export type { Peer } from './peers.ts';
export type { PoolLimits } from './pool.ts';
export { POOL_LIMITS_DEFAULT } from './pool.ts';
export type { SignatureRule } from './signatures.ts';
export type { Condition, ValidatorStatus } from './status.ts';
export { instanceOf, instanceUnder } from './stored-instance.ts';
export { Validator } from './validator.ts';
