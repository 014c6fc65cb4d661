import { appendToLog, askForBlocks, commitTo, send, sendDurably, truncateLog } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { AppendEntries, Heartbeat, SnapshotNeeded } from './message.ts';
import { heardLeader } from './role.ts';
import type { RaftState } from './state.ts';

/** Entries of this term's leader (Raft §5.3, figure 2). */
export function onAppendEntries(state: RaftState, from: NodeId, message: AppendEntries): void {
  heardLeader(state, from);
  const last = message.prevIndex + message.entries.length;
  if (last <= state.commitIndex && message.prevIndex < state.commitIndex && state.commitIndex > state.syncedIndex) {
    // Old news. The leader holds whatever was committed in its term or before.
    return accept(state, from, state.commitIndex);
  }
  let { prevIndex, prevTerm, entries } = message;
  const missing = state.log.base - prevIndex;
  if (missing > 0) {
    // The place is before this log. Only an entry at its start proves that the leader's log holds what this one stands on.
    const atBase = entries[missing - 1];
    if (!atBase) return reject(state, from, message);
    prevIndex = atBase.index;
    prevTerm = atBase.epoch.number;
    entries = entries.slice(missing);
  }
  if (state.log.termAt(prevIndex) !== prevTerm) return reject(state, from, message);
  const known = entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.epoch.number);
  const fresh = known < 0 ? [] : entries.slice(known);
  const first = fresh[0];
  if (first) {
    // A conflict with what is committed: certified blocks came here from a later leader than the sender.
    if (first.index <= state.commitIndex) return reject(state, from, message);
    if (first.index <= state.log.lastIndex) truncateLog(state, first.index);
    appendToLog(state, fresh);
  }
  state.syncing = false;
  accept(state, from, last);
  // What lies behind `last` may be another leader's.
  commitTo(state, Math.min(message.commit, last));
}

function accept(state: RaftState, from: NodeId, matchIndex: number): void {
  sendDurably(state, from, { kind: 'appendAccepted', term: state.term, matchIndex, voter: state.self });
}

/** The hint is the last place where the logs may agree, and never before what is committed here. */
function reject(state: RaftState, from: NodeId, message: AppendEntries): void {
  const { prevIndex, prevTerm } = message;
  const hintIndex = Math.max(state.commitIndex, state.log.findAtOrBelow(prevIndex - 1, prevTerm));
  sendHint(state, from, prevIndex, hintIndex);
}

function sendHint(state: RaftState, to: NodeId, prevIndex: number, hintIndex: number): void {
  const hintTerm = state.log.termAt(hintIndex) ?? 0;
  sendDurably(state, to, { kind: 'appendRejected', term: state.term, prevIndex, hintIndex, hintTerm });
}

/** Asks the leader to go on after what is committed here, where block sync may have brought it. */
export function askToContinue(state: RaftState): void {
  if (state.leader === undefined || state.leader === state.self) return;
  sendHint(state, state.leader, state.commitIndex, state.commitIndex);
}

/** The leader lives; what it committed of this log is committed. */
export function onHeartbeat(state: RaftState, from: NodeId, message: Heartbeat): void {
  heardLeader(state, from);
  commitTo(state, Math.min(message.commit, state.log.lastIndex));
  if (message.context === 0) return;
  // A draining node confirms no read: the next engine may already order, and its leader be another.
  const context = state.draining ? 0 : message.context;
  send(state, from, { kind: 'heartbeatResponse', term: state.term, context });
}

/** The leader no longer has the entries that are missing here. */
export function onSnapshotNeeded(state: RaftState, from: NodeId, message: SnapshotNeeded): void {
  heardLeader(state, from);
  if (state.commitIndex >= message.index) return askToContinue(state);
  state.syncing = true;
  askForBlocks(state, from);
}

/** A leader of an older term speaks: it must learn of this term, or it would lead nobody for ever. */
export function answerOldLeader(
  state: RaftState,
  from: NodeId,
  message: AppendEntries | Heartbeat | SnapshotNeeded,
): void {
  if (message.kind === 'appendEntries') {
    const { term } = state;
    sendDurably(state, from, { kind: 'appendRejected', term, prevIndex: message.prevIndex, hintIndex: 0, hintTerm: 0 });
  } else {
    send(state, from, { kind: 'heartbeatResponse', term: state.term, context: 0 });
  }
}
