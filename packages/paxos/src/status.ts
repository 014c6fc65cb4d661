import type { Status } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { buildObstacle } from './build.ts';
import { isDiskStalled, isHeard, leaderOf, type PaxosState } from './state.ts';

/** What an operator sees; times are as of the last step. */
export function statusOf(state: PaxosState): Status {
  const waiting = waitingOf(state);
  const leader = leaderOf(state);
  return {
    role: roleOf(state),
    epoch: state.promised,
    ...(leader === undefined ? {} : { leader }),
    lastIndex: state.log.lastIndex,
    committed: state.decided,
    applied: state.applied,
    anchor: state.log.anchor.index,
    inFlight: state.log.payloadsAfter(state.decided),
    peers: state.peers.map((id) => ({
      id,
      match: state.leadership?.progress.get(id)?.match ?? 0,
      heardAt: state.heardAt.get(id) ?? 0,
    })),
    ...(waiting ? { waiting } : {}),
  };
}

function roleOf(state: PaxosState): Status['role'] {
  if (state.draining) return 'draining';
  if (state.syncing) return 'syncing';
  if (state.leadership) return state.leadership.phase === 'accept' ? 'leader' : 'candidate';
  return state.recovering ? 'recovering' : 'follower';
}

function waitingOf(state: PaxosState): { readonly code: string; readonly nodes: readonly NodeId[] } | undefined {
  const silent = state.peers.filter((peer) => !isHeard(state, peer));
  const isQuorumHeard = state.voters.length - silent.length >= state.quorum;
  if (isDiskStalled(state)) return { code: 'DISK_STALLED', nodes: [state.self] };
  const leader = leaderOf(state);
  if (state.syncing) return { code: 'SYNCING', nodes: leader === undefined ? [] : [leader] };
  if (leader === undefined) return { code: isQuorumHeard ? 'ELECTION' : 'NO_QUORUM', nodes: silent };
  if (!state.leadership) return undefined;
  if (!isQuorumHeard) return { code: 'NO_QUORUM', nodes: silent };
  const obstacle = state.pending ? buildObstacle(state) : undefined;
  if (obstacle === 'WINDOW_FULL') return { code: obstacle, nodes: laggards(state) };
  return obstacle === 'EXECUTION_BEHIND' ? { code: obstacle, nodes: [state.self] } : undefined;
}

function laggards(state: PaxosState): readonly NodeId[] {
  const { progress } = state.leadership ?? {};
  return state.voters.filter((voter) => (progress?.get(voter)?.match ?? 0) < state.log.lastIndex);
}
