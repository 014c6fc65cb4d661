import { send } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { startElection } from './election.ts';
import type { Leadership, RaftState } from './state.ts';

/** Hands leadership over once `to` holds the whole log (thesis §3.10). A second wish replaces the first. */
export function onTransfer(state: RaftState, to: NodeId): void {
  const { leadership } = state;
  if (!leadership || !state.peers.includes(to) || leadership.transfer?.to === to) return;
  leadership.transfer = { to, deadline: state.now + state.options.timing.electionMs, sent: false };
  progressTransfer(state, leadership);
}

/** Tells the target to campaign when it has caught up. Nothing is built meanwhile, so it will. */
export function progressTransfer(state: RaftState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (!transfer || transfer.sent) return;
  if (leadership.progress.get(transfer.to)?.matchIndex !== state.log.lastIndex) return;
  transfer.sent = true;
  send(state, transfer.to, { kind: 'timeoutNow', term: state.term });
}

/** The leader asks this node to take over: no pre-vote, and its vote requests pass the leader's lease. */
export function onTimeoutNow(state: RaftState, from: NodeId): void {
  if (state.role === 'follower' && state.leader === from) startElection(state, true);
}
