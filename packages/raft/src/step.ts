import { assert, assertNever, type Envelope, type Input, notePersisted, trimLog } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { maybeBuild, onPropose } from './build.ts';
import { onPreVoteResponse, onRequestPreVote, onRequestVote, onVoteResponse } from './election.ts';
import { answerOldLeader, onAppendEntries, onHeartbeat, onSnapshotNeeded } from './follower.ts';
import { nonsenseIn, type RaftMessage } from './message.ts';
import { reads } from './read.ts';
import { onAppendAccepted, onAppendRejected, onHeartbeatResponse, onLink } from './replication.ts';
import { becomeFollower, isLeaseHeld } from './role.ts';
import { type RaftState, sendDurably } from './state.ts';
import { onSynced } from './sync.ts';
import { forgivePause, nextDeadline, runTimers } from './timer.ts';
import { onTimeoutNow, onTransfer } from './transfer.ts';

/** One input: whatever follows from it is in `state.out`. */
export function step(state: RaftState, input: Input<RaftMessage>, now: number): void {
  assert(Number.isSafeInteger(now) && now >= state.now, 'time is an integer that never falls');
  state.now = now;
  forgivePause(state);
  onInput(state, input);
  runTimers(state);
  maybeBuild(state);
  state.wakeAt = nextDeadline(state);
}

function onInput(state: RaftState, input: Input<RaftMessage>): void {
  switch (input.kind) {
    case 'tick':
    case 'checked':
      return;
    case 'message':
      return onEnvelope(state, input.envelope);
    case 'demand':
      state.pending = input.pending;
      return;
    case 'propose':
      return onPropose(state, input.slot, input.payload);
    case 'persisted':
      return notePersisted(state, input.sequence);
    case 'applied':
      state.applied = Math.max(state.applied, input.index);
      return;
    case 'certified':
      return trimLog(state, input.anchor);
    case 'synced':
      return onSynced(state, input.anchor);
    case 'read':
      return reads.onRead(state, input.context);
    case 'transfer':
      if (state.leadership) onTransfer(state, state.leadership, input.to);
      return;
    case 'drain':
      state.draining = true;
      return reads.fail(state);
    case 'equivocated':
      // Crash faults only: nobody lies.
      return;
    case 'link':
      if (state.leadership) onLink(state, state.leadership, input.peer, input.up);
      return;
    default:
      return assertNever(input);
  }
}

function onEnvelope(state: RaftState, { from, to, message }: Envelope<RaftMessage>): void {
  if (to !== state.self || !state.voters.includes(from) || nonsenseIn(message) !== undefined) return;
  if (from === state.self) return onOwn(state, message);
  state.heardAt.set(from, state.now);
  if (message.term > state.term && !learnTerm(state, from, message)) return;
  if (message.term < state.term && !isTimeless(message)) return answerOldTerm(state, from, message);
  onMessage(state, from, message);
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

function onMessage(state: RaftState, from: NodeId, message: RaftMessage): void {
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
