import { appendToLog, commitTo, compareEpochs, type Entry, truncateLog } from '@varve/consensus';
import type { PaxosState } from './state.ts';

/**
 * Makes the log end with `entries`, which continue after `prevIndex`; whatever else followed there is gone. The caller
 * writes the accepted round in the same step: a log that was only half replaced would lose what a quorum had accepted.
 * @returns Whether it was done; not if it would take back what is decided here.
 */
export function replaceSuffix(state: PaxosState, prevIndex: number, entries: readonly Entry[]): boolean {
  const known = countKnown(state, entries);
  const from = prevIndex + known + 1;
  if (!fits(state, from, entries[known])) return false;
  if (from <= state.log.lastIndex) truncateLog(state, from);
  appendToLog(state, entries.slice(known));
  return true;
}

/**
 * Takes in `entries`, all decided, which continue after a place that the log holds. What follows them stays unless it
 * contradicts them: a contradiction proves that it can never be decided.
 */
export function learnDecided(state: PaxosState, entries: readonly Entry[]): boolean {
  const known = countKnown(state, entries);
  const first = entries[known];
  if (first) {
    if (!fits(state, first.index, first)) return false;
    if (first.index <= state.log.lastIndex) truncateLog(state, first.index);
    appendToLog(state, entries.slice(known));
    raiseAcceptedRound(state);
  }
  const last = entries.at(-1);
  if (last) commitTo(state, last.index);
  return true;
}

/** The leader of the last entry's ballot had all that is here in its log, so this is a prefix of it. */
export function raiseAcceptedRound(state: PaxosState): void {
  if (compareEpochs(state.log.lastEpoch, state.acceptedRound) <= 0) return;
  state.acceptedRound = state.log.lastEpoch;
  state.out.hardState = true;
}

function countKnown(state: PaxosState, entries: readonly Entry[]): number {
  const unknown = entries.findIndex((entry) => !state.log.holds(entry));
  return unknown < 0 ? entries.length : unknown;
}

function fits(state: PaxosState, from: number, first: Entry | undefined): boolean {
  const before = state.log.epochAt(from - 1);
  if (!before || (first && first.epoch.number < before.number)) return false;
  return from > state.commitIndex || from > state.log.lastIndex;
}
