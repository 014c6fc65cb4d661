import type { Status } from '@varve/consensus';
import type { Height, NodeId, PublicKeyHex, TransactionId } from '@varve/encoding';
import type { Ledger, RecordDamaged } from '@varve/ledger/chain';
import type { Admission, LeavingStatus, Notice, TransactionState } from '@varve/validator';

/** One member of the configuration, or another connected peer, as this node sees it. */
export interface PeerView {
  readonly networkKey: PublicKeyHex;
  /** Its name in the configuration; absent for observers. */
  readonly name: NodeId | undefined;
  readonly connected: boolean;
  /** From its newest `Hello`. */
  readonly height: number | undefined;
  readonly finalHeight: number | undefined;
  /** Milliseconds since that `Hello`. */
  readonly heardMs: number | undefined;
  /** How far its clock is ahead of ours, milliseconds. */
  readonly clockOffsetMs: number | undefined;
}

/** Everything a node can say of itself at one moment. */
export interface NodeView {
  /** Name in the configuration; absent for an observer. */
  readonly name: NodeId | undefined;
  readonly networkKey: PublicKeyHex;
  readonly bootId: string;
  /**
   * `starting`: waits to hear enough members before it votes · `validator` · `observer` ·
   * `observer-only`: a validator that must not vote, see `observerOnly`.
   */
  readonly mode: 'starting' | 'validator' | 'observer' | 'observer-only';
  readonly observerOnly: { readonly code: string; readonly reason: string } | undefined;
  /** Executed and durable here. */
  readonly height: Height;
  readonly finalHeight: Height;
  readonly engine: Status | undefined;
  readonly pool: { readonly transactions: number; readonly bytes: number };
  readonly peers: readonly PeerView[];
  /** Conditions that hold the node up, newest knowledge: codes of docs/errors.md, and the nodes concerned. */
  readonly conditions: readonly { readonly code: string; readonly detail: string; readonly nodes: readonly string[] }[];
  /** Of a validator that lost its seat: whether it may stop. */
  readonly leaving: LeavingStatus | undefined;
  /** Members whose seal of the lowest uncertified height is missing. */
  readonly sealsMissing: readonly string[];
  /** Contradictions of validators, FORMATS `evidence`. */
  readonly evidence: readonly Uint8Array[];
  /** 99th percentile of event-loop lag over the last seconds, milliseconds. */
  readonly loopLagP99Ms: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** CPU microseconds of this process since its start, by stage; `total` is the whole process. */
  readonly cpuMicros: Readonly<Record<string, number>>;
}

/** A running node, as the API, the metrics and the command line see it. */
export interface NodeService {
  /** Executed state and chain; read it with the views of `@varve/ledger/chain`. Its tip may not be durable yet. */
  readonly ledger: Ledger;
  view(): NodeView;
  /** Resolves when every transaction is judged. */
  submit(transactions: readonly Uint8Array[]): Promise<readonly Admission[]>;
  /** Resolves with a height whose state holds everything committed before the call; rejects with `NodeError`. */
  barrier(): Promise<Height>;
  /** How far a transaction has come. `committed` and `final` count only what is durable here. */
  transactionState(id: TransactionId): TransactionState;
  /** A read met a damaged record: the node mends it from peers where it can, and stops where it cannot. */
  reportDamage(error: RecordDamaged): void;
  /** Calls `listener` for each notice from now on; the result unsubscribes. Listeners must not throw. */
  watch(listener: (notice: Notice) => void): () => void;
}
