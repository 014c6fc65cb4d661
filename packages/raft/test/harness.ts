import type { Protocol } from '@varve/consensus';
import {
  type ClusterOptions,
  checkLogMatching,
  EngineCluster,
  type EngineHost,
  type Invariants,
  names,
} from '@varve/consensus/testing';
import { encodeCbor, type NodeId } from '@varve/encoding';
import { type RaftMessage, raft } from '../src/index.ts';

export const [A, B, C, D, E] = names(5) as readonly [NodeId, NodeId, NodeId, NodeId, NodeId];

export function hardStateOf(term: number, votedFor?: NodeId): Uint8Array {
  return encodeCbor([1, term, votedFor ?? null]);
}

/** Election safety, leader completeness and log matching (Raft, figure 3), for one cluster. */
export function raftInvariants(leaders: Map<number, NodeId> = new Map()): Invariants<RaftMessage> {
  return {
    onStep: (host, { history }) => checkLeader(host, leaders, history.highest),
    onEnd: checkLogMatching,
  };
}

function checkLeader(host: EngineHost<RaftMessage>, leaders: Map<number, NodeId>, highest: number): void {
  const status = host.engine?.status();
  if (status?.role !== 'leader') return;
  const term = status.epoch.number;
  const known = leaders.get(term);
  if (known === host.id) return;
  if (known !== undefined) throw new Error(`election safety: ${known} and ${host.id} in ${term}`);
  leaders.set(term, host.id);
  if (status.lastIndex < highest) throw new Error(`leader completeness: ${host.id} lacks ${highest}`);
}

/** A cluster that checks Raft's own safety properties all along, and knows what a leader is. */
export class Cluster extends EngineCluster<RaftMessage> {
  readonly leaders: Map<number, NodeId>;

  constructor(options: Omit<ClusterOptions<RaftMessage>, 'invariants'>, protocol: Protocol<RaftMessage> = raft) {
    const leaders = new Map<number, NodeId>();
    super(protocol, { ...options, invariants: raftInvariants(leaders) });
    this.leaders = leaders;
  }

  elect(): NodeId {
    this.runUntil('a leader that has committed', () => {
      const id = this.leader();
      const status = id && this.status(id);
      if (!status || status.committed < 1) return false;
      return this.committed.get(status.committed)?.startsWith(`${status.epoch.number}/`) === true;
    });
    return this.leader() as NodeId;
  }
}
