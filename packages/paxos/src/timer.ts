import type { Leadership } from './leadership.ts';
import { takeOver } from './prepare.ts';
import { expireReads } from './read.ts';
import { broadcastBeat } from './replication.ts';
import { askSilent, endRound, startRound } from './rounds.ts';
import type { PaxosState } from './state.ts';
import { expireTransfer } from './transfer.ts';

/**
 * A step that comes later than this share of an election timeout after the time that was asked for proves that this
 * node slept, and its silence says nothing of others.
 */
const PAUSE_PER_ELECTION = 2;

/** After a pause, or a leap of `now`, every suspicion starts anew. */
export function forgivePause(state: PaxosState): void {
  const { electionMs } = state.options.timing;
  if (state.wakeAt === undefined || (state.now - state.wakeAt) * PAUSE_PER_ELECTION <= electionMs) return;
  if (state.unpersisted) state.unpersisted.since = state.now;
  startRound(state);
}

/** Does whatever is due at `state.now`. */
export function runTimers(state: PaxosState): void {
  if (state.reads.deadline <= state.now) expireReads(state, state.now);
  if (state.campaignAt !== undefined && state.campaignAt <= state.now) takeOver(state);
  if (state.rounds.endsAt <= state.now) endRound(state);
  if (askDeadline(state) <= state.now) askSilent(state);
  if (state.leadership) runLeaderTimers(state, state.leadership);
}

function runLeaderTimers(state: PaxosState, leadership: Leadership): void {
  expireTransfer(state, leadership);
  if (leadership.beatAt > state.now) return;
  leadership.beatAt = state.now + state.options.timing.heartbeatMs;
  broadcastBeat(state, leadership);
}

function askDeadline({ rounds, peers }: PaxosState): number {
  return rounds.replies.size < peers.length ? rounds.askAt : Number.POSITIVE_INFINITY;
}

/** The next time at which `runTimers` has something to do. */
export function nextDeadline(state: PaxosState): number {
  const { leadership, rounds, reads, campaignAt } = state;
  const never = Number.POSITIVE_INFINITY;
  const transferAt = leadership?.transfer?.deadline ?? never;
  const campaign = campaignAt ?? never;
  return Math.min(rounds.endsAt, askDeadline(state), reads.deadline, campaign, leadership?.beatAt ?? never, transferAt);
}
