import { type Entry, type Epoch, NUMBER_MAX, nonsenseInEntries } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Vote, Zxid } from './zxid.ts';

/** Everything between a leader and a follower but FOLLOWERINFO and reads belongs to the leader's epoch. */
interface InEpoch {
  readonly epoch: number;
}

/** What a node votes for in its election round, or whom it follows since that round. */
export interface Notification {
  readonly kind: 'notification';
  readonly round: number;
  readonly state: 'looking' | 'following' | 'leading';
  readonly vote: Vote;
}

/** I follow you. The epoch that I accepted last is whose it is, too. */
export interface FollowerInfo {
  readonly kind: 'followerInfo';
  readonly acceptedEpoch: Epoch;
}

/** The leader's epoch: above what a quorum accepted before. ZooKeeper calls it LEADERINFO. */
export interface NewEpoch extends InEpoch {
  readonly kind: 'newEpoch';
}

/** The sender, `voter`, takes part in no earlier epoch any more, durably; this is its history. */
export interface AckEpoch extends InEpoch {
  readonly kind: 'ackEpoch';
  readonly currentEpoch: number;
  readonly zxid: Zxid;
  readonly voter: NodeId;
}

/** The leader's history from `prev` on. What the follower has behind `prev` and the leader has not is cut off: TRUNC. */
export interface Diff extends InEpoch {
  readonly kind: 'diff';
  readonly prev: Zxid;
  readonly entries: readonly Entry[];
}

/** New proposals, in the order in which they are to be acknowledged. `prev` shows whether any was lost on the way. */
export interface Proposal extends InEpoch {
  readonly kind: 'proposal';
  readonly prev: Zxid;
  readonly entries: readonly Entry[];
}

/** There is no `prev` in the sender's history, which may agree with the leader's up to `zxid`. */
export interface Gap extends InEpoch {
  readonly kind: 'gap';
  readonly prev: Zxid;
  readonly zxid: Zxid;
}

/** The leader's log starts after `counter`: what lies before must come by block sync. */
export interface Snap extends InEpoch {
  readonly kind: 'snap';
  readonly counter: number;
}

/** Who holds the history up to `zxid` has synchronized with this leader. */
export interface NewLeader extends InEpoch {
  readonly kind: 'newLeader';
  readonly zxid: Zxid;
}

/** History, then currentEpoch are durable: the ACK of NEWLEADER. */
export interface AckLeader extends InEpoch {
  readonly kind: 'ackLeader';
  readonly counter: number;
  readonly voter: NodeId;
}

/** A quorum has synchronized; everything up to `counter` is committed. */
export interface UpToDate extends InEpoch {
  readonly kind: 'upToDate';
  readonly counter: number;
}

/** The sender, `voter`, holds the leader's history up to `counter` on stable storage. */
export interface Ack extends InEpoch {
  readonly kind: 'ack';
  readonly counter: number;
  readonly voter: NodeId;
}

/** Everything up to `counter` is committed. */
export interface Commit extends InEpoch {
  readonly kind: 'commit';
  readonly counter: number;
}

/** The leader lives. `counter` as in COMMIT, and at most what the receiver is known to hold. */
export interface Ping extends InEpoch {
  readonly kind: 'ping';
  readonly counter: number;
  readonly context: number;
}

/** `context` is that of the ping, or 0 when the sender confirms no read. */
export interface Pong extends InEpoch {
  readonly kind: 'pong';
  readonly context: number;
}

/** The leader gives up and wants `successor` to lead next; `zxid` is the end of its history. */
export interface Quit extends InEpoch {
  readonly kind: 'quit';
  readonly successor: NodeId;
  readonly zxid: Zxid;
}

/** A follower asks the leader for a read barrier. */
export interface ReadRequest {
  readonly kind: 'readRequest';
  readonly context: number;
}

/** `index` is meaningless unless `ok`. */
export interface ReadResponse {
  readonly kind: 'readResponse';
  readonly context: number;
  readonly index: number;
  readonly ok: boolean;
}

/** What only a leader says to its followers. */
export type LeaderMessage = NewEpoch | Diff | Proposal | Snap | NewLeader | UpToDate | Commit | Ping | Quit;
/** What only a follower says to its leader, within an epoch. */
export type FollowerMessage = AckEpoch | Gap | AckLeader | Ack | Pong;

/** Everything two voters say to each other. */
export type ZabMessage = Notification | FollowerInfo | LeaderMessage | FollowerMessage | ReadRequest | ReadResponse;

/**
 * Why no correct node sends `message`, or `undefined`. Its numbers are already known to be unsigned safe integers.
 * Handlers rely on it: entries are contiguous, their epochs rise, and none is above the leader's.
 */
export function nonsenseIn(message: ZabMessage): string | undefined {
  switch (message.kind) {
    case 'notification':
      return message.round > NUMBER_MAX ? 'round out of range' : nonsenseInHistory(message.vote);
    case 'followerInfo':
      return message.acceptedEpoch.number > NUMBER_MAX ? 'epoch out of range' : undefined;
    case 'readRequest':
    case 'readResponse':
      return undefined;
    default:
      if (message.epoch > NUMBER_MAX || message.epoch === 0) return 'epoch out of range';
  }
  if (message.kind === 'ackEpoch') return nonsenseInHistory(message);
  if ('entries' in message) {
    const { entries, prev, epoch } = message;
    return nonsenseInEntries(entries, { index: prev.counter, epoch: prev.epoch }, epoch);
  }
  return 'zxid' in message && message.zxid.epoch > message.epoch ? 'history of a later epoch' : undefined;
}

function nonsenseInHistory({ currentEpoch, zxid }: { currentEpoch: number; zxid: Zxid }): string | undefined {
  if (currentEpoch > NUMBER_MAX || zxid.epoch > NUMBER_MAX) return 'epoch out of range';
  return zxid.counter > NUMBER_MAX ? 'counter out of range' : undefined;
}
