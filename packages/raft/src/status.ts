import { type EngineRole, EPOCH_ZERO, type Epoch, type Waiting } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { RaftState } from './state.ts';

/** To others, whoever asks for pre-votes is a candidate too. */
export function roleOf(state: RaftState): EngineRole {
  if (state.syncing) return 'syncing';
  return state.role === 'preCandidate' ? 'candidate' : state.role;
}

/** While no leader of the term is known, whoever got the own vote stands for it, or this node itself. */
export function epochOf(state: RaftState): Epoch {
  if (state.term === 0) return EPOCH_ZERO;
  return { number: state.term, node: state.leader ?? state.votedFor ?? state.self };
}

/** 0 where this node does not lead. */
export function matchOf(state: RaftState, voter: NodeId): number {
  return state.leadership?.progress.get(voter)?.matchIndex ?? 0;
}

/** Its leader told it to fetch blocks. */
export function recoveryOf({ leader, syncing }: RaftState): Waiting | undefined {
  return syncing && leader !== undefined ? { code: 'SYNCING', nodes: [leader] } : undefined;
}
