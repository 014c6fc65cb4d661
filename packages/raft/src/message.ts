import { type Entry, NUMBER_MAX, nonsenseInEntries } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';

/** The places of a message in Raft §5.1: every one carries its sender's term, a pre-vote the term it asks about. */
interface Termed {
  readonly term: number;
}

/** Would you vote for me in `term`? Changes nobody's term or vote (thesis §9.6). */
export interface RequestPreVote extends Termed {
  readonly kind: 'requestPreVote';
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/** A grant carries the term that was asked about, a refusal the voter's own. */
export interface PreVoteResponse extends Termed {
  readonly kind: 'preVoteResponse';
  readonly granted: boolean;
}

/** `transfer`: the leader itself asked for this election, so its lease does not stand against it (thesis §4.2.3). */
export interface RequestVote extends Termed {
  readonly kind: 'requestVote';
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly transfer: boolean;
}

/** `voter` is the sender, so that `vouched` can name it. */
export interface VoteResponse extends Termed {
  readonly kind: 'voteResponse';
  readonly granted: boolean;
  readonly voter: NodeId;
}

/** `entries` continue from `prevIndex`; empty ones probe. */
export interface AppendEntries extends Termed {
  readonly kind: 'appendEntries';
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly commit: number;
  readonly entries: readonly Entry[];
}

/** The sender, `voter`, holds the leader's log up to `matchIndex` on stable storage. */
export interface AppendAccepted extends Termed {
  readonly kind: 'appendAccepted';
  readonly matchIndex: number;
  readonly voter: NodeId;
}

/**
 * The log has no `prevIndex` of the right term. Below `prevIndex`, the hint is the last place where the logs can
 * agree; at or above it, a committed place the sender stands on, where it asks to be continued.
 */
export interface AppendRejected extends Termed {
  readonly kind: 'appendRejected';
  readonly prevIndex: number;
  readonly hintIndex: number;
  readonly hintTerm: number;
}

/** `commit` is at most what the receiver is known to hold. `context` 0 announces the commit and wants no answer. */
export interface Heartbeat extends Termed {
  readonly kind: 'heartbeat';
  readonly commit: number;
  readonly context: number;
}

/** `context` is that of the heartbeat, or 0 when the sender confirms no read. */
export interface HeartbeatResponse extends Termed {
  readonly kind: 'heartbeatResponse';
  readonly context: number;
}

/** The leader's log starts after `index`: what lies before must come by block sync. */
export interface SnapshotNeeded extends Termed {
  readonly kind: 'snapshotNeeded';
  readonly index: number;
}

/** Campaign at once (thesis §3.10). */
export interface TimeoutNow extends Termed {
  readonly kind: 'timeoutNow';
}

/** A follower asks the leader for a read index (thesis §6.4). */
export interface ReadRequest extends Termed {
  readonly kind: 'readRequest';
  readonly context: number;
}

/** `index` is meaningless unless `ok`. */
export interface ReadResponse extends Termed {
  readonly kind: 'readResponse';
  readonly context: number;
  readonly index: number;
  readonly ok: boolean;
}

/** Everything two voters say to each other. */
export type RaftMessage =
  | RequestPreVote
  | PreVoteResponse
  | RequestVote
  | VoteResponse
  | AppendEntries
  | AppendAccepted
  | AppendRejected
  | Heartbeat
  | HeartbeatResponse
  | SnapshotNeeded
  | TimeoutNow
  | ReadRequest
  | ReadResponse;

/**
 * Why no correct node sends `message`, or `undefined`. Its numbers are already known to be unsigned safe integers.
 * Handlers rely on it: entries are contiguous, their terms rise, and no term is above the sender's.
 */
export function nonsenseIn(message: RaftMessage): string | undefined {
  const { term } = message;
  if (term > NUMBER_MAX) return 'term out of range';
  switch (message.kind) {
    case 'requestPreVote':
    case 'requestVote':
      if (message.lastIndex > NUMBER_MAX) return 'index out of range';
      return message.lastTerm > term ? 'log of a later term' : undefined;
    case 'appendEntries':
      return nonsenseInEntries(message.entries, { index: message.prevIndex, epoch: message.prevTerm }, term);
    default:
      return undefined;
  }
}
