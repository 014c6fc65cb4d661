import type { Payload, Slot } from '@varve/consensus';
import { broadcastAppend, leaderAppend } from './replication.ts';
import type { RaftState } from './state.ts';

/** A leader builds nothing while execution lags this many entries behind its log. */
const APPLIED_LAG_MAX = 1024;

/** Why a leader asks for no payload, or `undefined` when it may. */
export function buildObstacle(
  state: RaftState,
): 'NOT_LEADING' | 'DRAINING' | 'TRANSFER' | 'WINDOW_FULL' | 'EXECUTION_BEHIND' | undefined {
  const { leadership, options } = state;
  // What an earlier leader left is decided only with the own no-op: building before would build on sand.
  if (!leadership || state.commitIndex < leadership.firstIndex) return 'NOT_LEADING';
  if (state.draining) return 'DRAINING';
  if (leadership.transfer) return 'TRANSFER';
  if (state.log.lastIndex - state.applied >= APPLIED_LAG_MAX) return 'EXECUTION_BEHIND';
  const { payloads, bytes } = state.log.payloadsAfter(state.commitIndex);
  return payloads >= options.window.payloads || bytes >= options.window.bytes ? 'WINDOW_FULL' : undefined;
}

/** Asks the host for a payload when there is demand, room, and no question open. */
export function maybeBuild(state: RaftState): void {
  const { leadership } = state;
  if (!leadership || leadership.openBuild || !state.pending || buildObstacle(state) !== undefined) return;
  leadership.openBuild = { index: state.log.lastIndex + 1, epoch: { number: state.term, node: state.self } };
  state.out.build = leadership.openBuild;
}

/** The host's answer to `build`. Whatever no longer has its slot goes back. */
export function onPropose(state: RaftState, slot: Slot, payload: Payload): void {
  const { leadership } = state;
  const open = leadership?.openBuild;
  const fits = open?.index === slot.index && open.epoch.number === slot.epoch.number && slot.epoch.node === state.self;
  if (!leadership || !fits || state.draining || leadership.transfer) {
    if (leadership && fits) leadership.openBuild = undefined;
    state.out.dropped.push(payload.id);
    return;
  }
  leadership.openBuild = undefined;
  leaderAppend(state, { payload });
  broadcastAppend(state);
}
