import type { EngineRole, Epoch, Waiting } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { type PaxosState, view } from './state.ts';

export function roleOf({ syncing, leadership, recovering }: PaxosState): EngineRole {
  if (syncing) return 'syncing';
  if (leadership) return leadership.phase === 'accept' ? 'leader' : 'candidate';
  return recovering ? 'recovering' : 'follower';
}

export function epochOf({ promised }: PaxosState): Epoch {
  return promised;
}

export function matchOf(state: PaxosState, voter: NodeId): number {
  return state.leadership?.progress.get(voter)?.match ?? 0;
}

export function recoveryOf(state: PaxosState): Waiting | undefined {
  if (!state.syncing) return undefined;
  const leader = view.leaderOf(state);
  return { code: 'SYNCING', nodes: leader === undefined ? [] : [leader] };
}
