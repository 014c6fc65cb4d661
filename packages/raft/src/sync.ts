import type { Anchor } from '@varve/consensus';
import { askToContinue } from './follower.ts';
import { becomeFollower } from './role.ts';
import { dropOwn, type RaftState } from './state.ts';

/** A certificate makes everything up to `anchor` final: the store's log may start after it. */
export function onCertified(state: RaftState, anchor: Anchor): void {
  if (anchor.index <= state.log.anchor.index || anchor.index > state.commitIndex || !state.log.holds(anchor)) return;
  state.log.moveAnchor(anchor);
  state.out.anchor = anchor;
}

/**
 * Block sync moved the ledger to `anchor`. What the log holds behind it stays if the log holds `anchor` itself; else
 * the log starts anew. Nothing that is committed here is handed out again or taken back.
 */
export function onSynced(state: RaftState, anchor: Anchor): void {
  const commitBefore = state.commitIndex;
  standOn(state, anchor, true);
  if (state.commitIndex > commitBefore || state.syncing) {
    state.syncing = false;
    askToContinue(state);
  }
}

/** The store's ledger may be ahead of its log. Its tip is perhaps not certified, so a log that holds it stays whole. */
export function recoverLedger(state: RaftState, ledger: Anchor): void {
  state.syncedIndex = state.commitIndex;
  standOn(state, ledger, false);
}

function standOn(state: RaftState, anchor: Anchor, certified: boolean): void {
  if (anchor.index <= state.log.anchor.index) return;
  if (state.log.holds(anchor)) {
    if (anchor.index > state.commitIndex) {
      state.commitIndex = anchor.index;
      state.syncedIndex = anchor.index;
    }
    if (certified) onCertified(state, anchor);
    return;
  }
  // Below what this node committed itself, another entry would be a fork: the ledger's certificates tell of that.
  if (anchor.index <= state.commitIndex) return;
  if (anchor.index < state.log.lastIndex) state.out.truncateFrom = anchor.index + 1;
  const uncommitted = state.log.reset(anchor).filter((entry) => entry.index > state.commitIndex);
  dropOwn(state, uncommitted);
  state.out.anchor = anchor;
  state.commitIndex = anchor.index;
  state.syncedIndex = anchor.index;
  // A leader without its own entries would count what it no longer has.
  if (state.leadership) becomeFollower(state, state.term);
  // No entry is of a later term than its holder.
  if (anchor.epoch.number > state.term) {
    becomeFollower(state, anchor.epoch.number);
  }
}
