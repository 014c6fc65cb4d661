import { assertNever, compareEpochs } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { isBallotOf } from './ballot.ts';
import { onAcceptDecide, onAcceptSync, onDecide, onSyncNeeded, sendPromiseToLeader } from './follower.ts';
import type { Leadership } from './leadership.ts';
import type {
  AcceptDecide,
  Accepted,
  AcceptSync,
  Confirm,
  Decide,
  PaxosMessage,
  Promised,
  SyncNeeded,
  TakeOver,
} from './message.ts';
import { adoptBallot, onPrepare, onPromise, takeOver } from './prepare.ts';
import { reads } from './read.ts';
import { onAccepted, onConfirm } from './replication.ts';
import { onHeartbeatReply, onHeartbeatRequest } from './rounds.ts';
import type { PaxosState } from './state.ts';

/** Whatever follows from a voter's message is in `state.out`. */
export function onMessage(state: PaxosState, from: NodeId, message: PaxosMessage): void {
  if (!isBallotOf(state.voters, message.ballot)) return;
  switch (message.kind) {
    case 'heartbeatRequest':
      return onHeartbeatRequest(state, from, message);
    case 'heartbeatReply':
      return onHeartbeatReply(state, from, message);
    case 'readRequest':
      return reads.onRequest(state, from, message.context);
    case 'readResponse':
      return reads.onResponse(state, message);
    case 'prepare':
      if (message.ballot.node === from && from !== state.self) onPrepare(state, from, message);
      return;
    case 'promise':
    case 'accepted':
    case 'confirm':
      if (state.leadership && compareEpochs(message.ballot, state.promised) === 0) {
        onAnswer(state, state.leadership, from, message);
      }
      return;
    default:
      return onLeadersWord(state, from, message);
  }
}

/** Answers to the own ballot, the own ones included, now durable. A voter speaks for itself only. */
function onAnswer(
  state: PaxosState,
  leadership: Leadership,
  from: NodeId,
  message: Promised | Accepted | Confirm,
): void {
  switch (message.kind) {
    case 'promise':
      return message.voter === from ? onPromise(state, leadership, from, message) : undefined;
    case 'accepted':
      if (leadership.phase === 'accept' && message.voter === from) onAccepted(state, leadership, from, message);
      return;
    case 'confirm':
      return onConfirm(state, leadership, from, message);
    default:
      return assertNever(message);
  }
}

type LeadersWord = AcceptSync | AcceptDecide | Decide | SyncNeeded | TakeOver;

/** What only the leader of a ballot says. Of a later ballot it is as good as its Prepare, which was lost. */
function onLeadersWord(state: PaxosState, from: NodeId, message: LeadersWord): void {
  const order = compareEpochs(message.ballot, state.promised);
  if (message.ballot.node !== from || from === state.self || order < 0) return;
  if (order > 0) {
    adoptBallot(state, message.ballot);
    return sendPromiseToLeader(state);
  }
  switch (message.kind) {
    case 'acceptSync':
      return onAcceptSync(state, message);
    case 'acceptDecide':
      return onAcceptDecide(state, message);
    case 'decide':
      return onDecide(state, from, message);
    case 'syncNeeded':
      return onSyncNeeded(state, from, message);
    case 'takeOver':
      return takeOver(state);
    default:
      return assertNever(message);
  }
}
