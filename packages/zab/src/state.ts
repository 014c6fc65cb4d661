import {
  assert,
  type Configuration,
  createProgress,
  createReplica,
  type EngineOptions,
  EntryLog,
  EPOCH_ZERO,
  type Epoch,
  type LeaderView,
  type Leading,
  type Progress,
  type Recovered,
  type Replica,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { decodeHardState } from './codec.ts';
import type { Notification, ZabMessage } from './message.ts';
import type { Credentials, Vote, Zxid } from './zxid.ts';

/** What a node in fast leader election knows; made anew when it starts to look. */
export interface Looking {
  proposal: Vote;
  /** What each voter wants in this round, this node included. */
  readonly votes: Map<NodeId, Vote>;
  /** What those said last that are through with electing. */
  readonly settled: Map<NodeId, Notification>;
  /** A quorum wants the proposal: when it is decided unless a better vote comes. */
  decideAt: number | undefined;
  resendAt: number;
  resendMs: number;
}

/** What a follower knows of its leader. */
export interface Following {
  readonly leader: NodeId;
  /** `blocks`: it needs certified blocks before it can go on. */
  phase: 'discovery' | 'synchronization' | 'blocks' | 'broadcast';
  /** The own history equals the leader's up to here. */
  matched: number;
  /** When FOLLOWERINFO is repeated. */
  resendAt: number;
}

/** What a leader knows of one voter, itself included. */
export interface Learner {
  readonly progress: Progress;
  /** FOLLOWERINFO: the epoch it had accepted. */
  info: Epoch | undefined;
  /** ACKEPOCH: its history. */
  history: Credentials | undefined;
  /** Where its DIFF ends and PROPOSALs begin; absent before its sync point is chosen. */
  target: number | undefined;
  /** NEWLEADER was sent since its sync point was chosen. */
  isToldEnd: boolean;
  /** It acknowledged NEWLEADER. */
  acked: boolean;
}

/** What only a leader has; made anew at each election. */
export interface Leadership extends Leading {
  phase: 'discovery' | 'synchronization' | 'broadcast';
  /** 0 until a quorum told what it had accepted. */
  epoch: number;
  /** Of every voter, in name order. */
  readonly learners: ReadonlyMap<NodeId, Learner>;
  /** The end of the history adopted at takeover. */
  historyEnd: number;
  pingAt: number;
  /** When a quorum must have been heard again. */
  quorumCheckAt: number;
}

/** Everything one replica knows. It is looking, following or leading. */
export interface ZabState extends Replica<ZabMessage> {
  acceptedEpoch: Epoch;
  currentEpoch: number;
  /** The highest epoch that a voter was heard to have accepted. */
  epochHeard: number;
  /** Number of the election: ZooKeeper's logical clock. */
  round: number;
  /** Outcome of the last election: what others are told. */
  elected: Vote;
  looking: Looking | undefined;
  following: Following | undefined;
  leadership: Leadership | undefined;
  leader: NodeId | undefined;
  /** `now` of the leader's last message, or of the election. */
  leaderHeardAt: number;
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): ZabState {
  const log = new EntryLog(recovered.anchor, recovered.log);
  const hardState = recovered.hardState
    ? decodeHardState(recovered.hardState)
    : { acceptedEpoch: EPOCH_ZERO, currentEpoch: 0 };
  return {
    ...createReplica<ZabMessage, EntryLog>(log, configuration, recovered, options, now),
    ...hardState,
    epochHeard: 0,
    round: 0,
    elected: { leader: options.self, currentEpoch: 0, zxid: { epoch: 0, counter: 0 }, named: false },
    looking: undefined,
    following: undefined,
    leader: undefined,
    leaderHeardAt: now,
  };
}

/** Established, a leader has committed the history that it adopted: it may propose, and no read sees less. */
export const view: LeaderView<ZabState> = {
  leaderOf: ({ leader }) => leader,
  isOpen: ({ leadership }) => leadership?.phase === 'broadcast',
};

/** A new leader's view of the voters: it knows nothing of anybody but itself. */
export function createLearners(state: ZabState): ReadonlyMap<NodeId, Learner> {
  const learnerOf = (voter: NodeId): Learner => ({
    progress: createProgress(voter, 1),
    info: voter === state.self ? state.acceptedEpoch : undefined,
    history: undefined,
    target: undefined,
    isToldEnd: false,
    acked: false,
  });
  return new Map(state.voters.map((voter) => [voter, learnerOf(voter)]));
}

/** The end of the own history. */
export function lastZxid({ log }: Pick<ZabState, 'log'>): Zxid {
  return { epoch: log.lastEpoch.number, counter: log.lastIndex };
}

/** How recent the own history is. */
export function credentialsOf(state: ZabState): Credentials {
  return { currentEpoch: state.currentEpoch, zxid: lastZxid(state) };
}

/** Promises itself to an epoch, and so to no earlier one. */
export function acceptEpoch(state: ZabState, epoch: Epoch): void {
  assert(epoch.number > state.acceptedEpoch.number, 'acceptedEpoch rises');
  state.acceptedEpoch = epoch;
  state.out.hardState = true;
}

/** The own history is now that of the leader of `epoch`. In the same write as that history, or in a later one (trap 34). */
export function enterEpoch(state: ZabState, epoch: number): void {
  if (epoch === state.currentEpoch) return;
  state.currentEpoch = epoch;
  state.out.hardState = true;
}
