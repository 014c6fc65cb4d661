import { appendToLog, askForBlocks, commitTo, send, sendDurably, truncateLog } from '@varve/consensus';
import { sendFollowerInfo } from './discovery.ts';
import { look } from './election.ts';
import type { Commit, Diff, NewLeader, Ping, Proposal, Quit, Snap, UpToDate } from './message.ts';
import { credentialsOf, enterEpoch, type Following, type ZabState } from './state.ts';
import { compareCredentials } from './zxid.ts';

/** The leader's history, old or new: DIFF and PROPOSAL are stored alike. */
export function onHistory(state: ZabState, following: Following, message: Diff | Proposal): void {
  const { log, commitIndex } = state;
  let { prev, entries } = message;
  const missing = log.base - prev.counter;
  if (missing > 0) {
    // The place is before this log. Only an entry at its start proves that the leader's history holds what it stands on.
    const atBase = entries[missing - 1];
    if (!atBase) return sendGap(state, following, message);
    prev = { epoch: atBase.epoch.number, counter: atBase.index };
    entries = entries.slice(missing);
  }
  if (log.epochAt(prev.counter)?.number !== prev.epoch) return sendGap(state, following, message);
  const known = entries.findIndex((entry) => log.epochAt(entry.index)?.number !== entry.epoch.number);
  const fresh = known < 0 ? [] : entries.slice(known);
  const last = prev.counter + entries.length;
  const keep = fresh[0] ? fresh[0].index - 1 : Math.max(last, following.matched, commitIndex);
  // A conflict with what is committed: certified blocks came here from a later leader than this one.
  if (keep < commitIndex) return look(state);
  if (keep < log.lastIndex) truncateLog(state, keep + 1);
  appendToLog(state, fresh);
  following.matched = Math.max(Math.min(following.matched, keep), last);
  const { acceptedEpoch, self } = state;
  const counter = following.matched;
  sendDurably(state, following.leader, { kind: 'ack', epoch: acceptedEpoch.number, counter, voter: self });
}

/** The hint is the last place up to which the histories may agree, and never before what is committed here. */
function sendGap(state: ZabState, following: Following, { epoch, prev }: Diff | Proposal): void {
  const { log, commitIndex } = state;
  const counter = Math.max(commitIndex, log.findAtOrBelow(prev.counter - 1, prev.epoch));
  const zxid = { epoch: log.epochAt(counter)?.number ?? 0, counter };
  sendDurably(state, following.leader, { kind: 'gap', epoch, prev, zxid });
}

/**
 * The end of synchronization. The history up to there is written already, or in an earlier write; so currentEpoch is
 * never durable before it (traps 33, 34), and the acknowledgement comes after both.
 */
export function onNewLeader(state: ZabState, following: Following, { epoch, zxid }: NewLeader): void {
  if (following.matched < zxid.counter || state.log.epochAt(zxid.counter)?.number !== zxid.epoch) return;
  enterEpoch(state, epoch);
  acknowledgeLeader(state, following, epoch);
}

function acknowledgeLeader(state: ZabState, { leader, matched }: Following, epoch: number): void {
  sendDurably(state, leader, { kind: 'ackLeader', epoch, counter: matched, voter: state.self });
}

/** A quorum has synchronized with this leader. */
export function onUpToDate(state: ZabState, following: Following, message: UpToDate): void {
  if (state.currentEpoch === message.epoch) following.phase = 'broadcast';
  onCommit(state, following, message);
}

/** What lies behind `matched` may be another leader's; a commit that comes before its proposal is told again. */
export function onCommit(state: ZabState, following: Following, { counter }: Commit | UpToDate | Ping): void {
  commitTo(state, Math.min(counter, following.matched));
}

/** The leader lives. UPTODATE may be lost: who has synchronized and does not know of a quorum says so again. */
export function onPing(state: ZabState, following: Following, message: Ping): void {
  onCommit(state, following, message);
  // A draining node confirms no read: the next engine may already order, and its leader be another.
  const context = state.draining ? 0 : message.context;
  send(state, following.leader, { kind: 'pong', epoch: message.epoch, context });
  const isWaiting = following.phase === 'synchronization' && state.currentEpoch === message.epoch;
  if (isWaiting) acknowledgeLeader(state, following, message.epoch);
}

/** The leader no longer has what is missing here: leave discovery, fetch certified blocks, return. */
export function onSnap(state: ZabState, following: Following, { counter }: Snap): void {
  if (state.commitIndex >= counter) return rediscover(state, following);
  following.phase = 'blocks';
  askForBlocks(state, following.leader);
}

/** Starts over with the same leader: where the histories agree is open again. */
export function rediscover(state: ZabState, following: Following): void {
  following.phase = 'discovery';
  following.matched = 0;
  sendFollowerInfo(state, following);
}

/** The leader names its successor, which everybody with no better history votes for. */
export function onQuit(state: ZabState, { epoch, successor, zxid }: Quit): void {
  const wish = { leader: successor, currentEpoch: epoch, zxid, named: true };
  if (!state.voters.includes(successor) || compareCredentials(credentialsOf(state), wish) > 0) return look(state);
  look(state, wish);
}
