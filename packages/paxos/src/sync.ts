import {
  type Anchor,
  compareEpochs,
  type Recovered,
  type Standing,
  standOnRecovered,
  standOnSynced,
} from '@varve/consensus';
import { sendPromiseToLeader } from './follower.ts';
import { raiseAcceptedRound } from './log.ts';
import { abdicate, adoptBallot, reprepare } from './prepare.ts';
import type { PaxosState } from './state.ts';

/** Block sync moved the ledger to `anchor`. */
export function onSynced(state: PaxosState, anchor: Anchor): void {
  const commitBefore = state.commitIndex;
  takeRound(state, standOnSynced(state, anchor));
  if (state.commitIndex === commitBefore && !state.syncing) return;
  state.syncing = false;
  const { leadership } = state;
  if (!leadership) return sendPromiseToLeader(state);
  if (leadership.phase === 'accept') return;
  // What was shown so far continues a log that is no more.
  leadership.suffixes.clear();
  reprepare(state, leadership);
}

/** At the start. */
export function recoverLedger(state: PaxosState, recovered: Recovered): void {
  takeRound(state, standOnRecovered(state, recovered));
}

function takeRound(state: PaxosState, standing: Standing): void {
  if (standing !== 'anew') return;
  state.partial = undefined;
  raiseAcceptedRound(state);
  // A leader without what it adopted or proposed would count what it no longer has.
  if (state.leadership?.phase === 'accept') abdicate(state);
  // Nothing is accepted above what is promised.
  if (compareEpochs(state.acceptedRound, state.promised) > 0) adoptBallot(state, state.acceptedRound);
}
