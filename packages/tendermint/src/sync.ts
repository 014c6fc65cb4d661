import type { Anchor } from '@varve/consensus';
import { startHeight } from './height.ts';
import { sendStatus } from './repeat.ts';
import type { TendermintState } from './state.ts';

/** A certificate makes everything up to `anchor` final: the store's log may start after it. */
export function onCertified(state: TendermintState, anchor: Anchor): void {
  const { log } = state;
  if (anchor.index <= log.anchor.index || anchor.index > log.lastIndex || !log.holds(anchor)) return;
  log.moveAnchor(anchor);
  state.out.anchor = anchor;
}

/**
 * Block sync moved the ledger to `anchor`. Decisions that stand here already are neither handed out again nor taken
 * back; behind the last one the log starts anew. Nothing that was signed is forgotten.
 */
export function onSynced(state: TendermintState, anchor: Anchor): void {
  if (anchor.index <= state.log.lastIndex) return onCertified(state, anchor);
  state.log.reset(anchor);
  state.out.anchor = anchor;
  startHeight(state);
  for (const [id, peer] of state.peers) {
    peer.askedAt = undefined;
    if (peer.height > state.height.height) sendStatus(state, id, false);
  }
}
