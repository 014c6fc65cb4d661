import type { BlockHash, Height, PublicKeyHex, TransactionId } from '@varve/encoding';
import type { Outcome } from '@varve/ledger';
import type { StoreOperation } from '@varve/ledger/chain';

/** Two clocks: one that never jumps, for timeouts, and the wall clock, for block time. Integer milliseconds. */
export interface Instant {
  readonly monotonic: number;
  /** Unix time. */
  readonly wall: number;
}

/** Everything a validator can be told. */
export type ValidatorEvent =
  /** The authenticated peer `from` sent a packet. */
  | { readonly kind: 'packet'; readonly from: PublicKeyHex; readonly bytes: Uint8Array }
  /** Gossip of blocks or transactions; whoever relayed it vouches for nothing. */
  | { readonly kind: 'gossip'; readonly from: PublicKeyHex; readonly topic: GossipTopic; readonly bytes: Uint8Array }
  | { readonly kind: 'link'; readonly peer: PublicKeyHex; readonly up: boolean }
  | { readonly kind: 'timer' }
  /** A client hands in transactions; answered once each is judged. */
  | { readonly kind: 'submit'; readonly request: number; readonly transactions: readonly Uint8Array[] }
  /** A client wants to read what is committed by now; answered when the state here is at least that new. */
  | { readonly kind: 'barrier'; readonly request: number }
  /** The batch is on stable storage. A rejected batch is never reported: the process ends. */
  | { readonly kind: 'persisted'; readonly batch: number }
  | { readonly kind: 'verified'; readonly job: number; readonly verdicts: readonly boolean[] }
  | { readonly kind: 'signed'; readonly job: number; readonly signatures: readonly Uint8Array[] }
  /** The process is about to stop: hand leadership over. */
  | { readonly kind: 'retire' };

export type GossipTopic = 'blocks' | 'transactions';

/** How far a transaction has come, as far as this node can say. */
export type TransactionState =
  | { readonly state: 'unknown' }
  | { readonly state: 'pending' }
  | {
      readonly state: 'committed' | 'final';
      readonly height: Height;
      readonly leafIndex: number;
      readonly outcome: Outcome;
    }
  | { readonly state: 'expired' };

/** When a refused client may try again. */
export type Retry = 'never' | 'later' | 'elsewhere';

/** The answer to one submitted transaction. */
export type Admission =
  | { readonly admitted: true; readonly id: TransactionId; readonly known: boolean }
  | {
      readonly admitted: false;
      readonly id: TransactionId | undefined;
      readonly code: string;
      readonly retry: Retry;
      readonly detail: string;
    };

export type Answer =
  | { readonly kind: 'submitted'; readonly request: number; readonly admissions: readonly Admission[] }
  | { readonly kind: 'barrier'; readonly request: number; readonly height: Height }
  | { readonly kind: 'barrierFailed'; readonly request: number; readonly code: 'BARRIER_UNAVAILABLE' };

/** Something worth telling an operator. `level` as in log files. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly code: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Things that happened, for whoever watches. */
export type Notice =
  /** The block is executed and durable here; its transactions are in the order of their leaves. */
  | {
      readonly kind: 'committed';
      readonly height: Height;
      readonly hash: BlockHash;
      readonly executed: readonly { readonly id: TransactionId; readonly outcome: Outcome }[];
    }
  /** Every block up to this height is certified. */
  | { readonly kind: 'final'; readonly height: Height }
  /** Waiting transactions will never execute. */
  | {
      readonly kind: 'discarded';
      readonly transactions: readonly { readonly id: TransactionId; readonly code: string }[];
    }
  /** Who may connect may have changed. */
  | { readonly kind: 'admission' }
  /** Another configuration rules from the block at `first` on. */
  | { readonly kind: 'configuration'; readonly first: number }
  | { readonly kind: 'log'; readonly line: LogLine };

/** One signature to judge by the signature rule. */
export interface VerifyItem {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** Judge by the stricter and cheaper rule of admission. */
  readonly strict: boolean;
}

/** Everything a validator asks its host to do. Jobs and batches come back as one event each, with their id. */
export interface Effects {
  /** One atomic, synced batch; at most one is out at a time. */
  readonly persist: { readonly batch: number; readonly operations: readonly StoreOperation[] } | undefined;
  readonly verify: readonly { readonly job: number; readonly items: readonly VerifyItem[] }[];
  /** Each message signed with the private key of `key`, one of the validator's signing keys. */
  readonly sign: readonly {
    readonly job: number;
    readonly key: PublicKeyHex;
    readonly messages: readonly Uint8Array[];
  }[];
  readonly send: readonly { readonly to: PublicKeyHex; readonly packet: Uint8Array }[];
  readonly publish: readonly { readonly topic: GossipTopic; readonly bytes: Uint8Array }[];
  readonly answers: readonly Answer[];
  readonly notices: readonly Notice[];
  /** Peers that sent what no correct node sends. */
  readonly misbehaved: readonly { readonly peer: PublicKeyHex; readonly reason: string }[];
  /** The next monotonic time at which a `timer` event matters. */
  readonly wakeAt: number;
  /** The validator cannot go on; the process ends with this code. */
  readonly halt: { readonly code: string; readonly detail: string } | undefined;
}
