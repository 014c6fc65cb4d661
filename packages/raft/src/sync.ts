import { type Anchor, type Recovered, standOn, trimLog } from '@varve/consensus';
import { askToContinue } from './follower.ts';
import { becomeFollower } from './role.ts';
import type { RaftState } from './state.ts';

/** Block sync moved the ledger to `anchor`. */
export function onSynced(state: RaftState, anchor: Anchor): void {
  const commitBefore = state.commitIndex;
  if (standOnLedger(state, anchor) === 'kept') trimLog(state, anchor);
  if (state.commitIndex > commitBefore || state.syncing) {
    state.syncing = false;
    askToContinue(state);
  }
}

/**
 * The store's ledger may be ahead of its log, and what block sync brought may contradict it. Its tip is perhaps not
 * certified, so a log that holds it stays whole: then what was executed behind the tip is committed too.
 */
export function recoverLedger(state: RaftState, { ledger, applied }: Recovered): void {
  standOnLedger(state, ledger);
  state.commitIndex = Math.max(state.commitIndex, Math.min(applied, state.log.lastIndex));
  state.syncedIndex = state.commitIndex;
}

function standOnLedger(state: RaftState, anchor: Anchor): ReturnType<typeof standOn> {
  const commitBefore = state.commitIndex;
  const outcome = standOn(state, anchor);
  if (state.commitIndex > commitBefore) state.syncedIndex = anchor.index;
  if (outcome !== 'anew') return outcome;
  // A leader without its own entries would count what it no longer has.
  if (state.leadership) becomeFollower(state, state.term);
  // No entry is of a later term than its holder.
  if (anchor.epoch.number > state.term) becomeFollower(state, anchor.epoch.number);
  return outcome;
}
