import { type Entry, NUMBER_MAX, nonsenseInEntries } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Ballot } from './ballot.ts';

/** Every message carries a ballot: that of the leader it is from or for; where nothing else is said, the promised one. */
interface Balloted {
  readonly ballot: Ballot;
}

/** Ballot leader election: are you there? Every node asks all others once a round. */
export interface HeartbeatRequest extends Balloted {
  readonly kind: 'heartbeatRequest';
  readonly round: number;
}

/** `ballot` is the one the sender follows, or leads; `happy`: it knows that ballot's leader to have a quorum. */
export interface HeartbeatReply extends Balloted {
  readonly kind: 'heartbeatReply';
  readonly round: number;
  readonly happy: boolean;
}

/** Promise to accept nothing below `ballot`, and show what I lack: this is what I accepted, and know to be decided. */
export interface Prepare extends Balloted {
  readonly kind: 'prepare';
  readonly acceptedRound: Ballot;
  readonly lastIndex: number;
  readonly decided: number;
}

/**
 * Nothing below `ballot` will be accepted by `voter`, which holds a log up to `lastIndex` as of `acceptedRound`. The
 * entries continue from `prevIndex`; they are a part of what the asker lacks, the rest is asked for by another Prepare.
 * A follower that lost its place in the session says this again, and gets a new AcceptSync.
 */
export interface Promised extends Balloted {
  readonly kind: 'promise';
  readonly acceptedRound: Ballot;
  readonly lastIndex: number;
  readonly decided: number;
  readonly prevIndex: number;
  readonly entries: readonly Entry[];
  readonly voter: NodeId;
}

/** Entries after a place that both logs hold. */
interface Entries extends Balloted {
  readonly prevIndex: number;
  readonly prevEpoch: Ballot;
  readonly decided: number;
  readonly entries: readonly Entry[];
}

/** Opens a session: with all parts up to `syncIndex`, the follower's log becomes the leader's. */
export interface AcceptSync extends Entries {
  readonly kind: 'acceptSync';
  readonly syncIndex: number;
}

/** Goes on in a session. Places in the log are its sequence numbers. */
export interface AcceptDecide extends Entries {
  readonly kind: 'acceptDecide';
}

/** `voter` holds the log of `ballot` up to `lastIndex` on stable storage. */
export interface Accepted extends Balloted {
  readonly kind: 'accepted';
  readonly lastIndex: number;
  readonly voter: NodeId;
}

/**
 * What is decided. `sentIndex` and `accepted` are how far the leader sent this follower its log, and was answered;
 * `context` 0 confirms no read and wants no answer.
 */
export interface Decide extends Balloted {
  readonly kind: 'decide';
  readonly decided: number;
  readonly sentIndex: number;
  readonly accepted: number;
  readonly context: number;
}

/** When this was said, nothing above `ballot` was promised by the sender. */
export interface Confirm extends Balloted {
  readonly kind: 'confirm';
  readonly context: number;
}

/** The leader's log starts after `index`: what lies before must come by block sync. */
export interface SyncNeeded extends Balloted {
  readonly kind: 'syncNeeded';
  readonly index: number;
}

/** The leader hands over: take a ballot at once. */
export interface TakeOver extends Balloted {
  readonly kind: 'takeOver';
}

/** A follower asks the leader for a read barrier. */
export interface ReadRequest extends Balloted {
  readonly kind: 'readRequest';
  readonly context: number;
}

/** `index` is meaningless unless `ok`. */
export interface ReadResponse extends Balloted {
  readonly kind: 'readResponse';
  readonly context: number;
  readonly index: number;
  readonly ok: boolean;
}

/** Everything two voters say to each other. */
export type PaxosMessage =
  | HeartbeatRequest
  | HeartbeatReply
  | Prepare
  | Promised
  | AcceptSync
  | AcceptDecide
  | Accepted
  | Decide
  | Confirm
  | SyncNeeded
  | TakeOver
  | ReadRequest
  | ReadResponse;

/**
 * Why no correct node sends `message`, or `undefined`. Its numbers are already known to be unsigned safe integers.
 * Handlers rely on it: entries are contiguous, their ballots rise, and none is above the message's.
 */
export function nonsenseIn(message: PaxosMessage): string | undefined {
  const { ballot } = message;
  if (ballot.number > NUMBER_MAX) return 'ballot out of range';
  switch (message.kind) {
    case 'prepare':
      return nonsenseInClaim(message);
    case 'promise':
      return nonsenseInClaim(message) ?? nonsenseAfter(message, 0, message.acceptedRound);
    case 'acceptSync':
      if (message.syncIndex < message.prevIndex + message.entries.length) return 'part beyond its end';
      return nonsenseAfter(message, message.prevEpoch.number, ballot);
    case 'acceptDecide':
      return nonsenseAfter(message, message.prevEpoch.number, ballot);
    default:
      return undefined;
  }
}

function nonsenseInClaim({ ballot, acceptedRound, lastIndex, decided }: Prepare | Promised): string | undefined {
  if (lastIndex > NUMBER_MAX) return 'index out of range';
  if (decided > lastIndex) return 'decided beyond its log';
  return acceptedRound.number > ballot.number ? 'accepted in a later ballot' : undefined;
}

function nonsenseAfter({ prevIndex, entries }: Promised | Entries, epoch: number, max: Ballot): string | undefined {
  return nonsenseInEntries(entries, { index: prevIndex, epoch }, max.number);
}
