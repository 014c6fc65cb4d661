import type { BlockHash, InstanceId, NodeId, PayloadId } from '@varve/encoding';
import type { Configuration, ProtocolName } from './configuration.ts';
import type { FaultModel } from './quorum.ts';

/** Opaque bytes to order; `id` is their SHA-256. */
export interface Payload {
  readonly id: PayloadId;
  readonly bytes: Uint8Array;
}

/** Raft term, Paxos ballot, ZAB epoch, Tendermint round: ordered by number, then by node. */
export interface Epoch {
  readonly number: number;
  /** The node whose epoch it is; the empty string only at number 0. */
  readonly node: NodeId | '';
}

/** A place in the log. */
export interface Entry {
  readonly index: number;
  /** Where its payload was first proposed, on every node alike; never where it was accepted or decided. */
  readonly epoch: Epoch;
  /** Absent: a no-op, which takes an index but makes no block. */
  readonly payload?: Payload;
  /** Tendermint: the precommits that decided it. */
  readonly proof?: Uint8Array;
}

/** A certified place in the chain on which a log can stand. */
export interface Anchor {
  readonly index: number;
  readonly epoch: Epoch;
  readonly height: number;
  readonly blockHash: BlockHash;
}

/** Where a payload is to go. */
export interface Slot {
  readonly index: number;
  readonly epoch: Epoch;
}

/** A message between two voters of one instance; `signature` where `Protocol.signBytes` asks for one. */
export interface Envelope<M> {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: M;
  readonly signature?: Uint8Array;
}

/** Bytes and the signature a voter put on them. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Two statements of one voter that contradict each other. */
export interface Evidence {
  readonly voter: NodeId;
  readonly first: SignedBytes;
  readonly second: SignedBytes;
}

/** Everything an engine can be told. */
export type Input<M> =
  /** Time passed: see `now`. */
  | { readonly kind: 'tick' }
  /** The sender is authenticated and every relayed statement verified; own gated messages come back here. */
  | { readonly kind: 'message'; readonly envelope: Envelope<M> }
  /** The pool has, or no longer has, something to order. */
  | { readonly kind: 'demand'; readonly pending: boolean }
  /** The answer to `build`; with a stale slot the payload comes back in `dropped`. */
  | { readonly kind: 'propose'; readonly slot: Slot; readonly payload: Payload }
  /** The answer to `check`. */
  | { readonly kind: 'checked'; readonly slot: Slot; readonly payload: PayloadId; readonly valid: boolean }
  /** Every write up to `sequence` is on stable storage. */
  | { readonly kind: 'persisted'; readonly sequence: number }
  /** Everything up to `index` is executed: back-pressure only. */
  | { readonly kind: 'applied'; readonly index: number }
  /** A stored block with its certificate: the log may be trimmed to here, and only to here. */
  | { readonly kind: 'certified'; readonly anchor: Anchor }
  /**
   * Block sync moved the ledger. If the log holds `anchor.index` with `anchor.epoch`, what follows it stays; else the
   * log is dropped. Hard state never goes back.
   */
  | { readonly kind: 'synced'; readonly anchor: Anchor }
  /** A linearizable read barrier is wanted; `context` is the host's own counter, unique in a run. */
  | { readonly kind: 'read'; readonly context: number }
  /** Hand leadership to `to`. */
  | { readonly kind: 'transfer'; readonly to: NodeId }
  /** From now on vote, acknowledge and announce commits, but build nothing, append only no-ops and confirm no read. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'link'; readonly peer: NodeId; readonly up: boolean }
  /** There is evidence that `voter` contradicted itself: it need not be waited for, nor believed. */
  | { readonly kind: 'equivocated'; readonly voter: NodeId };

/** Made durable in `sequence` order, each atomically. The messages of `then` leave only after `persisted(sequence)`. */
export interface Write<M> {
  /** 1 for the first write of a run, one more at each. */
  readonly sequence: number;
  readonly hardState?: Uint8Array;
  /** Entries from this index on are dropped before `append`. */
  readonly truncateFrom?: number;
  readonly append: readonly Entry[];
  /** The log now starts after this. */
  readonly anchor?: Anchor;
  readonly then: readonly Envelope<M>[];
}

/** Everything an engine can ask for. */
export interface Output<M> {
  /** May leave at once. */
  readonly send: readonly Envelope<M>[];
  readonly write?: Write<M>;
  /** In index order, each once a run, final. */
  readonly commit: readonly Entry[];
  /**
   * You lead and the window has room: give me a payload. Stands until answered, replaced by another slot, or
   * leadership is lost; at most one is open.
   */
  readonly build?: Slot;
  readonly check: readonly { readonly slot: Slot; readonly payload: Payload; readonly fresh: boolean }[];
  /** Payloads of ours that lost their slot. */
  readonly dropped: readonly PayloadId[];
  /** The log cannot catch me up: fetch certified blocks, best from these peers. */
  readonly sync?: { readonly peers: readonly NodeId[] };
  readonly reads: readonly { readonly context: number; readonly index: number; readonly ok: boolean }[];
  readonly evidence: readonly Evidence[];
  /** The next `now` at which a tick matters; absent: none. */
  readonly wakeAt?: number;
}

/** One replica of one instance: a deterministic state machine. */
export interface Engine<M> {
  /**
   * Total, synchronous, and pure but for the engine's own fields: the same list of `(input, now)` gives the same
   * outputs.
   * @param now - Monotonic milliseconds, an integer that never falls.
   */
  step(input: Input<M>, now: number): Output<M>;
  status(): Status;
}

/** What `Protocol.decode` finds: a message, payloads to fetch first, or bytes that no correct node sends. */
export type DecodeResult<M> =
  | { readonly kind: 'message'; readonly message: M }
  | { readonly kind: 'missing'; readonly payloads: readonly PayloadId[] }
  | { readonly kind: 'malformed'; readonly reason: string };

/** An ordering protocol. */
export interface Protocol<M> {
  readonly name: ProtocolName;
  readonly faultModel: FaultModel;
  quorum(n: number): number;
  create(
    configuration: Configuration,
    recovered: Recovered,
    options: EngineOptions,
    now: number,
  ): { readonly engine: Engine<M>; readonly first: Output<M> };
  /** What the sender of `message` claims to hold durably, for `Hello`. */
  vouched(message: M): Slot | undefined;
  /**
   * What `signed` claims, in the order of `vouched`, as a statement of `voter` in this instance; absent for anything
   * else. Byzantine engines only: there a claim counts with the statement that made it. The caller verifies the
   * signature.
   */
  vouchedBy?(signed: Uint8Array, voter: NodeId, instance: InstanceId): Slot | undefined;
  /** What the sender signs; absent where the authenticated link is enough (crash engines). */
  signBytes(message: M, instance: InstanceId): Uint8Array | undefined;
  /** Relayed votes and certificates inside `message`, each to be verified before `step`. */
  statements(message: M, instance: InstanceId): readonly (SignedBytes & { readonly voter: NodeId })[];
  /** The body names payloads by id; `payloads` are those it names. */
  encode(message: M): { readonly body: Uint8Array; readonly payloads: readonly Payload[] };
  /** Never throws. */
  decode(body: Uint8Array, payload: (id: PayloadId) => Payload | undefined): DecodeResult<M>;
}

/** What was on stable storage when this run began. */
export interface Recovered {
  readonly hardState?: Uint8Array;
  readonly anchor: Anchor;
  /** Contiguous from `anchor.index + 1`. */
  readonly log: readonly Entry[];
  /** The ledger's tip; it may be ahead of the log, which is then as if `synced`. */
  readonly ledger: Anchor;
  readonly applied: number;
}

/** Milliseconds. */
export interface EngineTiming {
  readonly heartbeatMs: number;
  /** T: election timeouts are drawn from [T, 2T). */
  readonly electionMs: number;
  readonly roundMs: number;
  readonly roundMsMax: number;
}

/** The timing of DESIGN §5. */
export const ENGINE_TIMING_DEFAULT: EngineTiming = { heartbeatMs: 50, electionMs: 400, roundMs: 500, roundMsMax: 5000 };

/** How much may be proposed and not yet committed. */
export interface EngineWindow {
  readonly payloads: number;
  readonly bytes: number;
}

/** The window of a validator that sets none. */
export const ENGINE_WINDOW_DEFAULT: EngineWindow = { payloads: 64, bytes: 16 * 1024 * 1024 };

export interface EngineOptions {
  readonly self: NodeId;
  readonly instance: InstanceId;
  /** 32 bytes, another at each start: no two runs draw the same timeouts. */
  readonly seed: Uint8Array;
  /** The designated first leader, which may campaign at once. */
  readonly first?: NodeId;
  readonly timing: EngineTiming;
  readonly window: EngineWindow;
}

export type EngineRole = 'leader' | 'follower' | 'candidate' | 'recovering' | 'syncing' | 'draining';

/** What an operator wants to see of an engine. */
export interface Status {
  readonly role: EngineRole;
  readonly epoch: Epoch;
  readonly leader?: NodeId;
  readonly lastIndex: number;
  readonly committed: number;
  readonly applied: number;
  /** Index of the anchor the log starts after. */
  readonly anchor: number;
  readonly inFlight: { readonly payloads: number; readonly bytes: number };
  /** `match`: highest index known durable there; `heardAt`: `now` of its last message, 0 if never. */
  readonly peers: readonly { readonly id: NodeId; readonly match: number; readonly heardAt: number }[];
  /** Why nothing moves, and who is missing. */
  readonly waiting?: { readonly code: string; readonly nodes: readonly NodeId[] };
}
