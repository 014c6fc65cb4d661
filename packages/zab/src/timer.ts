import { isDiskStalled } from '@varve/consensus';
import { sendFollowerInfo } from './discovery.ts';
import { look, postponeDecision, runElection } from './election.ts';
import { broadcastPing } from './replication.ts';
import type { Following, Leadership, ZabState } from './state.ts';

/** After a pause a leader is given its time again, and votes that wait to be heard come first. */
export function forgive(state: ZabState): void {
  state.leaderHeardAt = state.now;
  if (state.looking) postponeDecision(state, state.looking);
  if (state.leadership) state.leadership.quorumCheckAt = state.now + state.options.timing.electionMs;
}

/** Elects, follows or leads as time goes on. */
export function runTimers(state: ZabState): void {
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

/** When that is due again. */
export function nextDeadline(state: ZabState): number {
  const { leadership, following, looking } = state;
  if (leadership) return Math.min(leadership.pingAt, leadership.quorumCheckAt);
  if (following?.phase === 'discovery') return Math.min(leaderDeadline(state), following.resendAt);
  if (following) return leaderDeadline(state);
  return Math.min(looking?.decideAt ?? Number.POSITIVE_INFINITY, looking?.resendAt ?? state.now);
}
