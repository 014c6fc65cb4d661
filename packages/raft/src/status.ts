import { EPOCH_ZERO, type Epoch, type Status } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { buildObstacle } from './build.ts';
import { isDiskStalled } from './role.ts';
import type { RaftState } from './state.ts';

/** What an operator sees; times are as of the last step. */
export function statusOf(state: RaftState): Status {
  const waiting = waitingOf(state);
  return {
    role: roleOf(state),
    epoch: epochOf(state),
    ...(state.leader === undefined ? {} : { leader: state.leader }),
    lastIndex: state.log.lastIndex,
    committed: state.commitIndex,
    applied: state.applied,
    anchor: state.log.anchor.index,
    inFlight: state.log.payloadsAfter(state.commitIndex),
    peers: state.peers.map((id) => ({
      id,
      match: state.leadership?.progress.get(id)?.matchIndex ?? 0,
      heardAt: state.heardAt.get(id) ?? 0,
    })),
    ...(waiting ? { waiting } : {}),
  };
}

function roleOf(state: RaftState): Status['role'] {
  if (state.draining) return 'draining';
  if (state.syncing) return 'syncing';
  return state.role === 'preCandidate' ? 'candidate' : state.role;
}

/** While no leader of the term is known, whoever got the own vote stands for it, or this node itself. */
function epochOf(state: RaftState): Epoch {
  if (state.term === 0) return EPOCH_ZERO;
  return { number: state.term, node: state.leader ?? state.votedFor ?? state.self };
}

function waitingOf(state: RaftState): { readonly code: string; readonly nodes: readonly NodeId[] } | undefined {
  const silent = state.peers.filter((peer) => !isHeard(state, peer));
  const isQuorumHeard = state.voters.length - silent.length >= state.quorum;
  if (isDiskStalled(state)) return { code: 'DISK_STALLED', nodes: [state.self] };
  if (state.leader === undefined) return { code: isQuorumHeard ? 'ELECTION' : 'NO_QUORUM', nodes: silent };
  if (state.syncing) return { code: 'SYNCING', nodes: [state.leader] };
  if (!state.leadership) return undefined;
  if (!isQuorumHeard) return { code: 'NO_QUORUM', nodes: silent };
  const obstacle = state.pending ? buildObstacle(state) : undefined;
  if (obstacle === 'WINDOW_FULL') return { code: obstacle, nodes: laggards(state) };
  return obstacle === 'EXECUTION_BEHIND' ? { code: obstacle, nodes: [state.self] } : undefined;
}

function isHeard(state: RaftState, peer: NodeId): boolean {
  const heardAt = state.heardAt.get(peer);
  return heardAt !== undefined && state.now - heardAt < 2 * state.options.timing.electionMs;
}

function laggards(state: RaftState): readonly NodeId[] {
  const { progress } = state.leadership ?? {};
  return state.voters.filter((voter) => (progress?.get(voter)?.matchIndex ?? 0) < state.log.lastIndex);
}
