import type { EngineRole, Epoch, Waiting } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import type { ZabState } from './state.ts';

/** Before broadcast, leader and followers alike are recovering: discovery and synchronization are not over. */
export function roleOf({ following, leadership }: ZabState): EngineRole {
  if (leadership) return leadership.phase === 'broadcast' ? 'leader' : 'recovering';
  if (!following) return 'candidate';
  if (following.phase === 'blocks') return 'syncing';
  return following.phase === 'broadcast' ? 'follower' : 'recovering';
}

/** The one that it promised itself to last. */
export function epochOf({ acceptedEpoch }: ZabState): Epoch {
  return acceptedEpoch;
}

/** 0 where this node does not lead. */
export function matchOf(state: ZabState, voter: NodeId): number {
  return state.leadership?.learners.get(voter)?.progress.matchIndex ?? 0;
}

/** A follower waits for its leader, a leader for those that have not synchronized. */
export function recoveryOf({ following, leadership, voters }: ZabState): Waiting | undefined {
  const phase = (following ?? leadership)?.phase;
  if (phase === undefined || phase === 'broadcast') return undefined;
  if (following) return { code: phase === 'blocks' ? 'SYNCING' : 'RECOVERING', nodes: [following.leader] };
  return { code: 'RECOVERING', nodes: voters.filter((voter) => !leadership?.learners.get(voter)?.acked) };
}
