import { type Anchor, compareEpochs } from '@varve/consensus';
import { sendPromiseToLeader } from './follower.ts';
import { dropOwn, raiseAcceptedRound } from './log.ts';
import { abdicate, adoptBallot, reprepare } from './prepare.ts';
import type { PaxosState } from './state.ts';

/** A certificate makes everything up to `anchor` final: the store's log may start after it. */
export function onCertified(state: PaxosState, anchor: Anchor): void {
  if (anchor.index <= state.log.anchor.index || anchor.index > state.decided || !state.log.holds(anchor)) return;
  state.log.moveAnchor(anchor);
  state.out.anchor = anchor;
}

/**
 * Block sync moved the ledger to `anchor`. What the log holds behind it stays if the log holds `anchor` itself; else
 * the log starts anew. Nothing that is decided here is handed out again or taken back.
 */
export function onSynced(state: PaxosState, anchor: Anchor): void {
  const before = state.decided;
  standOn(state, anchor, true);
  if (state.decided === before && !state.syncing) return;
  state.syncing = false;
  const { leadership } = state;
  if (!leadership) return sendPromiseToLeader(state);
  if (leadership.phase === 'accept') return;
  // What was shown so far continues a log that is no more.
  leadership.suffixes.clear();
  reprepare(state, leadership);
}

/** The store's ledger may be ahead of its log. Its tip is perhaps not certified, so a log that holds it stays whole. */
export function recoverLedger(state: PaxosState, ledger: Anchor): void {
  standOn(state, ledger, false);
}

function standOn(state: PaxosState, anchor: Anchor, certified: boolean): void {
  if (anchor.index <= state.log.anchor.index) return;
  if (state.log.holds(anchor)) {
    state.decided = Math.max(state.decided, anchor.index);
    if (certified) onCertified(state, anchor);
    return;
  }
  // Below what was decided here, another entry would be a fork: the ledger's certificates tell of that.
  if (anchor.index <= state.decided) return;
  if (anchor.index < state.log.lastIndex) state.out.truncateFrom = anchor.index + 1;
  dropOwn(
    state,
    state.log.reset(anchor).filter((entry) => entry.index > state.decided),
  );
  state.out.anchor = anchor;
  state.decided = anchor.index;
  state.partial = undefined;
  raiseAcceptedRound(state);
  // A leader without what it adopted or proposed would count what it no longer has.
  if (state.leadership?.phase === 'accept') abdicate(state);
  // Nothing is accepted above what is promised.
  if (compareEpochs(state.acceptedRound, state.promised) > 0) adoptBallot(state, state.acceptedRound);
}
