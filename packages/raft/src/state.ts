import {
  assert,
  type Configuration,
  closeStep,
  createRng,
  createStepOutbox,
  type EngineOptions,
  type Entry,
  type Output,
  quorumSize,
  ReadBarriers,
  type Recovered,
  type Rng,
  type Slot,
  type StepOutbox,
  uniformBelow,
  type WriteProgress,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { decodeHardState, encodeHardState } from './codec.ts';
import { RaftLog } from './log.ts';
import type { RaftMessage } from './message.ts';
import type { Progress } from './window.ts';

/** Raft §5.1, with the candidate before its pre-vote succeeded as a role of its own (thesis §9.6). */
export type RaftRole = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** What only a leader has; made anew at each election. */
export interface Leadership {
  /** Of every voter, in name order. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
  /** The no-op that opened the term: until it commits, nothing is built and no read confirmed (Raft §8). */
  readonly firstIndex: number;
  heartbeatAt: number;
  /** When a quorum must have been heard again (thesis §6.2). */
  quorumCheckAt: number;
  transfer: { readonly to: NodeId; readonly deadline: number; sent: boolean } | undefined;
  /** The slot that the host was asked to fill. */
  openBuild: Slot | undefined;
}

/** Everything one replica knows. Fields of Raft's figure 2 keep their names. */
export interface RaftState extends WriteProgress {
  readonly self: NodeId;
  /** All voters in name order. */
  readonly voters: readonly NodeId[];
  readonly peers: readonly NodeId[];
  readonly quorum: number;
  readonly options: EngineOptions;
  readonly rng: Rng;
  readonly log: RaftLog;
  term: number;
  votedFor: NodeId | undefined;
  role: RaftRole;
  leader: NodeId | undefined;
  /** `now` of the last message of this term's leader. */
  leaderHeardAt: number;
  votes: Set<NodeId>;
  leadership: Leadership | undefined;
  commitIndex: number;
  /** Highest index that was learnt from certified blocks and not from a leader of this term or before. */
  syncedIndex: number;
  applied: number;
  pending: boolean;
  draining: boolean;
  /** The leader said that only block sync can bring what is missing. */
  syncing: boolean;
  readonly reads: ReadBarriers;
  electionAt: number;
  readonly heardAt: Map<NodeId, number>;
  now: number;
  wakeAt: number | undefined;
  out: StepOutbox<RaftMessage>;
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): RaftState {
  const voters = configuration.validators.map((validator) => validator.name).sort();
  assert(voters.includes(options.self), 'a replica is a voter of its configuration');
  const hardState = recovered.hardState ? decodeHardState(recovered.hardState) : { term: 0, votedFor: undefined };
  const log = new RaftLog(recovered.anchor, recovered.log);
  const rng = createRng(options.seed);
  const isFresh = recovered.hardState === undefined && recovered.log.length === 0;
  const mayCampaignAtOnce = voters.length === 1 || (isFresh && options.first === options.self);
  return {
    self: options.self,
    voters,
    peers: voters.filter((voter) => voter !== options.self),
    quorum: quorumSize(voters.length, 'crash'),
    options,
    rng,
    log,
    term: hardState.term,
    votedFor: hardState.votedFor,
    role: 'follower',
    leader: undefined,
    leaderHeardAt: 0,
    votes: new Set(),
    leadership: undefined,
    commitIndex: Math.max(recovered.anchor.index, Math.min(recovered.applied, log.lastIndex)),
    syncedIndex: 0,
    applied: recovered.applied,
    pending: false,
    draining: false,
    syncing: false,
    // Counters of another run must not be taken for this one's: an old answer would confirm a new read.
    reads: new ReadBarriers(rng.nextUint32() * 2 ** 20),
    electionAt: mayCampaignAtOnce ? now : now + drawTimeout(rng, options),
    heardAt: new Map(),
    sequence: 0,
    unpersisted: undefined,
    now,
    wakeAt: undefined,
    out: createStepOutbox(),
  };
}

function drawTimeout(rng: Rng, options: EngineOptions): number {
  return options.timing.electionMs + uniformBelow(rng, options.timing.electionMs);
}

/** Draws a timeout in [T, 2T) and starts it (Raft §5.2). */
export function restartElectionTimer(state: RaftState): void {
  state.electionAt = state.now + drawTimeout(state.rng, state.options);
}

/** For messages that promise nothing: they leave at once. */
export function send(state: RaftState, to: NodeId, message: RaftMessage): void {
  state.out.send.push({ from: state.self, to, message });
}

/** For promises: they leave when this step's write, and so every earlier one, is durable. */
export function sendDurably(state: RaftState, to: NodeId, message: RaftMessage): void {
  state.out.durably.push({ from: state.self, to, message });
}

/** Appends to the log and to this step's write. */
export function appendToLog(state: RaftState, entries: readonly Entry[]): void {
  state.log.append(entries);
  for (const entry of entries) state.out.append.push(entry);
}

/** Drops the log from `index` on; payloads that this node proposed go back to the host. */
export function truncateLog(state: RaftState, index: number): void {
  assert(index > state.commitIndex, 'a committed entry is never truncated');
  assert(state.out.append.length === 0, 'a write truncates before it appends');
  dropOwn(state, state.log.truncateFrom(index));
  state.out.truncateFrom = index;
}

/** Reports those of `entries` that were proposed here. */
export function dropOwn(state: RaftState, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.payload && entry.epoch.node === state.self) state.out.dropped.push(entry.payload.id);
  }
}

/** Hands out everything up to `index`, which the log holds. */
export function commitTo(state: RaftState, index: number): void {
  if (index <= state.commitIndex) return;
  for (const entry of state.log.range(state.commitIndex + 1, index)) state.out.commit.push(entry);
  state.commitIndex = index;
}

/** Closes the step: what is to be written gets its sequence number. */
export function takeOutput(state: RaftState): Output<RaftMessage> {
  const { out } = state;
  state.out = createStepOutbox();
  return closeStep(out, state, () => encodeHardState(state), state.wakeAt);
}
