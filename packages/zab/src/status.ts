import { inFlight, type Status } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { buildObstacle } from './build.ts';
import { isDiskStalled, type ZabState } from './state.ts';

/** What an operator sees; times are as of the last step. */
export function statusOf(state: ZabState): Status {
  const waiting = waitingOf(state);
  return {
    role: roleOf(state),
    epoch: state.acceptedEpoch,
    ...(state.leader === undefined ? {} : { leader: state.leader }),
    lastIndex: state.log.lastIndex,
    committed: state.commitIndex,
    applied: state.applied,
    anchor: state.log.anchor.index,
    inFlight: inFlight(state),
    peers: state.peers.map((id) => ({
      id,
      match: state.leadership?.learners.get(id)?.progress.matchIndex ?? 0,
      heardAt: state.heardAt.get(id) ?? 0,
    })),
    ...(waiting ? { waiting } : {}),
  };
}

/** Before broadcast, leader and followers alike are recovering: discovery and synchronization are not over. */
function roleOf({ draining, following, leadership }: ZabState): Status['role'] {
  if (draining) return 'draining';
  if (leadership) return leadership.phase === 'broadcast' ? 'leader' : 'recovering';
  if (!following) return 'candidate';
  if (following.phase === 'blocks') return 'syncing';
  return following.phase === 'broadcast' ? 'follower' : 'recovering';
}

function waitingOf(state: ZabState): { readonly code: string; readonly nodes: readonly NodeId[] } | undefined {
  const { leadership, following, leader } = state;
  const silent = state.peers.filter((peer) => !isHeard(state, peer));
  const isQuorumHeard = state.voters.length - silent.length >= state.quorum;
  if (isDiskStalled(state)) return { code: 'DISK_STALLED', nodes: [state.self] };
  if (leader === undefined) return { code: isQuorumHeard ? 'ELECTION' : 'NO_QUORUM', nodes: silent };
  if (following?.phase === 'blocks') return { code: 'SYNCING', nodes: [leader] };
  if (following) return following.phase === 'broadcast' ? undefined : { code: 'RECOVERING', nodes: [leader] };
  if (!isQuorumHeard) return { code: 'NO_QUORUM', nodes: silent };
  if (leadership?.phase !== 'broadcast') return { code: 'RECOVERING', nodes: unsynchronized(state) };
  const obstacle = state.pending ? buildObstacle(state) : undefined;
  if (obstacle === 'WINDOW_FULL') return { code: obstacle, nodes: laggards(state) };
  return obstacle === 'EXECUTION_BEHIND' ? { code: obstacle, nodes: [state.self] } : undefined;
}

function isHeard(state: ZabState, peer: NodeId): boolean {
  const heardAt = state.heardAt.get(peer);
  return heardAt !== undefined && state.now - heardAt < 2 * state.options.timing.electionMs;
}

function unsynchronized({ leadership, voters }: ZabState): readonly NodeId[] {
  return voters.filter((voter) => !leadership?.learners.get(voter)?.acked);
}

function laggards({ leadership, voters, log }: ZabState): readonly NodeId[] {
  return voters.filter((voter) => (leadership?.learners.get(voter)?.progress.matchIndex ?? 0) < log.lastIndex);
}
