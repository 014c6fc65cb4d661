/** Where in the chain something took effect; positions are ordered by height, then by leaf. */
export interface Position {
  readonly height: number;
  /** Place of the transaction in its block. */
  readonly leafIndex: number;
}

/** A transaction that a client submitted, as the client saw it. Times are virtual milliseconds. */
export interface SubmitOperation {
  readonly kind: 'submit';
  readonly client: string;
  readonly transaction: string;
  readonly invokedAt: number;
  /** Absent while unanswered: it may still take effect at any time. */
  readonly completedAt?: number;
  readonly result: /** Acknowledged as final. `outcome`: the code of its outcome, or `OK`. */
    | { readonly kind: 'acknowledged'; readonly position: Position; readonly outcome: string }
    /** Refused for good: it must never take effect. */
    | { readonly kind: 'refused'; readonly code: string }
    | { readonly kind: 'unknown' };
}

/** A linearizable read of one key through a read barrier. */
export interface ReadOperation {
  readonly kind: 'read';
  readonly client: string;
  readonly key: string;
  readonly invokedAt: number;
  readonly completedAt: number;
  /** What was read: the value after some number of writes; `null`: the key did not exist. */
  readonly value: string | null;
  /** Height of the state that answered, where the answer names one. */
  readonly height?: number;
}

export type Operation = SubmitOperation | ReadOperation;

/** What the chain says happened: every transaction in its order, with what it did. */
export interface WitnessTransaction {
  readonly position: Position;
  readonly transaction: string;
  readonly outcome: string;
  /** Keys it wrote, with their new values; `null`: deleted. */
  readonly writes: readonly { readonly key: string; readonly value: string | null }[];
}

/** Why a history is not one that a linearizable ledger could have shown. */
export interface HistoryFault {
  readonly kind:
    | 'lost'
    | 'misplaced'
    | 'repeated'
    | 'refused-but-executed'
    | 'wrong-outcome'
    | 'stale-read'
    | 'wrong-read'
    | 'real-time-order'
    | 'not-linearizable'
    /** The search gave up: nothing was proven, which counts as a failure to test. */
    | 'unknown';
  readonly text: string;
}
