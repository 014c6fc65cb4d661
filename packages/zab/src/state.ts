import {
  assert,
  type Configuration,
  closeStep,
  createProgress,
  createReads,
  createRng,
  createStepOutbox,
  type EngineOptions,
  EntryLog,
  EPOCH_ZERO,
  type Epoch,
  isWriteStalled,
  type Output,
  type Progress,
  quorumSize,
  type ReadState,
  type Recovered,
  type Slot,
  type StepOutbox,
  type WriteProgress,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { decodeHardState, encodeHardState } from './codec.ts';
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
export interface Leadership {
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
  transfer: { readonly to: NodeId; readonly deadline: number } | undefined;
  /** The slot that the host was asked to fill. */
  openBuild: Slot | undefined;
}

/** Everything one replica knows. It is looking, following or leading. */
export interface ZabState extends WriteProgress {
  readonly self: NodeId;
  /** All voters in name order. */
  readonly voters: readonly NodeId[];
  readonly peers: readonly NodeId[];
  readonly quorum: number;
  readonly options: EngineOptions;
  readonly log: EntryLog;
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
  commitIndex: number;
  applied: number;
  pending: boolean;
  draining: boolean;
  readonly reads: ReadState;
  readonly heardAt: Map<NodeId, number>;
  now: number;
  wakeAt: number | undefined;
  out: StepOutbox<ZabMessage>;
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): ZabState {
  const voters = configuration.validators.map((validator) => validator.name).sort();
  assert(voters.includes(options.self), 'a replica is a voter of its configuration');
  const hardState = recovered.hardState
    ? decodeHardState(recovered.hardState)
    : { acceptedEpoch: EPOCH_ZERO, currentEpoch: 0 };
  const log = new EntryLog(recovered.anchor, recovered.log);
  // Counters of another run must not be taken for this one's: an old answer would confirm a new read.
  const reads = createReads(createRng(options.seed).nextUint32() * 2 ** 20);
  return {
    self: options.self,
    voters,
    peers: voters.filter((voter) => voter !== options.self),
    quorum: quorumSize(voters.length, 'crash'),
    options,
    log,
    ...hardState,
    epochHeard: 0,
    round: 0,
    elected: { leader: options.self, currentEpoch: 0, zxid: { epoch: 0, counter: 0 }, named: false },
    looking: undefined,
    following: undefined,
    leadership: undefined,
    leader: undefined,
    leaderHeardAt: now,
    commitIndex: Math.max(recovered.anchor.index, Math.min(recovered.applied, log.lastIndex)),
    applied: recovered.applied,
    pending: false,
    draining: false,
    reads,
    heardAt: new Map(),
    sequence: 0,
    unpersisted: undefined,
    now,
    wakeAt: undefined,
    out: createStepOutbox(),
  };
}

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
  return { epoch: log.lastEpoch, counter: log.lastIndex };
}

/** How recent the own history is. */
export function credentialsOf(state: ZabState): Credentials {
  return { currentEpoch: state.currentEpoch, zxid: lastZxid(state) };
}

/** Whether the own disk has not finished a write for an election timeout: such a node must not lead. */
export function isDiskStalled(state: ZabState): boolean {
  return isWriteStalled(state, state.options.timing.electionMs);
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

/** For messages that promise nothing: they leave at once. */
export function send(state: ZabState, to: NodeId, message: ZabMessage): void {
  state.out.send.push({ from: state.self, to, message });
}

/** For promises: they leave when this step's write, and so every earlier one, is durable. */
export function sendDurably(state: ZabState, to: NodeId, message: ZabMessage): void {
  state.out.durably.push({ from: state.self, to, message });
}

/** Closes the step: what is to be written gets its sequence number. */
export function takeOutput(state: ZabState): Output<ZabMessage> {
  const { out } = state;
  state.out = createStepOutbox();
  return closeStep(out, state, () => encodeHardState(state), state.wakeAt);
}
