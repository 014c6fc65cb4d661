import type { ConfigurationHash, NodeId, PublicKeyHex } from '@varve/encoding';
import type { FaultModel } from './quorum.ts';

/** The ordering protocols a configuration can name. */
export const PROTOCOL_NAMES = ['raft', 'paxos', 'zab', 'tendermint'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** The fault model of each protocol's engine, and so of the certificates made under it. */
export function faultModelOf(protocol: ProtocolName): FaultModel {
  return protocol === 'tendermint' ? 'byzantine' : 'crash';
}

/** A voting member. Its addresses are local configuration, not consensus. */
export interface ValidatorMember {
  /** Unique in the chain for ever. */
  readonly name: NodeId;
  readonly organization: string;
  /** Ed25519 key of seals and votes. */
  readonly signingKey: PublicKeyHex;
  /** Ed25519 key of the libp2p peer id. */
  readonly networkKey: PublicKeyHex;
}

/** How many organizations must agree to a kind of change: more than numerator/denominator of them. */
export interface GovernancePolicy {
  readonly kind: string;
  readonly numerator: number;
  readonly denominator: number;
}

/** Limits and rules that every validator of a configuration applies alike. */
export interface Parameters {
  /** Version of the execution rules. */
  readonly rules: number;
  readonly transactionBytesMax: number;
  readonly payloadBytesMax: number;
  readonly operationsMax: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  /** How far `validUntil` may lie ahead of block time, and the length of the replay window; milliseconds. */
  readonly validityMs: number;
  /** Block time of the first block of this configuration is at least this (Unix milliseconds). */
  readonly timeFloor: number | null;
  readonly policies: readonly GovernancePolicy[];
}

/** Who orders, under which protocol and which limits. */
export interface Configuration {
  /** 0 for the genesis configuration, one more at each change. */
  readonly number: number;
  /** 32 zero bytes for number 0. */
  readonly parentHash: ConfigurationHash;
  readonly protocol: ProtocolName;
  /** Ascending by name. */
  readonly validators: readonly ValidatorMember[];
  readonly parameters: Parameters;
}
