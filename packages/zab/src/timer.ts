import { readDeadline } from '@varve/consensus';
import { sendFollowerInfo } from './discovery.ts';
import { look, postponeDecision, runElection } from './election.ts';
import { reads } from './read.ts';
import { broadcastPing } from './replication.ts';
import { type Following, isDiskStalled, type Leadership, type ZabState } from './state.ts';
import { expireTransfer } from './transfer.ts';

/**
 * A step that comes later than this share of an election timeout after the time that was asked for proves that this
 * node slept, and its silence says nothing of others.
 */
const PAUSE_PER_ELECTION = 2;

/** After a pause, or a leap of `now`, every suspicion starts anew. */
export function forgivePause(state: ZabState): void {
  const { electionMs } = state.options.timing;
  if (state.wakeAt === undefined || (state.now - state.wakeAt) * PAUSE_PER_ELECTION <= electionMs) return;
  state.leaderHeardAt = state.now;
  if (state.unpersisted) state.unpersisted.since = state.now;
  if (state.looking) postponeDecision(state, state.looking);
  if (state.leadership) state.leadership.quorumCheckAt = state.now + electionMs;
}

/** Does whatever is due at `state.now`. */
export function runTimers(state: ZabState): void {
  if (readDeadline(state) <= state.now) reads.expire(state, state.now);
  if (state.leadership) runLeaderTimers(state, state.leadership);
  else if (state.following) runFollowerTimers(state, state.following);
  if (state.looking) runElection(state, state.looking);
}

function runFollowerTimers(state: ZabState, following: Following): void {
  if (leaderDeadline(state) <= state.now) return look(state);
  if (following.phase === 'discovery' && following.resendAt <= state.now) sendFollowerInfo(state, following);
}

function leaderDeadline(state: ZabState): number {
  return state.leaderHeardAt + state.options.timing.electionMs;
}

function runLeaderTimers(state: ZabState, leadership: Leadership): void {
  expireTransfer(state, leadership);
  if (leadership.quorumCheckAt <= state.now) {
    leadership.quorumCheckAt = state.now + state.options.timing.electionMs;
    // A disk that hangs while pings go on would keep everybody waiting (trap 11).
    if (isDiskStalled(state) || !isQuorumActive(state, leadership)) return look(state);
  }
  if (leadership.pingAt > state.now) return;
  leadership.pingAt = state.now + state.options.timing.heartbeatMs;
  broadcastPing(state);
}

/** Once established, only followers that have synchronized count: the others hold up nothing. */
function isQuorumActive(state: ZabState, leadership: Leadership): boolean {
  let active = 1;
  for (const { progress, acked } of leadership.learners.values()) {
    if (progress.id === state.self) continue;
    if (progress.active && (acked || leadership.phase !== 'broadcast')) active += 1;
    progress.active = false;
  }
  return active >= state.quorum;
}

/** The next time at which `runTimers` has something to do. */
export function nextDeadline(state: ZabState): number {
  const { leadership, following, looking } = state;
  const readAt = readDeadline(state);
  if (leadership) {
    const transferAt = leadership.transfer?.deadline ?? Number.POSITIVE_INFINITY;
    return Math.min(leadership.pingAt, leadership.quorumCheckAt, transferAt, readAt);
  }
  if (following) {
    const resendAt = following.phase === 'discovery' ? following.resendAt : Number.POSITIVE_INFINITY;
    return Math.min(leaderDeadline(state), resendAt, readAt);
  }
  return Math.min(looking?.decideAt ?? Number.POSITIVE_INFINITY, looking?.resendAt ?? state.now, readAt);
}
