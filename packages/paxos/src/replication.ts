import {
  addInFlight,
  appendToLog,
  clearInFlight,
  commitTo,
  compareEpochs,
  entryBytes,
  freeInFlight,
  isInFlightFull,
  type Payload,
  send,
  sendDurably,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Claim, Leadership, Progress } from './leadership.ts';
import type { Accepted, Confirm } from './message.ts';
import { sendPrepare, tryAdopt } from './prepare.ts';
import { reads } from './read.ts';
import type { PaxosState } from './state.ts';
import { progressTransfer } from './transfer.ts';

function peersOf({ leadership, self }: PaxosState): readonly Progress[] {
  return [...(leadership?.progress.values() ?? [])].filter((peer) => peer.id !== self);
}

/** Appends an entry of the own ballot and sends it. The leader counts itself when the entry is durable. */
export function leaderAppend(state: PaxosState, payload: Payload): void {
  const { promised: ballot, self, log } = state;
  appendToLog(state, [{ index: log.lastIndex + 1, epoch: ballot, payload }]);
  sendDurably(state, self, { kind: 'accepted', ballot, lastIndex: log.lastIndex, voter: self });
  for (const peer of peersOf(state)) sendAccepts(state, peer);
}

/**
 * Opens the session of a follower that promised, or goes on with it: from where its log is this one's. That is all of
 * it if it is of this ballot; what both hold if it is of the round that was adopted; else only what is decided (trap 30).
 */
export function openSession(state: PaxosState, leadership: Leadership, peer: Progress, claim: Claim): void {
  const { promised, log } = state;
  if (compareEpochs(claim.acceptedRound, promised) === 0) {
    if (claim.lastIndex > log.lastIndex) return;
    rewind(peer, claim.lastIndex);
    return sendAccepts(state, peer);
  }
  const isAdopted = compareEpochs(claim.acceptedRound, leadership.adoptedRound) === 0;
  const point = isAdopted ? Math.min(claim.lastIndex, leadership.adoptedIndex) : claim.decided;
  // It learnt from a later leader, of which this one will hear.
  if (point > log.lastIndex) return;
  if (point < log.base) return needBlocks(state, peer);
  sendSync(state, peer, point);
}

/** What was sent after `index` is lost, or may be. */
function rewind(peer: Progress, index: number): void {
  peer.mode = 'follow';
  peer.next = Math.max(peer.match, index) + 1;
  clearInFlight(peer);
}

function needBlocks(state: PaxosState, peer: Progress): void {
  peer.mode = 'blocks';
  send(state, peer.id, { kind: 'syncNeeded', ballot: state.promised, index: state.log.base });
}

/**
 * The log after `point`: one part of what is decided, whose answer draws the next; then all the rest at once, which the
 * follower accepts as a whole.
 */
function sendSync(state: PaxosState, peer: Progress, point: number): void {
  const { log, commitIndex: decided } = state;
  const syncIndex = log.lastIndex;
  clearInFlight(peer);
  peer.mode = 'sync';
  peer.next = syncIndex + 1;
  let at = point;
  if (at < decided) at = sendPart(state, peer, at, decided);
  if (at < decided) return;
  if (at === point || at < syncIndex) {
    do at = sendPart(state, peer, at, syncIndex);
    while (at < syncIndex);
  }
  peer.mode = 'follow';
}

/** @returns Where the part ends. */
function sendPart(state: PaxosState, peer: Progress, prevIndex: number, to: number): number {
  const { promised: ballot, log, commitIndex: decided } = state;
  const prevEpoch = log.epochAt(prevIndex);
  if (!prevEpoch) return to;
  const entries = log.batchFrom(prevIndex + 1, to);
  const syncIndex = log.lastIndex;
  send(state, peer.id, { kind: 'acceptSync', ballot, prevIndex, prevEpoch, decided, entries, syncIndex });
  peer.decidedTold = Math.max(peer.decidedTold, decided);
  return prevIndex + entries.length;
}

/** Sends a follower what its window has room for. */
function sendAccepts(state: PaxosState, peer: Progress): void {
  const { promised: ballot, log, commitIndex: decided } = state;
  while (peer.mode === 'follow' && peer.next <= log.lastIndex && !isInFlightFull(peer)) {
    const prevIndex = peer.next - 1;
    const prevEpoch = log.epochAt(prevIndex);
    if (!prevEpoch) return needBlocks(state, peer);
    const entries = log.batchFrom(peer.next);
    send(state, peer.id, { kind: 'acceptDecide', ballot, prevIndex, prevEpoch, decided, entries });
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    peer.next += entries.length;
    addInFlight(peer, peer.next - 1, bytes);
    peer.decidedTold = Math.max(peer.decidedTold, Math.min(decided, peer.next - 1));
  }
}

/** A voter, perhaps this one, holds this ballot's log up to `lastIndex`. */
export function onAccepted(state: PaxosState, leadership: Leadership, from: NodeId, message: Accepted): void {
  const peer = leadership.progress.get(from);
  const { log, self, commitIndex: decided } = state;
  if (!peer || message.lastIndex > log.lastIndex) return;
  peer.match = Math.max(peer.match, message.lastIndex);
  if (peer.mode !== 'follow') rewind(peer, message.lastIndex);
  peer.next = Math.max(peer.next, peer.match + 1);
  freeInFlight(peer, peer.match);
  decide(state, leadership);
  if (from !== self) announce(state, peer);
  if (state.commitIndex > decided) {
    for (const other of peersOf(state)) announce(state, other);
    reads.advance(state);
  }
  progressTransfer(state, leadership);
}

/** What a quorum accepted in this ballot is chosen, whenever it was first proposed. */
function decide(state: PaxosState, leadership: Leadership): void {
  const matches = [...leadership.progress.values()].map((peer) => peer.match).sort((a, b) => b - a);
  commitTo(state, matches[state.quorum - 1] ?? 0);
}

/** Sends what there is room for, and tells of what is decided where that told nothing. */
function announce(state: PaxosState, peer: Progress): void {
  sendAccepts(state, peer);
  if (peer.mode === 'follow' && Math.min(peer.match, state.commitIndex) > peer.decidedTold) sendDecide(state, peer, 0);
}

function sendDecide(state: PaxosState, peer: Progress, context: number): void {
  const { promised: ballot, commitIndex: decided } = state;
  peer.decidedTold = Math.max(peer.decidedTold, Math.min(decided, peer.next - 1));
  const sentIndex = peer.next - 1;
  send(state, peer.id, { kind: 'decide', ballot, decided, sentIndex, accepted: peer.match, context });
}

/** Repeats to each follower what it may have missed; its answers reopen windows whose messages were lost. */
export function broadcastBeat(state: PaxosState): void {
  const { leadership } = state;
  if (leadership?.phase === 'prepare') return tryAdopt(state, leadership);
  const context = state.reads.confirming.length > 0 ? state.reads.round : 0;
  for (const peer of peersOf(state)) {
    if (peer.mode === 'unpromised') sendPrepare(state, peer.id);
    else if (peer.mode === 'blocks') needBlocks(state, peer);
    if (peer.mode !== 'unpromised') sendDecide(state, peer, context);
  }
}

/** A follower had promised nothing later when it said so. */
export function onConfirm(state: PaxosState, leadership: Leadership, from: NodeId, message: Confirm): void {
  const peer = leadership.progress.get(from);
  if (!peer || message.context > state.reads.round) return;
  peer.round = Math.max(peer.round, message.context);
  reads.advance(state);
}

/** The link came back: what was on its way is lost, or may be. */
export function onLink(state: PaxosState, from: NodeId, up: boolean): void {
  const { leadership } = state;
  const peer = leadership?.progress.get(from);
  if (!peer || from === state.self || !up || leadership?.phase === 'prepare') return;
  if (peer.mode !== 'follow') return sendPrepare(state, from);
  rewind(peer, peer.match);
  sendAccepts(state, peer);
}
