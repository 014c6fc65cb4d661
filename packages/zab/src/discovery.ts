import { send, sendDurably } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { look } from './election.ts';
import type { NewEpoch } from './message.ts';
import { acceptEpoch, credentialsOf, type Following, type ZabState } from './state.ts';

/** Follows the leader that was elected, or found: its history is yet to be compared. */
export function follow(state: ZabState, leader: NodeId): void {
  state.leader = leader;
  state.following = { leader, phase: 'discovery', matched: 0, resendAt: state.now };
  sendFollowerInfo(state, state.following);
}

/** Tells the leader, until it answers. It may not know yet that it leads. */
export function sendFollowerInfo(state: ZabState, following: Following): void {
  following.resendAt = state.now + state.options.timing.heartbeatMs;
  send(state, following.leader, { kind: 'followerInfo', acceptedEpoch: state.acceptedEpoch });
}

/**
 * The leader's epoch. It is accepted durably before it is acknowledged, and only where it is later than any other
 * accepted here: an epoch that another leader proposed is not acknowledged again.
 */
export function onNewEpoch(state: ZabState, following: Following, { epoch }: NewEpoch): void {
  const { leader } = following;
  const { acceptedEpoch } = state;
  const isAccepted = acceptedEpoch.number === epoch && acceptedEpoch.node === leader;
  if (!isAccepted) {
    // The same leader's earlier epoch is old news; another's shows that this leader's is refused here.
    if (epoch <= acceptedEpoch.number) return acceptedEpoch.node === leader ? undefined : look(state);
    acceptEpoch(state, { number: epoch, node: leader });
    following.matched = 0;
  }
  if (!isAccepted || following.phase === 'discovery') following.phase = 'synchronization';
  sendDurably(state, leader, { kind: 'ackEpoch', epoch, ...credentialsOf(state), voter: state.self });
}
