import {
  type Configuration,
  createReplica,
  type EngineOptions,
  type LeaderView,
  type Leading,
  type Progress,
  type Recovered,
  type Replica,
  type Rng,
  uniformBelow,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { decodeHardState } from './codec.ts';
import { RaftLog } from './log.ts';
import type { RaftMessage } from './message.ts';

/** Raft §5.1, with the candidate before its pre-vote succeeded as a role of its own (thesis §9.6). */
export type RaftRole = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** What only a leader has; made anew at each election. */
export interface Leadership extends Leading {
  /** Of every voter, in name order. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
  /** The no-op that opened the term: until it commits, nothing is built and no read confirmed (Raft §8). */
  readonly firstIndex: number;
  heartbeatAt: number;
  /** When a quorum must have been heard again (thesis §6.2). */
  quorumCheckAt: number;
  transfer: { readonly to: NodeId; readonly deadline: number; sent: boolean } | undefined;
}

/** Everything one replica knows. Fields of Raft's figure 2 keep their names. */
export interface RaftState extends Replica<RaftMessage> {
  readonly log: RaftLog;
  term: number;
  votedFor: NodeId | undefined;
  role: RaftRole;
  leader: NodeId | undefined;
  /** `now` of the last message of this term's leader. */
  leaderHeardAt: number;
  votes: Set<NodeId>;
  leadership: Leadership | undefined;
  /** Highest index that was learnt from certified blocks and not from a leader of this term or before. */
  syncedIndex: number;
  /** The leader said that only block sync can bring what is missing. */
  syncing: boolean;
  electionAt: number;
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): RaftState {
  const log = new RaftLog(recovered.anchor, recovered.log);
  const replica = createReplica<RaftMessage, RaftLog>(log, configuration, recovered, options, now);
  const hardState = recovered.hardState ? decodeHardState(recovered.hardState) : { term: 0, votedFor: undefined };
  const isFresh = recovered.hardState === undefined && recovered.log.length === 0;
  const mayCampaignAtOnce = replica.voters.length === 1 || (isFresh && options.first === options.self);
  return {
    ...replica,
    ...hardState,
    role: 'follower',
    leader: undefined,
    leaderHeardAt: 0,
    votes: new Set(),
    syncedIndex: 0,
    syncing: false,
    electionAt: mayCampaignAtOnce ? now : now + drawTimeout(replica.rng, options),
  };
}

function drawTimeout(rng: Rng, options: EngineOptions): number {
  return options.timing.electionMs + uniformBelow(rng, options.timing.electionMs);
}

/** Draws a timeout in [T, 2T) and starts it (Raft §5.2). */
export function restartElectionTimer(state: RaftState): void {
  state.electionAt = state.now + drawTimeout(state.rng, state.options);
}

/** Before its own no-op is committed, a leader does not know what is (Raft §8): it builds nothing, and confirms no read. */
export const view: LeaderView<RaftState> = {
  leaderOf: ({ leader }) => leader,
  isOpen: ({ leadership, commitIndex }) => leadership !== undefined && commitIndex >= leadership.firstIndex,
};
