import type { Leadership } from './leadership.ts';
import { takeOver } from './prepare.ts';
import { broadcastBeat } from './replication.ts';
import { askSilent, endRound, startRound } from './rounds.ts';
import type { PaxosState } from './state.ts';

/** After a pause, what was heard so far in this round proves nothing. */
export function forgive(state: PaxosState): void {
  startRound(state);
}

/** Ends rounds, asks again, takes over, and repeats what a leader says. */
export function runTimers(state: PaxosState): void {
  if (state.campaignAt !== undefined && state.campaignAt <= state.now) takeOver(state);
  if (state.rounds.endsAt <= state.now) endRound(state);
  if (askDeadline(state) <= state.now) askSilent(state);
  if (state.leadership) runLeaderTimers(state, state.leadership);
}

function runLeaderTimers(state: PaxosState, leadership: Leadership): void {
  if (leadership.beatAt > state.now) return;
  leadership.beatAt = state.now + state.options.timing.heartbeatMs;
  broadcastBeat(state);
}

function askDeadline({ rounds, peers }: PaxosState): number {
  return rounds.replies.size < peers.length ? rounds.askAt : Number.POSITIVE_INFINITY;
}

/** When that is due again. */
export function nextDeadline(state: PaxosState): number {
  const { leadership, rounds, campaignAt } = state;
  const never = Number.POSITIVE_INFINITY;
  return Math.min(rounds.endsAt, askDeadline(state), campaignAt ?? never, leadership?.beatAt ?? never);
}
