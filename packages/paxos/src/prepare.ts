import { commitTo, compareEpochs, type Entry, send, sendDurably } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { type Ballot, nextBallot } from './ballot.ts';
import { type Claim, createLeadership, type Leadership, type Suffix } from './leadership.ts';
import { replaceSuffix } from './log.ts';
import type { Prepare, Promised } from './message.ts';
import { reads } from './read.ts';
import { openSession } from './replication.ts';
import { startRound } from './rounds.ts';
import { type PaxosState, wantBlocks } from './state.ts';

/** Takes a ballot above every one that was heard of, and asks everybody to promise it. */
export function takeOver(state: PaxosState): void {
  abdicate(state);
  const { voters, self, promised, rounds, now, options } = state;
  state.promised = nextBallot(voters, self, Math.max(promised.number, rounds.highest));
  state.out.hardState = true;
  state.leadership = createLeadership(voters, now + options.timing.heartbeatMs);
  state.campaignAt = undefined;
  state.partial = undefined;
  state.syncing = false;
  // Durable before anybody hears of it: a ballot that a crash erased could be taken again (trap 31).
  for (const peer of state.peers) sendDurably(state, peer, prepareOf(state, state));
  sendPromise(state, self);
  beHopeful(state);
}

/** Leads no more, and tries no more. */
export function abdicate(state: PaxosState): void {
  if (!state.leadership) return;
  reads.fail(state);
  state.leadership = undefined;
  state.syncing = false;
}

/** Promises `ballot`, which is above the promised one: whoever led leads no more. */
export function adoptBallot(state: PaxosState, ballot: Ballot): void {
  abdicate(state);
  reads.fail(state);
  state.promised = ballot;
  state.out.hardState = true;
  state.campaignAt = undefined;
  state.partial = undefined;
  state.syncing = false;
  beHopeful(state);
}

/** A ballot that has just begun is given a whole round. */
function beHopeful(state: PaxosState): void {
  state.rounds.happy = true;
  state.rounds.lonely = 0;
  startRound(state);
}

function prepareOf(
  state: PaxosState,
  { acceptedRound, lastIndex }: { acceptedRound: Ballot; lastIndex?: number },
): Prepare {
  const { promised: ballot, commitIndex: decided, log } = state;
  return { kind: 'prepare', ballot, acceptedRound, lastIndex: Math.max(decided, lastIndex ?? log.lastIndex), decided };
}

/** Asks `to`, which has promised nothing yet, or whose promise may be lost. */
export function sendPrepare(state: PaxosState, to: NodeId): void {
  send(state, to, prepareOf(state, state));
}

/** Asks everybody anew: a promiser that is gone must not be waited for. */
export function reprepare(state: PaxosState, leadership: Leadership): void {
  for (const id of leadership.promises.keys()) if (id !== state.self) leadership.promises.delete(id);
  for (const peer of state.peers) sendPrepare(state, peer);
}

/** A ballot at or above the promised one gets its promise, with a part of what its leader lacks. */
export function onPrepare(state: PaxosState, from: NodeId, message: Prepare): void {
  const order = compareEpochs(message.ballot, state.promised);
  if (order < 0) return;
  if (order > 0) adoptBallot(state, message.ballot);
  sendPromise(state, from, message);
}

/** Says how far the own log goes, once all of it is durable. */
export function sendPromise(state: PaxosState, to: NodeId, asked?: Prepare): void {
  const { promised: ballot, acceptedRound, commitIndex: decided, log, self: voter } = state;
  const prevIndex = asked ? firstShown(state, asked) : log.lastIndex;
  const entries = log.batchFrom(prevIndex + 1);
  const { lastIndex } = log;
  sendDurably(state, to, { kind: 'promise', ballot, acceptedRound, lastIndex, decided, prevIndex, entries, voter });
}

/** The place after which the asker lacks entries, or the earliest that this log can go on from. */
function firstShown({ acceptedRound, log }: PaxosState, asked: Prepare): number {
  const order = compareEpochs(acceptedRound, asked.acceptedRound);
  if (order < 0) return log.lastIndex;
  const common = order === 0 ? asked.lastIndex : asked.decided;
  return Math.min(log.lastIndex, Math.max(common, log.base));
}

/** A promise of the own ballot, the own one included. */
export function onPromise(state: PaxosState, leadership: Leadership, from: NodeId, message: Promised): void {
  if (leadership.phase === 'accept') {
    const peer = leadership.progress.get(from);
    if (peer && from !== state.self) openSession(state, leadership, peer, message);
    return;
  }
  leadership.promises.set(from, message);
  if (from !== state.self) noteSuffix(leadership, from, message);
  tryAdopt(state, leadership);
}

/** What came before stays where the new part continues it. */
function noteSuffix({ suffixes }: Leadership, from: NodeId, message: Promised): void {
  const { acceptedRound, prevIndex, entries } = message;
  const known = suffixes.get(from);
  const continues = known && known.prevIndex <= prevIndex && prevIndex <= endOf(known);
  if (!continues || compareEpochs(known.acceptedRound, acceptedRound) !== 0) {
    suffixes.set(from, { acceptedRound, prevIndex, entries: [...entries] });
    return;
  }
  known.entries.push(...entries.slice(endOf(known) - prevIndex));
}

function endOf(suffix: Suffix): number {
  return suffix.prevIndex + suffix.entries.length;
}

/**
 * With a quorum of promises, the log of the highest accepted round is adopted, and of those the longest. What is
 * missing of it is asked for.
 */
export function tryAdopt(state: PaxosState, leadership: Leadership): void {
  const { promises, suffixes } = leadership;
  if (promises.size < state.quorum || !promises.has(state.self)) return;
  const { self, log, acceptedRound, commitIndex: decided } = state;
  let best: { readonly id: NodeId } & Claim = { id: self, acceptedRound, lastIndex: log.lastIndex, decided };
  for (const [id, claim] of promises) if (id !== self && compareClaims(claim, best) > 0) best = { id, ...claim };
  if (best.id === self) return adopt(state, leadership, best, log.lastIndex, []);
  // Logs of one round are prefixes of one another; of those of different rounds only what is decided is common.
  const isSameRound = compareEpochs(best.acceptedRound, acceptedRound) === 0;
  const common = isSameRound ? log.lastIndex : decided;
  const suffix = suffixes.get(best.id);
  if (!suffix || compareEpochs(suffix.acceptedRound, best.acceptedRound) !== 0) return sendPrepare(state, best.id);
  if (suffix.prevIndex > common) return wantBlocks(state, best.id);
  const end = endOf(suffix);
  if (end < best.lastIndex) {
    return send(state, best.id, prepareOf(state, { acceptedRound: best.acceptedRound, lastIndex: end }));
  }
  adopt(state, leadership, best, common, suffix.entries.slice(common - suffix.prevIndex));
}

/** The higher accepted round first, then the longer log (trap 29). */
function compareClaims(a: Claim, b: Claim): number {
  return compareEpochs(a.acceptedRound, b.acceptedRound) || a.lastIndex - b.lastIndex;
}

/** The log ends with `entries` after `prevIndex`, and is from now on that of this ballot. */
function adopt(
  state: PaxosState,
  leadership: Leadership,
  best: Claim,
  prevIndex: number,
  entries: readonly Entry[],
): void {
  if (!replaceSuffix(state, prevIndex, entries)) return;
  const { promised: ballot, self, log } = state;
  state.acceptedRound = ballot;
  state.out.hardState = true;
  state.syncing = false;
  state.recovering = false;
  leadership.phase = 'accept';
  leadership.adoptedRound = best.acceptedRound;
  leadership.adoptedIndex = log.lastIndex;
  sendDurably(state, self, { kind: 'accepted', ballot, lastIndex: log.lastIndex, voter: self });
  const decided = Math.max(...[...leadership.promises.values()].map((claim) => claim.decided));
  commitTo(state, Math.min(decided, log.lastIndex));
  for (const [id, claim] of leadership.promises) {
    const peer = leadership.progress.get(id);
    if (peer && id !== self) openSession(state, leadership, peer, claim);
  }
  leadership.promises.clear();
  leadership.suffixes.clear();
}
