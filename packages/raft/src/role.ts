import type { NodeId } from '@varve/encoding';
import { reads } from './read.ts';
import { type RaftState, restartElectionTimer } from './state.ts';

/** Follows in `term`, which is at least the own one (Raft §5.1). The timer restarts only for who was no follower. */
export function becomeFollower(state: RaftState, term: number, leader?: NodeId): void {
  if (state.leadership) reads.fail(state);
  if (state.role !== 'follower') restartElectionTimer(state);
  if (term > state.term) adoptTerm(state, term, undefined);
  state.role = 'follower';
  state.leadership = undefined;
  state.leader = leader;
  state.votes = new Set();
}

/** The one place where term and vote change; they are written together. */
export function adoptTerm(state: RaftState, term: number, votedFor: NodeId | undefined): void {
  if (term > state.term) reads.fail(state);
  state.term = term;
  state.votedFor = votedFor;
  state.out.hardState = true;
}

/** A message of this term's leader arrived. */
export function heardLeader(state: RaftState, leader: NodeId): void {
  if (state.role !== 'follower') becomeFollower(state, state.term, leader);
  state.leader = leader;
  state.leaderHeardAt = state.now;
  restartElectionTimer(state);
}

/** Whether a leader was heard so recently that nobody else deserves a vote (thesis §4.2.3). */
export function isLeaseHeld(state: RaftState, candidate: NodeId): boolean {
  if (state.role === 'leader') return true;
  // A leader that asks for votes leads no more.
  if (state.leader === undefined || state.leader === candidate) return false;
  return state.now - state.leaderHeardAt < state.options.timing.electionMs;
}
