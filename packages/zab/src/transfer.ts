import { send } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { look } from './election.ts';
import { credentialsOf, type Leadership, lastZxid, type ZabState } from './state.ts';

/** Hands leadership over once `to` holds the whole history. A second wish replaces the first. */
export function onTransfer(state: ZabState, to: NodeId): void {
  const { leadership } = state;
  if (leadership?.phase !== 'broadcast' || !state.peers.includes(to) || leadership.transfer?.to === to) return;
  leadership.transfer = { to, deadline: state.now + state.options.timing.electionMs };
  progressTransfer(state, leadership);
}

/** Quits when everything is committed and the successor has it. Nothing is proposed meanwhile, so that comes. */
export function progressTransfer(state: ZabState, leadership: Leadership): void {
  const { transfer, learners, epoch } = leadership;
  const successor = transfer && learners.get(transfer.to);
  if (!successor?.acked || state.leadership !== leadership) return;
  const { lastIndex } = state.log;
  if (successor.progress.matchIndex !== lastIndex || state.commitIndex !== lastIndex) return;
  const { id } = successor.progress;
  for (const { progress, history } of learners.values()) {
    if (progress.id === state.self || !history) continue;
    send(state, progress.id, { kind: 'quit', epoch, successor: id, zxid: lastZxid(state) });
  }
  look(state, { leader: id, ...credentialsOf(state), named: true });
}
