import { appendToLog, commitTo, compareEpochs, send, sendDurably } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { learnDecided, replaceSuffix } from './log.ts';
import type { AcceptDecide, AcceptSync, Decide, SyncNeeded } from './message.ts';
import { sendPromise } from './prepare.ts';
import { isInSession, type PaxosState, wantBlocks } from './state.ts';

/** A part of a new session's opening. A log that already is the leader's is only continued (trap 13). */
export function onAcceptSync(state: PaxosState, message: AcceptSync): void {
  if (isInSession(state)) return onAcceptDecide(state, message);
  const { prevIndex, entries, syncIndex, decided } = message;
  const last = prevIndex + entries.length;
  if (last <= decided && last < syncIndex) {
    if (!holdsPlace(state, message) || !learnDecided(state, entries)) return askForSession(state);
    state.askedAt = state.now;
    // What follows is on its way, unless there is more to decide: then this answer draws the next part.
    if (last < decided) sendPromiseToLeader(state);
    return;
  }
  const partial = collect(state, message);
  if (!partial) return askForSession(state);
  state.askedAt = state.now;
  if (last < syncIndex) return;
  state.partial = undefined;
  if (!replaceSuffix(state, partial.prevIndex, partial.entries)) return askForSession(state);
  state.acceptedRound = message.ballot;
  state.out.hardState = true;
  state.recovering = false;
  state.syncing = false;
  accept(state);
  commitTo(state, Math.min(decided, state.log.lastIndex));
}

/** The parts so far with this one, or `undefined` if one between them is missing. */
function collect(state: PaxosState, message: AcceptSync): PaxosState['partial'] {
  const { prevIndex, entries } = message;
  const { partial } = state;
  if (partial && partial.prevIndex + partial.entries.length === prevIndex) {
    partial.entries.push(...entries);
    return partial;
  }
  state.partial = holdsPlace(state, message) ? { prevIndex, entries: [...entries] } : undefined;
  return state.partial;
}

/** Equal epochs at one index mean equal logs up to there: one leader proposes once at an index, after one log. */
function holdsPlace({ log }: PaxosState, { prevIndex, prevEpoch }: AcceptDecide | AcceptSync): boolean {
  const epoch = log.epochAt(prevIndex);
  return epoch !== undefined && compareEpochs(epoch, prevEpoch) === 0;
}

/** Entries of the session; places in the log are its sequence numbers, and a gap asks for another opening. */
export function onAcceptDecide(state: PaxosState, message: AcceptDecide | AcceptSync): void {
  const { log } = state;
  if (!isInSession(state)) return askForSession(state);
  const { prevIndex, prevEpoch, entries, decided } = message;
  const { lastIndex } = log;
  const fresh = entries.filter((entry) => entry.index > lastIndex);
  const atEnd = prevIndex === lastIndex ? prevEpoch : entries[lastIndex - prevIndex - 1]?.epoch;
  // No epoch at this log's end: a gap. Another one: block sync replaced what was accepted in this ballot.
  if (fresh.length > 0 && (!atEnd || compareEpochs(atEnd, log.lastEpoch) !== 0)) return askForSession(state);
  state.recovering = false;
  state.syncing = false;
  appendToLog(state, fresh);
  accept(state);
  commitTo(state, Math.min(decided, log.lastIndex));
}

function accept(state: PaxosState): void {
  const { promised: ballot, self: voter, log } = state;
  if (ballot.node !== '')
    sendDurably(state, ballot.node, { kind: 'accepted', ballot, lastIndex: log.lastIndex, voter });
}

/** Promises again, at most once a heartbeat: messages in the wrong order must not make a storm. */
function askForSession(state: PaxosState): void {
  if (state.now - state.askedAt < state.options.timing.heartbeatMs) return;
  sendPromiseToLeader(state);
}

/** Asks the leader to go on from what is held here. */
export function sendPromiseToLeader(state: PaxosState): void {
  const { node } = state.promised;
  if (node === '' || node === state.self) return;
  state.askedAt = state.now;
  sendPromise(state, node);
}

/** What is decided; what this log lacks of what was sent is lost. */
export function onDecide(state: PaxosState, from: NodeId, message: Decide): void {
  // A draining node confirms no read: the next engine may already order, and its leader be another.
  if (message.context > 0 && !state.draining) {
    send(state, from, { kind: 'confirm', ballot: state.promised, context: message.context });
  }
  const { lastIndex } = state.log;
  if (!isInSession(state) || message.sentIndex > lastIndex) return askForSession(state);
  state.recovering = false;
  commitTo(state, Math.min(message.decided, lastIndex));
  // The answer was lost, unless it waits for the disk.
  if (message.accepted < lastIndex && !state.unpersisted) accept(state);
}

/** The leader no longer has the entries that are missing here. */
export function onSyncNeeded(state: PaxosState, from: NodeId, message: SyncNeeded): void {
  const held = isInSession(state) ? state.log.lastIndex : state.commitIndex;
  if (held >= message.index) return askForSession(state);
  wantBlocks(state, from);
}
