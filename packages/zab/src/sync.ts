import { type Anchor, type Recovered, standOnRecovered, standOnSynced } from '@varve/consensus';
import { look } from './election.ts';
import { rediscover } from './follower.ts';
import { acceptEpoch, type ZabState } from './state.ts';

/** Block sync moved the ledger to `anchor`. */
export function onSynced(state: ZabState, anchor: Anchor): void {
  const standing = standOnSynced(state, anchor);
  takeEpoch(state, anchor);
  const { following } = state;
  // A leader without its own proposals would count what it no longer has.
  if (standing === 'anew' && state.leadership) look(state);
  else if (following && (standing === 'anew' || following.phase === 'blocks')) rediscover(state, following);
}

/** At the start; nobody is looked for yet. */
export function recoverLedger(state: ZabState, recovered: Recovered): void {
  standOnRecovered(state, recovered);
  takeEpoch(state, recovered.ledger);
}

/** No entry is of a later epoch than its holder accepted: what was certified there makes every earlier leader void. */
function takeEpoch(state: ZabState, anchor: Anchor): void {
  if (anchor.epoch.number <= state.acceptedEpoch.number) return;
  acceptEpoch(state, anchor.epoch);
  if (state.following || state.leadership) look(state);
}
