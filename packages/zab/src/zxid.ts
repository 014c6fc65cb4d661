import type { NodeId } from '@varve/encoding';

/**
 * A place in a history: the epoch in which the proposal was first made, and its counter. A pair, never one number: no
 * shift overflows, and the counter needs no roll-over (trap 40). It goes on from epoch to epoch and is the log's index.
 */
export interface Zxid {
  readonly epoch: number;
  readonly counter: number;
}

/** How recent a history is: who synchronized in a later epoch knows more, then who has the later zxid. */
export interface Credentials {
  readonly currentEpoch: number;
  readonly zxid: Zxid;
}

/** Whom a node wants to lead, and why. */
export interface Vote extends Credentials {
  readonly leader: NodeId;
  /** The last leader named it as its successor, or the host as the first leader. */
  readonly named: boolean;
}

/** Negative, zero or positive: by currentEpoch, then by zxid. */
export function compareCredentials(a: Credentials, b: Credentials): number {
  if (a.currentEpoch !== b.currentEpoch) return a.currentEpoch - b.currentEpoch;
  if (a.zxid.epoch !== b.zxid.epoch) return a.zxid.epoch - b.zxid.epoch;
  return a.zxid.counter - b.zxid.counter;
}

/** Votes are totally ordered: by the candidate's history, then a named one first, then by name. */
export function compareVotes(a: Vote, b: Vote): number {
  const byHistory = compareCredentials(a, b);
  if (byHistory !== 0) return byHistory;
  if (a.named !== b.named) return a.named ? 1 : -1;
  return a.leader < b.leader ? -1 : a.leader > b.leader ? 1 : 0;
}
