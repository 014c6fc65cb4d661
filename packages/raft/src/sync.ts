import { type Anchor, type Recovered, type Standing, standOnRecovered, standOnSynced } from '@varve/consensus';
import { askToContinue } from './follower.ts';
import { becomeFollower } from './role.ts';
import type { RaftState } from './state.ts';

/** Block sync moved the ledger to `anchor`. */
export function onSynced(state: RaftState, anchor: Anchor): void {
  const commitBefore = state.commitIndex;
  const standing = standOnSynced(state, anchor);
  const isNews = state.commitIndex > commitBefore;
  if (isNews) state.syncedIndex = anchor.index;
  takeTerm(state, anchor, standing);
  if (isNews || state.syncing) {
    state.syncing = false;
    askToContinue(state);
  }
}

/** What was executed before this start came from nobody whom this node heard. */
export function recoverLedger(state: RaftState, recovered: Recovered): void {
  const standing = standOnRecovered(state, recovered);
  state.syncedIndex = state.commitIndex;
  takeTerm(state, recovered.ledger, standing);
}

function takeTerm(state: RaftState, anchor: Anchor, standing: Standing): void {
  if (standing !== 'anew') return;
  // A leader without its own entries would count what it no longer has.
  if (state.leadership) becomeFollower(state, state.term);
  // No entry is of a later term than its holder.
  if (anchor.epoch.number > state.term) becomeFollower(state, anchor.epoch.number);
}
