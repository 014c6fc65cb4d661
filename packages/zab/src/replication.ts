import {
  appendToLog,
  assert,
  commitTo,
  enterMode,
  entryBytes,
  isThrottled,
  noteAccepted,
  noteSent,
  type Payload,
  send,
  sendDurably,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Ack, Gap, Pong } from './message.ts';
import { reads } from './read.ts';
import type { Leadership, Learner, ZabState } from './state.ts';
import { progressTransfer } from './transfer.ts';

/** A new proposal of the own epoch. The leader counts itself when it is durable. */
export function leaderPropose(state: ZabState, payload: Payload): void {
  const { leadership } = state;
  assert(leadership !== undefined, 'only a leader proposes');
  const index = state.log.lastIndex + 1;
  const { epoch } = leadership;
  appendToLog(state, [{ index, epoch: { number: epoch, node: state.self }, payload }]);
  sendDurably(state, state.self, { kind: 'ack', epoch, counter: index, voter: state.self });
  for (const learner of leadership.learners.values()) sendHistory(state, leadership, learner, false);
}

/**
 * Chooses where a follower's history is to be continued. From this very step on it gets whatever the leader's log gets:
 * no proposal falls between its DIFF and its first PROPOSAL (trap 38).
 */
export function startSynchronization(state: ZabState, leadership: Leadership, learner: Learner): void {
  const { progress, history } = learner;
  if (!history || progress.id === state.self) return;
  const { epoch, counter } = history.zxid;
  const common = state.log.findAtOrBelow(counter, epoch);
  learner.target = state.log.lastIndex;
  enterMode(progress, 'probe', common + 1);
  learner.isToldEnd = false;
  if (sendBatch(state, leadership, learner, learner.target, true) === learner.target) {
    sendNewLeader(state, leadership, learner);
  }
}

function sendNewLeader(state: ZabState, leadership: Leadership, learner: Learner): void {
  const { target, progress } = learner;
  learner.isToldEnd = true;
  const epoch = target === undefined ? undefined : state.log.epochAt(target)?.number;
  if (target === undefined || epoch === undefined) return;
  send(state, progress.id, { kind: 'newLeader', epoch: leadership.epoch, zxid: { epoch, counter: target } });
}

/**
 * Sends what the window has room for.
 * @param evenEmpty - Whether to send a message without entries where there is nothing to get.
 */
function sendHistory(state: ZabState, leadership: Leadership, learner: Learner, evenEmpty: boolean): void {
  const { progress, target } = learner;
  if (target === undefined || progress.id === state.self) return;
  if (progress.nextIndex > state.log.lastIndex && progress.mode === 'replicate' && !evenEmpty) return;
  while (!isThrottled(progress)) {
    if (sendBatch(state, leadership, learner, target, true) === undefined) return;
    if (progress.nextIndex > state.log.lastIndex) return;
  }
}

/** @returns Up to where it goes; `undefined` where the log does not reach back far enough. */
function sendBatch(
  state: ZabState,
  leadership: Leadership,
  { progress, acked }: Learner,
  target: number,
  withEntries: boolean,
): number | undefined {
  const { log } = state;
  const counter = progress.nextIndex - 1;
  const prevEpoch = log.epochAt(counter)?.number;
  if (prevEpoch === undefined) {
    enterMode(progress, 'snapshot', progress.nextIndex);
    sendSnap(state, leadership, progress.id);
    return undefined;
  }
  const isDiff = counter < target || (counter === target && progress.mode === 'probe' && !acked);
  const entries = withEntries ? log.batchFrom(progress.nextIndex, isDiff ? target : log.lastIndex) : [];
  const prev = { epoch: prevEpoch, counter };
  send(state, progress.id, { kind: isDiff ? 'diff' : 'proposal', epoch: leadership.epoch, prev, entries });
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  noteSent(progress, counter + entries.length, bytes);
  return counter + entries.length;
}

function sendSnap(state: ZabState, leadership: Leadership, to: NodeId): void {
  send(state, to, { kind: 'snap', epoch: leadership.epoch, counter: state.log.base });
}

/** Pings go out whatever the windows say: their answers reopen windows whose messages were lost. */
export function broadcastPing(state: ZabState): void {
  const { leadership } = state;
  if (!leadership || leadership.epoch === 0) return;
  for (const { progress, history } of leadership.learners.values()) {
    if (!history || progress.id === state.self) continue;
    // Never above what the follower is known to hold: its history beyond that may be another.
    const counter = Math.min(progress.matchIndex, state.commitIndex);
    progress.commitTold = Math.max(progress.commitTold, counter);
    send(state, progress.id, { kind: 'ping', epoch: leadership.epoch, counter, context: state.reads.round });
  }
}

/** A voter, perhaps this one, holds this history up to `counter`. */
export function onAck(state: ZabState, leadership: Leadership, from: NodeId, message: Ack): void {
  const learner = leadership.learners.get(from);
  if (!learner || message.voter !== from || message.counter > state.log.lastIndex) return;
  learner.progress.active = true;
  noteDurable(state, leadership, learner, message.counter);
}

/** What was acknowledged in an epoch stays there: only its leader could cut it off, and it never does. */
export function noteDurable(state: ZabState, leadership: Leadership, learner: Learner, counter: number): void {
  const { progress } = learner;
  const isNews = noteAccepted(progress, counter);
  if (progress.id !== state.self) {
    if (progress.mode !== 'replicate' && progress.matchIndex >= state.log.base && learner.target !== undefined) {
      // An old answer proves what it says, but says nothing of the batch that is on its way.
      if (isNews || counter === progress.matchIndex) enterMode(progress, 'replicate', progress.matchIndex + 1);
    }
    if (progress.mode === 'replicate') sendHistory(state, leadership, learner, false);
    const isSynchronized = learner.target !== undefined && progress.matchIndex >= learner.target;
    if (isSynchronized && !learner.acked && !learner.isToldEnd) sendNewLeader(state, leadership, learner);
  }
  if (advanceCommit(state, leadership)) return;
  announceCommit(state, leadership, learner);
  progressTransfer(state, leadership);
}

/**
 * Commits what a quorum holds that synchronized with this leader; only its own epoch's proposals need counting.
 * @returns Whether anything is new.
 */
export function advanceCommit(state: ZabState, leadership: Leadership): boolean {
  if (leadership.phase !== 'broadcast') return false;
  const learners = [...leadership.learners.values()];
  const matches = learners.map(({ acked, progress }) => (acked ? progress.matchIndex : 0)).sort((a, b) => b - a);
  const index = matches[state.quorum - 1] ?? 0;
  if (index <= state.commitIndex) return false;
  commitTo(state, index);
  for (const learner of learners) announceCommit(state, leadership, learner);
  progressTransfer(state, leadership);
  return true;
}

/** COMMIT carries no payload: the follower has it. Before UPTODATE that message, and pings, say it. */
function announceCommit(state: ZabState, leadership: Leadership, { progress, acked }: Learner): void {
  const counter = Math.min(progress.matchIndex, state.commitIndex);
  if (progress.id === state.self || !acked || counter <= progress.commitTold) return;
  progress.commitTold = counter;
  send(state, progress.id, { kind: 'commit', epoch: leadership.epoch, counter });
}

/** The follower's history does not go on where a DIFF or PROPOSAL did: something was lost, or differs. */
export function onGap(state: ZabState, leadership: Leadership, from: NodeId, { prev, zxid }: Gap): void {
  const learner = leadership.learners.get(from);
  if (!learner || from === state.self || learner.target === undefined) return;
  const { progress } = learner;
  progress.active = true;
  if (zxid.counter >= prev.counter) {
    // It stands on a committed place that this log must hold too, unless a later leader committed it.
    if (zxid.counter <= progress.matchIndex || state.log.epochAt(zxid.counter)?.number !== zxid.epoch) return;
    enterMode(progress, 'probe', zxid.counter + 1);
  } else if (progress.mode === 'probe') {
    // A late answer to an earlier message must not undo what was learnt since (trap 12).
    if (prev.counter !== progress.nextIndex - 1) return;
    const nextIndex = state.log.findAtOrBelow(zxid.counter, zxid.epoch) + 1;
    // A store that lost what it acknowledged refuses for ever: asking at each answer would be a storm.
    if (nextIndex <= progress.matchIndex) return;
    enterMode(progress, 'probe', Math.min(nextIndex, prev.counter));
  } else if (progress.mode === 'replicate') {
    if (prev.counter <= progress.matchIndex) return;
    enterMode(progress, 'probe', progress.matchIndex + 1);
  } else {
    return;
  }
  sendHistory(state, leadership, learner, true);
}

/** The follower is there: what it did not acknowledge may be lost, so ask. */
export function onPong(state: ZabState, leadership: Leadership, from: NodeId, message: Pong): void {
  const learner = leadership.learners.get(from);
  if (!learner || from === state.self) return;
  const { progress, target } = learner;
  progress.active = true;
  progress.paused = false;
  if (message.context <= state.reads.round) progress.round = Math.max(progress.round, message.context);
  reads.advance(state);
  if (target === undefined) return;
  if (progress.mode === 'snapshot') return sendSnap(state, leadership, from);
  if (progress.mode === 'probe') sendHistory(state, leadership, learner, true);
  else if (progress.inFlight.length > 0) sendBatch(state, leadership, learner, target, false);
  if (!learner.acked) sendNewLeader(state, leadership, learner);
}

/** The link broke or came back: what was on its way is lost, or may be. */
export function onLink(state: ZabState, from: NodeId, up: boolean): void {
  const { leadership } = state;
  const learner = leadership?.learners.get(from);
  if (!leadership || !learner || from === state.self) return;
  const { progress } = learner;
  if (progress.mode === 'replicate') enterMode(progress, 'probe', progress.matchIndex + 1);
  progress.paused = !up;
  if (up) sendHistory(state, leadership, learner, true);
}
