import { compareEpochs, type Payload, type Slot } from '@varve/consensus';
import { leaderAppend } from './replication.ts';
import type { PaxosState } from './state.ts';

/** A leader builds nothing while execution lags this many entries behind its log. */
const APPLIED_LAG_MAX = 1024;

/** Why a leader asks for no payload, or `undefined` when it may. */
export function buildObstacle(
  state: PaxosState,
): 'NOT_LEADING' | 'DRAINING' | 'TRANSFER' | 'WINDOW_FULL' | 'EXECUTION_BEHIND' | undefined {
  const { leadership, options, log, decided } = state;
  // What an earlier leader left is decided first: building before would build on sand.
  if (leadership?.phase !== 'accept' || decided < leadership.adoptedIndex) return 'NOT_LEADING';
  if (state.draining) return 'DRAINING';
  if (leadership.transfer) return 'TRANSFER';
  if (log.lastIndex - state.applied >= APPLIED_LAG_MAX) return 'EXECUTION_BEHIND';
  const { payloads, bytes } = log.payloadsAfter(decided);
  return payloads >= options.window.payloads || bytes >= options.window.bytes ? 'WINDOW_FULL' : undefined;
}

/** Asks the host for a payload when there is demand, room, and no question open. */
export function maybeBuild(state: PaxosState): void {
  const { leadership } = state;
  if (!leadership || leadership.openBuild || !state.pending || buildObstacle(state) !== undefined) return;
  leadership.openBuild = { index: state.log.lastIndex + 1, epoch: state.promised };
  state.out.build = leadership.openBuild;
}

/** The host's answer to `build`. Whatever no longer has its slot goes back. */
export function onPropose(state: PaxosState, slot: Slot, payload: Payload): void {
  const { leadership } = state;
  const open = leadership?.openBuild;
  const fits = open?.index === slot.index && compareEpochs(open.epoch, slot.epoch) === 0;
  if (leadership && fits) leadership.openBuild = undefined;
  if (!leadership || !fits || state.draining || leadership.transfer) {
    state.out.dropped.push(payload.id);
    return;
  }
  leaderAppend(state, leadership, payload);
}
