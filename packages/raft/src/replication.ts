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
  type Progress,
  send,
  sendDurably,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { AppendAccepted, AppendRejected, HeartbeatResponse } from './message.ts';
import { reads } from './read.ts';
import type { Leadership, RaftState } from './state.ts';
import { progressTransfer } from './transfer.ts';

/** Appends an entry of the own term, a no-op without `payload`. The leader counts itself when it is durable. */
export function leaderAppend(state: RaftState, { payload }: { payload?: Payload }): void {
  const index = state.log.lastIndex + 1;
  const epoch = { number: state.term, node: state.self };
  appendToLog(state, [payload ? { index, epoch, payload } : { index, epoch }]);
  sendDurably(state, state.self, { kind: 'appendAccepted', term: state.term, matchIndex: index, voter: state.self });
}

/** Sends every peer what its window has room for. */
export function broadcastAppend(state: RaftState): void {
  for (const peer of peerProgress(state)) sendAppends(state, peer, false);
}

/** Heartbeats go out whatever the windows say: their answers reopen windows whose appends were lost. */
export function broadcastHeartbeat(state: RaftState): void {
  for (const peer of peerProgress(state)) sendHeartbeat(state, peer, state.reads.round);
}

function sendHeartbeat(state: RaftState, peer: Progress, context: number): void {
  // Never above what the follower is known to hold: its log beyond that may be another.
  const commit = Math.min(peer.matchIndex, state.commitIndex);
  peer.commitTold = Math.max(peer.commitTold, commit);
  send(state, peer.id, { kind: 'heartbeat', term: state.term, commit, context });
}

function peerProgress(state: RaftState): readonly Progress[] {
  assert(state.leadership !== undefined, 'only a leader replicates');
  const progress = state.leadership.progress;
  return [...progress.values()].filter((peer) => peer.id !== state.self);
}

/** @param evenEmpty - Whether to send an append without entries where a follower in step has nothing to get. */
function sendAppends(state: RaftState, peer: Progress, evenEmpty: boolean): void {
  if (peer.nextIndex > state.log.lastIndex && peer.mode === 'replicate' && !evenEmpty) return;
  while (!isThrottled(peer)) {
    if (!sendAppend(state, peer, true)) return;
    if (peer.nextIndex > state.log.lastIndex) return;
  }
}

/** @returns Whether the log reaches back far enough. */
function sendAppend(state: RaftState, peer: Progress, withEntries: boolean): boolean {
  const prevIndex = peer.nextIndex - 1;
  const prevTerm = state.log.termAt(prevIndex);
  if (prevTerm === undefined) {
    enterMode(peer, 'snapshot', peer.nextIndex);
    sendSnapshotNeeded(state, peer);
    return false;
  }
  const entries = withEntries ? state.log.batchFrom(peer.nextIndex) : [];
  const { term, commitIndex: commit } = state;
  send(state, peer.id, { kind: 'appendEntries', term, prevIndex, prevTerm, commit, entries });
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  noteSent(peer, prevIndex + entries.length, bytes);
  peer.commitTold = Math.max(peer.commitTold, Math.min(commit, prevIndex + entries.length));
  return true;
}

/** Tells a follower of a commit that no append has told it of; where none follows, it would wait for a heartbeat. */
function announceCommit(state: RaftState, peer: Progress): void {
  if (peer.mode === 'replicate') sendAppends(state, peer, false);
  if (Math.min(peer.matchIndex, state.commitIndex) > peer.commitTold) sendHeartbeat(state, peer, 0);
}

function sendSnapshotNeeded(state: RaftState, peer: Progress): void {
  send(state, peer.id, { kind: 'snapshotNeeded', term: state.term, index: state.log.base });
}

/** A voter, perhaps this one, holds the log up to `matchIndex`. */
export function onAppendAccepted(
  state: RaftState,
  leadership: Leadership,
  from: NodeId,
  message: AppendAccepted,
): void {
  const peer = leadership.progress.get(from);
  if (!peer || message.voter !== from || message.matchIndex > state.log.lastIndex) return;
  peer.active = true;
  const isNews = noteAccepted(peer, message.matchIndex);
  if (from !== state.self && peer.mode !== 'replicate' && peer.matchIndex >= state.log.base) {
    // An old answer proves what it says, but says nothing of the probe that is on its way.
    if (isNews || message.matchIndex === peer.matchIndex) enterMode(peer, 'replicate', peer.matchIndex + 1);
  }
  if (isNews) advanceCommit(state, leadership);
  if (from !== state.self) announceCommit(state, peer);
  progressTransfer(state, leadership);
}

/** Raft §5.3 and §5.4.2: a quorum holds it, and it is of this term; what lies before follows. */
function advanceCommit(state: RaftState, leadership: Leadership): void {
  const matches = [...leadership.progress.values()].map((peer) => peer.matchIndex).sort((a, b) => b - a);
  const index = matches[state.quorum - 1] ?? 0;
  if (index <= state.commitIndex || state.log.termAt(index) !== state.term) return;
  const wasOpen = state.commitIndex >= leadership.firstIndex;
  commitTo(state, index);
  for (const peer of peerProgress(state)) announceCommit(state, peer);
  if (!wasOpen) reads.advance(state);
}

/**
 * The follower's log has no such place. Whole terms are skipped on both sides, so a probe or two per term of
 * difference suffice (Raft §5.3, end).
 */
export function onAppendRejected(
  state: RaftState,
  leadership: Leadership,
  from: NodeId,
  message: AppendRejected,
): void {
  const peer = leadership.progress.get(from);
  if (!peer || from === state.self) return;
  peer.active = true;
  const { prevIndex, hintIndex, hintTerm } = message;
  if (hintIndex >= prevIndex) {
    // It stands on a committed place that this log must hold too, unless a later leader committed it.
    if (hintIndex <= peer.matchIndex || state.log.termAt(hintIndex) !== hintTerm) return;
    enterMode(peer, 'probe', hintIndex + 1);
  } else if (peer.mode === 'probe') {
    // A late answer to an earlier probe must not undo what was learnt since (trap 12).
    if (prevIndex !== peer.nextIndex - 1) return;
    const nextIndex = Math.min(prevIndex, state.log.findAtOrBelow(hintIndex, hintTerm) + 1);
    // A store that lost what it acknowledged refuses for ever: asking at each answer would be a storm.
    if (nextIndex <= peer.matchIndex) return;
    enterMode(peer, 'probe', nextIndex);
  } else if (peer.mode === 'replicate') {
    if (prevIndex <= peer.matchIndex) return;
    enterMode(peer, 'probe', peer.matchIndex + 1);
  } else {
    return;
  }
  sendAppends(state, peer, true);
}

/** The follower is there: appends that it did not acknowledge may be lost, so ask. */
export function onHeartbeatResponse(
  state: RaftState,
  leadership: Leadership,
  from: NodeId,
  message: HeartbeatResponse,
): void {
  const peer = leadership.progress.get(from);
  if (!peer || from === state.self) return;
  peer.active = true;
  peer.paused = false;
  if (message.context <= state.reads.round) peer.round = Math.max(peer.round, message.context);
  reads.advance(state);
  if (peer.mode === 'snapshot') sendSnapshotNeeded(state, peer);
  else if (peer.mode === 'probe') sendAppends(state, peer, true);
  else if (peer.inFlight.length > 0) sendAppend(state, peer, false);
}

/** The link broke or came back: what was on its way is lost, or may be. */
export function onLink(state: RaftState, from: NodeId, up: boolean): void {
  const peer = state.leadership?.progress.get(from);
  if (!peer || from === state.self) return;
  if (peer.mode === 'replicate') enterMode(peer, 'probe', peer.matchIndex + 1);
  peer.paused = !up;
  if (up) sendAppends(state, peer, true);
}
