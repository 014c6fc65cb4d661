import { isDiskStalled } from '@varve/consensus';
import { startPreVote } from './election.ts';
import { broadcastHeartbeat } from './replication.ts';
import { becomeFollower } from './role.ts';
import { type Leadership, type RaftState, restartElectionTimer } from './state.ts';

/** After a pause the timer starts anew, and so does the leader's count of who answers. */
export function forgive(state: RaftState): void {
  restartElectionTimer(state);
  if (state.leadership) state.leadership.quorumCheckAt = state.now + state.options.timing.electionMs;
}

/** Campaigns, or does what a leader does regularly. */
export function runTimers(state: RaftState): void {
  if (state.leadership) runLeaderTimers(state, state.leadership);
  else if (state.electionAt <= state.now) startPreVote(state);
}

function runLeaderTimers(state: RaftState, leadership: Leadership): void {
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

/** When that is due again. */
export function nextDeadline({ leadership, electionAt }: RaftState): number {
  return leadership ? Math.min(leadership.heartbeatAt, leadership.quorumCheckAt) : electionAt;
}
