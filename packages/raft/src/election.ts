import { createProgress, isDiskStalled, send, sendDurably } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { PreVoteResponse, RequestPreVote, RequestVote, VoteResponse } from './message.ts';
import { broadcastAppend, leaderAppend } from './replication.ts';
import { adoptTerm, isLeaseHeld } from './role.ts';
import { type RaftState, restartElectionTimer } from './state.ts';

/** The election timer ran out: asks who would vote for this node (thesis §9.6). */
export function startPreVote(state: RaftState): void {
  restartElectionTimer(state);
  if (isDiskStalled(state)) return;
  state.role = 'preCandidate';
  state.leader = undefined;
  state.votes = new Set();
  const term = state.term + 1;
  const { lastIndex, lastTerm } = state.log;
  for (const peer of state.peers) send(state, peer, { kind: 'requestPreVote', term, lastIndex, lastTerm });
  sendDurably(state, state.self, { kind: 'preVoteResponse', term, granted: true });
}

/** Campaigns in a new term (Raft §5.2). */
export function startElection(state: RaftState, transfer: boolean): void {
  restartElectionTimer(state);
  adoptTerm(state, state.term + 1, state.self);
  state.role = 'candidate';
  state.leader = undefined;
  state.votes = new Set();
  const term = state.term;
  const { lastIndex, lastTerm } = state.log;
  sendDurably(state, state.self, { kind: 'voteResponse', term, granted: true, voter: state.self });
  // Not at once: if this node crashed before the term and the log it boasts of were durable, it could campaign in the
  // same term again with a shorter log, and count votes that were given to the longer one.
  for (const peer of state.peers)
    sendDurably(state, peer, { kind: 'requestVote', term, lastIndex, lastTerm, transfer });
}

/** Raft §5.4.1: the later term wins, then the longer log. */
function isUpToDate(state: RaftState, candidate: { lastIndex: number; lastTerm: number }): boolean {
  const { lastIndex, lastTerm } = state.log;
  return candidate.lastTerm !== lastTerm ? candidate.lastTerm > lastTerm : candidate.lastIndex >= lastIndex;
}

/** Neither term, vote nor timer changes. A refusal is spoken, so that a node with an old term learns the new one. */
export function onRequestPreVote(state: RaftState, from: NodeId, message: RequestPreVote): void {
  const granted = message.term > state.term && isUpToDate(state, message) && !isLeaseHeld(state, from);
  const term = granted ? message.term : state.term;
  sendDurably(state, from, { kind: 'preVoteResponse', term, granted });
}

/** A grant for the term this node asked about counts once a voter. */
export function onPreVoteResponse(state: RaftState, from: NodeId, message: PreVoteResponse): void {
  if (state.role !== 'preCandidate' || !message.granted || message.term !== state.term + 1) return;
  state.votes.add(from);
  if (state.votes.size >= state.quorum) startElection(state, false);
}

/** A request of the own term: the first candidate with an up-to-date log gets the one vote (Raft §5.2, §5.4.1). */
export function onRequestVote(state: RaftState, from: NodeId, message: RequestVote): void {
  const isFree = state.votedFor === undefined && state.leader === undefined;
  const granted = (state.votedFor === from || isFree) && isUpToDate(state, message);
  if (granted && state.votedFor !== from) adoptTerm(state, state.term, from);
  if (granted) restartElectionTimer(state);
  sendDurably(state, from, { kind: 'voteResponse', term: state.term, granted, voter: state.self });
}

/** A vote of the own term, the own one included, counts once a voter. */
export function onVoteResponse(state: RaftState, from: NodeId, message: VoteResponse): void {
  if (state.role !== 'candidate' || !message.granted || message.voter !== from) return;
  state.votes.add(from);
  if (state.votes.size >= state.quorum) becomeLeader(state);
}

function becomeLeader(state: RaftState): void {
  const { heartbeatMs, electionMs } = state.options.timing;
  const nextIndex = state.log.lastIndex + 1;
  state.role = 'leader';
  state.leader = state.self;
  state.syncing = false;
  state.votes = new Set();
  state.leadership = {
    progress: new Map(state.voters.map((voter) => [voter, createProgress(voter, nextIndex)])),
    firstIndex: nextIndex,
    heartbeatAt: state.now + heartbeatMs,
    quorumCheckAt: state.now + electionMs,
    transfer: undefined,
    openBuild: undefined,
  };
  // Entries of earlier terms commit only with one of this term (Raft §5.4.2): an empty one serves.
  leaderAppend(state, {});
  broadcastAppend(state);
}
