import { send } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { Leadership } from './leadership.ts';
import type { PaxosState } from './state.ts';

/** Hands over once `to` holds the whole log, so that it has nothing to fetch. A second wish replaces the first. */
export function onTransfer(state: PaxosState, to: NodeId): void {
  const { leadership } = state;
  if (leadership?.phase !== 'accept' || !state.peers.includes(to) || leadership.transfer?.to === to) return;
  leadership.transfer = { to, deadline: state.now + state.options.timing.electionMs, sent: false };
  progressTransfer(state, leadership);
}

/** Tells the target to take over when it has caught up. Nothing is built meanwhile, so it will. */
export function progressTransfer(state: PaxosState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (!transfer || transfer.sent) return;
  if (leadership.progress.get(transfer.to)?.match !== state.log.lastIndex) return;
  transfer.sent = true;
  send(state, transfer.to, { kind: 'takeOver', ballot: state.promised });
}
