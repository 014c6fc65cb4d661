import type { EngineRole, Epoch, Waiting } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { type PaxosState, view } from './state.ts';

/** Who has started from a store recovers until it is in a session. */
export function roleOf({ syncing, leadership, recovering }: PaxosState): EngineRole {
  if (syncing) return 'syncing';
  if (leadership) return leadership.phase === 'accept' ? 'leader' : 'candidate';
  return recovering ? 'recovering' : 'follower';
}

/** The ballot that it promised last. */
export function epochOf({ promised }: PaxosState): Epoch {
  return promised;
}

/** 0 where this node does not lead. */
export function matchOf(state: PaxosState, voter: NodeId): number {
  return state.leadership?.progress.get(voter)?.match ?? 0;
}

/** A follower or a candidate lacks blocks. */
export function recoveryOf(state: PaxosState): Waiting | undefined {
  if (!state.syncing) return undefined;
  const leader = view.leaderOf(state);
  return { code: 'SYNCING', nodes: leader === undefined ? [] : [leader] };
}
