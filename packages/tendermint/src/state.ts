import {
  assert,
  type Configuration,
  closeStep,
  createStepOutbox,
  type EngineOptions,
  type Entry,
  type Epoch,
  faultsTolerated,
  type Output,
  type Payload,
  quorumSize,
  type Recovered,
  type Slot,
  type StepOutbox,
  type WriteProgress,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { decodeHardState, encodeHardState, type HardState, type Lock, type Said, type Valid } from './hard-state.ts';
import { DecidedLog } from './log.ts';
import type { Decided, SignedVote, TendermintMessage } from './message.ts';
import { createPeer, type Peer } from './peer.ts';
import { ProposalBook } from './proposals.ts';
import { createReads, type ReadState } from './read-state.ts';
import type { Step } from './rules.ts';
import { VoteKeeper } from './votes.ts';

/** What others said of one height. */
export interface Heard {
  readonly height: number;
  readonly votes: VoteKeeper;
  readonly proposals: ProposalBook;
}

/** A payload and where it was first proposed. */
export interface Candidate {
  readonly payload: Payload;
  readonly epoch: Epoch;
}

/** The height being decided. Fields of the paper's algorithm 1 keep their names, without the `p`. */
export interface HeightState extends Heard {
  round: number;
  /** Precommits that led into `round`: whoever lags behind may have lost them. */
  entered: readonly SignedVote[];
  step: Step;
  locked: Lock | undefined;
  valid: Valid | undefined;
  /** Of `round`. */
  said: Said;
  /** When the timeouts of this round run out; those that were not started are absent. */
  readonly timers: Map<Step, number>;
  roundSince: number;
}

/** A decision that the host judges, and who sent it. */
export interface Judging {
  readonly from: NodeId;
  readonly decided: Decided;
}

/** Everything one replica knows. */
export interface TendermintState extends WriteProgress {
  readonly self: NodeId;
  /** All voters in name order. */
  readonly voters: readonly NodeId[];
  readonly peers: ReadonlyMap<NodeId, Peer>;
  /** More than two thirds. */
  readonly quorum: number;
  /** More than one third: so many voters include a correct one. */
  readonly skip: number;
  readonly faults: number;
  readonly options: EngineOptions;
  readonly log: DecidedLog;
  height: HeightState;
  /** What came early. */
  next: Heard;
  /** The store's hard state is of this height: nothing below is ever signed. */
  readonly signedHeight: number;
  /** The payload that the store holds for the present height, undecided: the valid one, or an own proposal. */
  stored: Candidate | undefined;
  /** An own proposal that is neither decided nor given back. */
  own: Payload | undefined;
  openBuild: Slot | undefined;
  applied: number;
  pending: boolean;
  draining: boolean;
  /** Only block sync can bring what is missing. */
  syncing: boolean;
  syncAskedAt: number | undefined;
  judging: Judging | undefined;
  readonly reads: ReadState;
  /** Voters against whom there is evidence, by the height of what they said: the present or the next. */
  readonly accused: Map<number, Set<string>>;
  /** Voters that the host says contradicted themselves, in this instance or before. */
  readonly equivocators: Set<NodeId>;
  repeatAt: number | undefined;
  /** Repetitions since something last moved. */
  repeats: number;
  now: number;
  wakeAt: number | undefined;
  out: StepOutbox<TendermintMessage>;
}

/** Nothing heard of `height` yet. */
export function createHeard(voters: readonly NodeId[], quorum: number, height: number): Heard {
  return { height, votes: new VoteKeeper(voters, quorum), proposals: new ProposalBook() };
}

/** A height of which perhaps something was heard, and in which nothing was said. */
export function createHeight(heard: Heard, now: number): HeightState {
  return {
    ...heard,
    round: 0,
    entered: [],
    step: 'propose',
    locked: undefined,
    valid: undefined,
    said: {},
    timers: new Map(),
    roundSince: now,
  };
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): TendermintState {
  const voters = configuration.validators.map((validator) => validator.name).sort();
  assert(voters.includes(options.self), 'a replica is a voter of its configuration');
  const quorum = quorumSize(voters.length, 'byzantine');
  // An entry without a proof is the candidate of the height after the last decision.
  const decided = recovered.log.filter((entry) => entry.proof !== undefined);
  const log = new DecidedLog(recovered.anchor, decided);
  const out = createStepOutbox<TendermintMessage>();
  const isBehind = recovered.ledger.index > log.lastIndex;
  if (isBehind) {
    log.reset(recovered.ledger);
    out.anchor = recovered.ledger;
  }
  const candidate = isBehind ? undefined : recovered.log[decided.length];
  const delivered = Math.max(recovered.applied, recovered.ledger.index, log.base);
  out.commit.push(...decided.filter((entry) => entry.index > delivered));
  const height = createHeight(createHeard(voters, quorum, log.lastIndex + 1), now);
  const hardState = recovered.hardState ? decodeHardState(recovered.hardState) : undefined;
  if (hardState?.height === height.height) restoreHeight(height, hardState, options.self);
  return {
    self: options.self,
    voters,
    peers: new Map(voters.filter((voter) => voter !== options.self).map((peer) => [peer, createPeer()])),
    quorum,
    skip: Math.floor(voters.length / 3) + 1,
    faults: faultsTolerated(voters.length, 'byzantine'),
    options,
    log,
    height,
    next: createHeard(voters, quorum, height.height + 1),
    signedHeight: hardState?.height ?? 0,
    stored: candidate?.payload && { payload: candidate.payload, epoch: candidate.epoch },
    own: undefined,
    openBuild: undefined,
    applied: recovered.applied,
    pending: false,
    draining: false,
    syncing: false,
    syncAskedAt: undefined,
    judging: undefined,
    reads: createReads(options.seed),
    accused: new Map(),
    equivocators: new Set(),
    repeatAt: undefined,
    repeats: 0,
    sequence: 0,
    unpersisted: undefined,
    now,
    wakeAt: undefined,
    out,
  };
}

function restoreHeight(height: HeightState, hardState: HardState, self: NodeId): void {
  const { round, entered, said, locked, valid } = hardState;
  height.round = round;
  height.entered = entered;
  height.votes.enter(round);
  height.proposals.enter(round);
  height.said = said;
  height.step = said.precommit !== undefined ? 'precommit' : said.prevote !== undefined ? 'prevote' : 'propose';
  height.locked = locked;
  height.valid = valid;
  height.votes.addAll(entered);
  if (valid) height.votes.addAll(valid.polka);
  if (said.prevote !== undefined) height.votes.noteReached(self, round);
}

/** For messages that promise nothing: they leave at once. */
export function send(state: TendermintState, to: NodeId, message: TendermintMessage): void {
  state.out.send.push({ from: state.self, to, message });
}

/** To every other voter, at once. */
export function broadcast(state: TendermintState, message: TendermintMessage): void {
  for (const peer of state.peers.keys()) send(state, peer, message);
}

/** For what is signed: to all, this node included, when this step's write, and so every earlier one, is durable. */
export function broadcastDurably(state: TendermintState, message: TendermintMessage): void {
  for (const to of state.voters) state.out.durably.push({ from: state.self, to, message });
}

/** Makes `candidate` the stored payload of the present height, in this step's write. */
export function storeCandidate(state: TendermintState, candidate: Candidate): void {
  if (state.stored?.payload.id === candidate.payload.id) return;
  appendInPlace(state, { index: state.height.height, epoch: candidate.epoch, payload: candidate.payload });
  state.stored = candidate;
}

/** Puts `entry` where the present height's candidate stands, if there is one. */
export function appendInPlace(state: TendermintState, entry: Entry): void {
  const { out, stored } = state;
  if (out.append.at(-1)?.index === entry.index) out.append.pop();
  else if (stored) out.truncateFrom = entry.index;
  out.append.push(entry);
}

/** The own proposal will not be decided as far as this node can tell: its transactions may be proposed again. */
export function dropOwn(state: TendermintState): void {
  if (state.own) state.out.dropped.push(state.own.id);
  state.own = undefined;
}

/** Closes the step: what is to be written gets its sequence number. */
export function takeOutput(state: TendermintState): Output<TendermintMessage> {
  const { out } = state;
  state.out = createStepOutbox();
  return closeStep(out, state, () => encodeHardState(state.height), state.wakeAt);
}
