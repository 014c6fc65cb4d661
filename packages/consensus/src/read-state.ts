import type { NodeId } from '@varve/encoding';

/** A barrier that a voter, perhaps this one, waits for. */
export interface PendingRead {
  readonly from: NodeId;
  /** The asker's number. */
  readonly context: number;
  readonly deadline: number;
}

/** Read barriers of a replica: one round confirms a batch, and the next batch forms meanwhile. */
export interface ReadState {
  waiting: PendingRead[];
  confirming: PendingRead[];
  /** Number of the last round, our own counter: a repeated context of the host's could match an older answer. */
  round: number;
  /** What `commitIndex` was when the round began. */
  roundIndex: number;
  /** Asked of the leader, by our own number. */
  readonly forwarded: Map<number, { readonly context: number; readonly deadline: number }>;
  forwardedLast: number;
}

/** No reads yet; forwarded ones are numbered from after `forwardedLast`. */
export function createReads(forwardedLast: number): ReadState {
  return { waiting: [], confirming: [], round: 1, roundIndex: 0, forwarded: new Map(), forwardedLast };
}

/** When the first of them expires; they all wait equally long, so the oldest does. */
export function readDeadline({ confirming, waiting, forwarded }: ReadState): number {
  const own = confirming[0]?.deadline ?? waiting[0]?.deadline ?? Number.POSITIVE_INFINITY;
  const asked = forwarded.values().next().value?.deadline ?? Number.POSITIVE_INFINITY;
  return Math.min(own, asked);
}
