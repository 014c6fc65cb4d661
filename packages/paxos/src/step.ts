import { assert, assertNever, compareEpochs, type Envelope, type Input, notePersisted } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { isBallotOf } from './ballot.ts';
import { maybeBuild, onPropose } from './build.ts';
import { onAcceptDecide, onAcceptSync, onDecide, onSyncNeeded, sendPromiseToLeader } from './follower.ts';
import type { Leadership } from './leadership.ts';
import {
  type AcceptDecide,
  type Accepted,
  type AcceptSync,
  type Confirm,
  type Decide,
  nonsenseIn,
  type PaxosMessage,
  type Promised,
  type SyncNeeded,
  type TakeOver,
} from './message.ts';
import { adoptBallot, onPrepare, onPromise, takeOver } from './prepare.ts';
import { failReads, onRead, onReadRequest, onReadResponse } from './read.ts';
import { onAccepted, onConfirm, onLink } from './replication.ts';
import { onHeartbeatReply, onHeartbeatRequest } from './rounds.ts';
import type { PaxosState } from './state.ts';
import { onCertified, onSynced } from './sync.ts';
import { forgivePause, nextDeadline, runTimers } from './timer.ts';
import { onTransfer } from './transfer.ts';

/** One input: whatever follows from it is in `state.out`. */
export function step(state: PaxosState, input: Input<PaxosMessage>, now: number): void {
  assert(Number.isSafeInteger(now) && now >= state.now, 'time is an integer that never falls');
  state.now = now;
  forgivePause(state);
  onInput(state, input);
  runTimers(state);
  maybeBuild(state);
  state.wakeAt = nextDeadline(state);
}

function onInput(state: PaxosState, input: Input<PaxosMessage>): void {
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
      return onCertified(state, input.anchor);
    case 'synced':
      return onSynced(state, input.anchor);
    case 'read':
      return onRead(state, input.context);
    case 'transfer':
      if (state.leadership) onTransfer(state, state.leadership, input.to);
      return;
    case 'drain':
      state.draining = true;
      return failReads(state);
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

function onEnvelope(state: PaxosState, { from, to, message }: Envelope<PaxosMessage>): void {
  if (to !== state.self || !state.voters.includes(from) || nonsenseIn(message) !== undefined) return;
  if (!isBallotOf(state.voters, message.ballot)) return;
  if (from !== state.self) state.heardAt.set(from, state.now);
  switch (message.kind) {
    case 'heartbeatRequest':
      return onHeartbeatRequest(state, from, message);
    case 'heartbeatReply':
      return onHeartbeatReply(state, from, message);
    case 'readRequest':
      return onReadRequest(state, from, message);
    case 'readResponse':
      return onReadResponse(state, message);
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
