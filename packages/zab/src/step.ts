import { assert, assertNever, type Envelope, type Input, notePersisted, trimLog } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { maybeBuild, onPropose } from './build.ts';
import { onNewEpoch } from './discovery.ts';
import { onNotification } from './election.ts';
import { onCommit, onHistory, onNewLeader, onPing, onQuit, onSnap, onUpToDate } from './follower.ts';
import { onAckEpoch, onAckLeader, onFollowerInfo } from './leader.ts';
import { type FollowerMessage, type LeaderMessage, nonsenseIn, type ZabMessage } from './message.ts';
import { reads } from './read.ts';
import { onAck, onGap, onLink, onPong } from './replication.ts';
import type { Following, Leadership, ZabState } from './state.ts';
import { onSynced } from './sync.ts';
import { forgivePause, nextDeadline, runTimers } from './timer.ts';
import { onTransfer } from './transfer.ts';

/** One input: whatever follows from it is in `state.out`. */
export function step(state: ZabState, input: Input<ZabMessage>, now: number): void {
  assert(Number.isSafeInteger(now) && now >= state.now, 'time is an integer that never falls');
  state.now = now;
  forgivePause(state);
  onInput(state, input);
  runTimers(state);
  maybeBuild(state);
  state.wakeAt = nextDeadline(state);
}

function onInput(state: ZabState, input: Input<ZabMessage>): void {
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

/** Who is no voter is not heard; ZooKeeper's observers would be answered, and counted nowhere. */
function onEnvelope(state: ZabState, { from, to, message }: Envelope<ZabMessage>): void {
  if (to !== state.self || !state.voters.includes(from) || nonsenseIn(message) !== undefined) return;
  if (from !== state.self) state.heardAt.set(from, state.now);
  switch (message.kind) {
    case 'notification':
      return from === state.self ? undefined : onNotification(state, from, message);
    case 'followerInfo':
      return state.leadership && onFollowerInfo(state, state.leadership, from, message);
    case 'readRequest':
      return reads.onRequest(state, from, message.context);
    case 'readResponse':
      return reads.onResponse(state, message);
    case 'ackEpoch':
    case 'gap':
    case 'ackLeader':
    case 'ack':
    case 'pong': {
      const { leadership } = state;
      if (leadership && leadership.epoch === message.epoch) onFollowerSays(state, leadership, from, message);
      return;
    }
    default:
      if (state.following?.leader === from) onLeaderSays(state, state.following, message);
  }
}

/** Of this leader's epoch; its own promises, now durable, come in here too. */
function onFollowerSays(state: ZabState, leadership: Leadership, from: NodeId, message: FollowerMessage): void {
  switch (message.kind) {
    case 'ackEpoch':
      return onAckEpoch(state, leadership, from, message);
    case 'gap':
      return onGap(state, leadership, from, message);
    case 'ackLeader':
      return onAckLeader(state, leadership, from, message);
    case 'ack':
      return onAck(state, leadership, from, message);
    case 'pong':
      return onPong(state, leadership, from, message);
    default:
      return assertNever(message);
  }
}

/** Of the leader that this node follows. Whatever is not of the epoch that was accepted from it is old. */
function onLeaderSays(state: ZabState, following: Following, message: LeaderMessage): void {
  const { acceptedEpoch } = state;
  if (message.kind === 'newEpoch') {
    state.leaderHeardAt = state.now;
    return onNewEpoch(state, following, message);
  }
  if (message.epoch !== acceptedEpoch.number || acceptedEpoch.node !== following.leader) return;
  state.leaderHeardAt = state.now;
  // A follower that starts over answers for nothing until its history is compared again.
  if (following.phase === 'discovery' && message.kind !== 'quit') return;
  switch (message.kind) {
    case 'diff':
    case 'proposal':
      return onHistory(state, following, message);
    case 'snap':
      return onSnap(state, following, message);
    case 'newLeader':
      return onNewLeader(state, following, message);
    case 'upToDate':
      return onUpToDate(state, following, message);
    case 'commit':
      return onCommit(state, following, message);
    case 'ping':
      return onPing(state, following, message);
    case 'quit':
      return onQuit(state, message);
    default:
      return assertNever(message);
  }
}
