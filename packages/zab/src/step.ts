import { assertNever } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { onNewEpoch } from './discovery.ts';
import { onNotification } from './election.ts';
import { onCommit, onHistory, onNewLeader, onPing, onQuit, onSnap, onUpToDate } from './follower.ts';
import { onAckEpoch, onAckLeader, onFollowerInfo } from './leader.ts';
import type { FollowerMessage, LeaderMessage, ZabMessage } from './message.ts';
import { reads } from './read.ts';
import { onAck, onGap, onPong } from './replication.ts';
import type { Following, Leadership, ZabState } from './state.ts';

/** Whatever follows from a voter's message is in `state.out`. */
export function onMessage(state: ZabState, from: NodeId, message: ZabMessage): void {
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
