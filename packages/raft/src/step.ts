import { assertNever, sendDurably } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { onPreVoteResponse, onRequestPreVote, onRequestVote, onVoteResponse } from './election.ts';
import { answerOldLeader, onAppendEntries, onHeartbeat, onSnapshotNeeded } from './follower.ts';
import type { RaftMessage } from './message.ts';
import { reads } from './read.ts';
import { onAppendAccepted, onAppendRejected, onHeartbeatResponse } from './replication.ts';
import { becomeFollower, isLeaseHeld } from './role.ts';
import type { RaftState } from './state.ts';
import { onTimeoutNow } from './transfer.ts';

/** Whatever follows from a message is in `state.out`. */
export function onMessage(state: RaftState, from: NodeId, message: RaftMessage): void {
  if (from === state.self) return onOwn(state, message);
  if (message.term > state.term && !learnTerm(state, from, message)) return;
  if (message.term < state.term && !isTimeless(message)) return answerOldTerm(state, from, message);
  onCurrent(state, from, message);
}

/** Own votes and acknowledgements, now durable. */
function onOwn(state: RaftState, message: RaftMessage): void {
  const { self, leadership } = state;
  if (message.kind === 'preVoteResponse') return onPreVoteResponse(state, self, message);
  if (message.term !== state.term) return;
  if (message.kind === 'voteResponse') return onVoteResponse(state, self, message);
  if (message.kind === 'appendAccepted' && leadership) onAppendAccepted(state, leadership, self, message);
}

/**
 * A later term makes everybody a follower of it (Raft §5.1), but a pre-vote is of no term yet, and a vote request
 * while a leader lives is a disturbance (thesis §4.2.3).
 * @returns Whether the message still counts.
 */
function learnTerm(state: RaftState, from: NodeId, message: RaftMessage): boolean {
  if (message.kind === 'requestPreVote' || (message.kind === 'preVoteResponse' && message.granted)) return true;
  if (message.kind === 'requestVote' && !message.transfer && isLeaseHeld(state, from)) return false;
  becomeFollower(state, message.term);
  return true;
}

/** Kinds that answer for themselves whatever their term is. */
function isTimeless(message: RaftMessage): boolean {
  return message.kind === 'requestPreVote' || message.kind === 'readRequest' || message.kind === 'readResponse';
}

/** Who speaks from an older term must hear of this one; old answers say nothing. */
function answerOldTerm(state: RaftState, from: NodeId, message: RaftMessage): void {
  switch (message.kind) {
    case 'appendEntries':
    case 'heartbeat':
    case 'snapshotNeeded':
      return answerOldLeader(state, from, message);
    case 'requestVote':
      return sendDurably(state, from, { kind: 'voteResponse', term: state.term, granted: false, voter: state.self });
    default:
      return;
  }
}

function onCurrent(state: RaftState, from: NodeId, message: RaftMessage): void {
  const { leadership } = state;
  switch (message.kind) {
    case 'requestPreVote':
      return onRequestPreVote(state, from, message);
    case 'preVoteResponse':
      return onPreVoteResponse(state, from, message);
    case 'requestVote':
      return onRequestVote(state, from, message);
    case 'voteResponse':
      return onVoteResponse(state, from, message);
    case 'appendEntries':
      return leadership ? undefined : onAppendEntries(state, from, message);
    case 'heartbeat':
      return leadership ? undefined : onHeartbeat(state, from, message);
    case 'snapshotNeeded':
      return leadership ? undefined : onSnapshotNeeded(state, from, message);
    case 'appendAccepted':
      return leadership && onAppendAccepted(state, leadership, from, message);
    case 'appendRejected':
      return leadership && onAppendRejected(state, leadership, from, message);
    case 'heartbeatResponse':
      return leadership && onHeartbeatResponse(state, leadership, from, message);
    case 'timeoutNow':
      return onTimeoutNow(state, from);
    case 'readRequest':
      return reads.onRequest(state, from, message.context);
    case 'readResponse':
      return reads.onResponse(state, message);
    default:
      return assertNever(message);
  }
}
