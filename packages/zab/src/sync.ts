import { type Anchor, standOn, trimLog } from '@varve/consensus';
import { look } from './election.ts';
import { rediscover } from './follower.ts';
import { acceptEpoch, type ZabState } from './state.ts';

/** Block sync moved the ledger to `anchor`. */
export function onSynced(state: ZabState, anchor: Anchor): void {
  const outcome = standOnLedger(state, anchor);
  if (outcome === 'kept') trimLog(state, anchor);
  const { following } = state;
  // A leader without its own proposals would count what it no longer has.
  if (outcome === 'anew' && state.leadership) look(state);
  else if (following && (outcome === 'anew' || following.phase === 'blocks')) rediscover(state, following);
}

/** The store's ledger may be ahead of its log. Its tip is perhaps not certified, so a log that holds it stays whole. */
export function recoverLedger(state: ZabState, ledger: Anchor): void {
  standOnLedger(state, ledger);
}

/** No entry is of a later epoch than its holder accepted: what was certified there makes every earlier leader void. */
function standOnLedger(state: ZabState, anchor: Anchor): ReturnType<typeof standOn> {
  const outcome = standOn(state, anchor);
  if (anchor.epoch.number > state.acceptedEpoch.number) {
    acceptEpoch(state, anchor.epoch);
    if (state.following || state.leadership) look(state);
  }
  return outcome;
}
