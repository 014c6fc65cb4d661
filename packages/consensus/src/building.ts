import type { Epoch, Payload, Slot } from './contract.ts';
import { compareEpochs } from './epoch.ts';
import type { Replica } from './replica.ts';

/** A leader builds nothing while execution lags this many entries behind its log. */
const APPLIED_LAG_MAX = 1024;

/** Why a leader whose term is open asks for no payload, or `undefined` when it may. */
export function buildObstacle(
  state: Replica,
): 'DRAINING' | 'TRANSFER' | 'EXECUTION_BEHIND' | 'WINDOW_FULL' | undefined {
  const { log, options } = state;
  if (state.draining) return 'DRAINING';
  if (state.leadership?.transfer) return 'TRANSFER';
  if (log.lastIndex - state.applied >= APPLIED_LAG_MAX) return 'EXECUTION_BEHIND';
  const { payloads, bytes } = log.payloadsAfter(state.commitIndex);
  return payloads >= options.window.payloads || bytes >= options.window.bytes ? 'WINDOW_FULL' : undefined;
}

/** Asks the host for a payload when there is demand, room, and no question open. The leader's term is open. */
export function maybeBuild(state: Replica, epoch: Epoch): void {
  const { leadership } = state;
  if (!leadership || leadership.openBuild || !state.pending || buildObstacle(state) !== undefined) return;
  leadership.openBuild = { index: state.log.lastIndex + 1, epoch };
  state.out.build = leadership.openBuild;
}

/**
 * The host's answer to `build`. Whatever no longer has its slot goes back.
 * @returns Whether `payload` is to be proposed.
 */
export function takeBuilt(state: Replica, slot: Slot, payload: Payload): boolean {
  const { leadership } = state;
  const open = leadership?.openBuild;
  const fits = open?.index === slot.index && compareEpochs(open.epoch, slot.epoch) === 0;
  if (leadership && fits) leadership.openBuild = undefined;
  if (leadership && fits && !state.draining && !leadership.transfer) return true;
  state.out.dropped.push(payload.id);
  return false;
}
