import { type EngineRole, EPOCH_ZERO, type Epoch, type Waiting } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { RaftState } from './state.ts';

export function roleOf(state: RaftState): EngineRole {
  if (state.syncing) return 'syncing';
  return state.role === 'preCandidate' ? 'candidate' : state.role;
}

/** While no leader of the term is known, whoever got the own vote stands for it, or this node itself. */
export function epochOf(state: RaftState): Epoch {
  if (state.term === 0) return EPOCH_ZERO;
  return { number: state.term, node: state.leader ?? state.votedFor ?? state.self };
}

export function matchOf(state: RaftState, voter: NodeId): number {
  return state.leadership?.progress.get(voter)?.matchIndex ?? 0;
}

export function recoveryOf({ leader, syncing }: RaftState): Waiting | undefined {
  return syncing && leader !== undefined ? { code: 'SYNCING', nodes: [leader] } : undefined;
}
