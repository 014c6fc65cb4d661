import { startPreVote } from './election.ts';
import { expireReads } from './read.ts';
import { broadcastHeartbeat } from './replication.ts';
import { becomeFollower, isDiskStalled } from './role.ts';
import { type Leadership, type RaftState, restartElectionTimer } from './state.ts';
import { expireTransfer } from './transfer.ts';

/**
 * A step that comes later than this share of an election timeout after the time that was asked for proves that this
 * node slept, and its silence says nothing of others.
 */
const PAUSE_PER_ELECTION = 2;

/** After a pause, or a leap of `now`, every suspicion starts anew. */
export function forgivePause(state: RaftState): void {
  const { electionMs } = state.options.timing;
  if (state.wakeAt === undefined || (state.now - state.wakeAt) * PAUSE_PER_ELECTION <= electionMs) return;
  restartElectionTimer(state);
  if (state.unpersisted) state.unpersisted.since = state.now;
  if (state.leadership) state.leadership.quorumCheckAt = state.now + electionMs;
}

/** Does whatever is due at `state.now`. */
export function runTimers(state: RaftState): void {
  if (state.reads.deadline <= state.now) expireReads(state, state.now);
  if (state.leadership) runLeaderTimers(state, state.leadership);
  else if (state.electionAt <= state.now) startPreVote(state);
}

function runLeaderTimers(state: RaftState, leadership: Leadership): void {
  expireTransfer(state, leadership);
  if (leadership.quorumCheckAt <= state.now) {
    leadership.quorumCheckAt = state.now + state.options.timing.electionMs;
    // A disk that hangs while heartbeats go on would keep everybody waiting (trap 11).
    if (isDiskStalled(state) || !isQuorumActive(state, leadership)) return becomeFollower(state, state.term);
  }
  if (leadership.heartbeatAt > state.now) return;
  leadership.heartbeatAt = state.now + state.options.timing.heartbeatMs;
  broadcastHeartbeat(state);
}

/** Thesis §6.2: a leader that no quorum answers steps down. */
function isQuorumActive(state: RaftState, leadership: Leadership): boolean {
  let active = 1;
  for (const peer of leadership.progress.values()) {
    if (peer.id === state.self) continue;
    if (peer.active) active += 1;
    peer.active = false;
  }
  return active >= state.quorum;
}

/** The next time at which `runTimers` has something to do. */
export function nextDeadline(state: RaftState): number {
  const { leadership } = state;
  if (!leadership) return Math.min(state.electionAt, state.reads.deadline);
  const transferAt = leadership.transfer?.deadline ?? Number.POSITIVE_INFINITY;
  return Math.min(leadership.heartbeatAt, leadership.quorumCheckAt, transferAt, state.reads.deadline);
}
