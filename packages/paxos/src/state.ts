import {
  assert,
  type Configuration,
  closeStep,
  compareEpochs,
  createRng,
  createStepOutbox,
  type EngineOptions,
  type Entry,
  EntryLog,
  isWriteStalled,
  type Output,
  quorumSize,
  ReadBarriers,
  type Recovered,
  type Rng,
  type StepOutbox,
  type WriteProgress,
} from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from './ballot.ts';
import { decodeHardState, encodeHardState } from './codec.ts';
import type { Leadership } from './leadership.ts';
import type { PaxosMessage } from './message.ts';
import { createRounds, type Rounds } from './rounds.ts';

/** Parts of an AcceptSync that wait for the others: a log becomes the leader's as a whole or not at all. */
export interface PartialSync {
  readonly prevIndex: number;
  readonly entries: Entry[];
}

/** Everything one replica knows. */
export interface PaxosState extends WriteProgress {
  readonly self: NodeId;
  /** All voters in name order. */
  readonly voters: readonly NodeId[];
  readonly peers: readonly NodeId[];
  readonly quorum: number;
  readonly options: EngineOptions;
  readonly rng: Rng;
  readonly log: EntryLog;
  /** Nothing below is accepted. */
  promised: Ballot;
  /** Whose log this one is a prefix of. */
  acceptedRound: Ballot;
  /** While this node leads `promised`, or tries to. */
  leadership: Leadership | undefined;
  readonly rounds: Rounds;
  /** Started from a store, and not yet back in a session. */
  recovering: boolean;
  /** When this node takes over without a round: the designated first leader, or the only voter. */
  campaignAt: number | undefined;
  /** Everything up to here is decided, and handed out. */
  decided: number;
  partial: PartialSync | undefined;
  /** When the leader was last asked to open a session, or sent a part of its opening. */
  askedAt: number;
  applied: number;
  pending: boolean;
  draining: boolean;
  /** Only block sync can bring what is missing. */
  syncing: boolean;
  readonly reads: ReadBarriers;
  readonly heardAt: Map<NodeId, number>;
  now: number;
  wakeAt: number | undefined;
  out: StepOutbox<PaxosMessage>;
}

/** The state of a replica that starts from what its store held. */
export function createState(
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): PaxosState {
  const voters = configuration.validators.map((validator) => validator.name).sort();
  assert(voters.includes(options.self), 'a replica is a voter of its configuration');
  const hardState = recovered.hardState && decodeHardState(recovered.hardState);
  const log = new EntryLog(recovered.anchor, recovered.log);
  const rng = createRng(options.seed);
  const isFresh = hardState === undefined && recovered.log.length === 0;
  const mayCampaignAtOnce = voters.length === 1 || (isFresh && options.first === options.self);
  return {
    self: options.self,
    voters,
    peers: voters.filter((voter) => voter !== options.self),
    quorum: quorumSize(voters.length, 'crash'),
    options,
    rng,
    log,
    promised: hardState?.promised ?? BALLOT_ZERO,
    acceptedRound: hardState?.acceptedRound ?? BALLOT_ZERO,
    leadership: undefined,
    rounds: createRounds(rng, options, now),
    recovering: !isFresh,
    campaignAt: mayCampaignAtOnce ? now : undefined,
    decided: Math.max(recovered.anchor.index, Math.min(recovered.applied, log.lastIndex)),
    partial: undefined,
    askedAt: Number.NEGATIVE_INFINITY,
    applied: recovered.applied,
    pending: false,
    draining: false,
    syncing: false,
    // Counters of another run must not be taken for this one's: an old answer would confirm a new read.
    reads: new ReadBarriers(rng.nextUint32() * 2 ** 20),
    heardAt: new Map(),
    sequence: 0,
    unpersisted: undefined,
    now,
    wakeAt: undefined,
    out: createStepOutbox(),
  };
}

/** For messages that promise nothing: they leave at once. */
export function send(state: PaxosState, to: NodeId, message: PaxosMessage): void {
  state.out.send.push({ from: state.self, to, message });
}

/** For promises and acceptances: they leave when this step's write, and so every earlier one, is durable. */
export function sendDurably(state: PaxosState, to: NodeId, message: PaxosMessage): void {
  state.out.durably.push({ from: state.self, to, message });
}

/** Whether the log is a prefix of that of the promised ballot's leader. */
export function isInSession(state: PaxosState): boolean {
  return compareEpochs(state.acceptedRound, state.promised) === 0;
}

/** Whom this node follows, itself included. */
export function leaderOf(state: PaxosState): NodeId | undefined {
  const { node } = state.promised;
  if (state.leadership) return state.leadership.phase === 'accept' ? state.self : undefined;
  return node !== '' && node !== state.self && state.rounds.happy ? node : undefined;
}

/** Whether the own disk has not finished a write for an election timeout: such a node must not lead. */
export function isDiskStalled(state: PaxosState): boolean {
  return isWriteStalled(state, state.options.timing.electionMs);
}

/** Whether `peer` was heard so recently that it may be asked for something. */
export function isHeard(state: PaxosState, peer: NodeId): boolean {
  const heardAt = state.heardAt.get(peer);
  return heardAt !== undefined && state.now - heardAt < 2 * state.options.timing.electionMs;
}

/** Asks the host for certified blocks, best from `peer`. */
export function wantBlocks(state: PaxosState, peer: NodeId): void {
  state.syncing = true;
  state.out.syncPeers = [peer, ...state.peers.filter((other) => other !== peer && isHeard(state, other))];
}

/** Hands out everything up to `index`, which the log holds. */
export function commitTo(state: PaxosState, index: number): void {
  if (index <= state.decided) return;
  for (const entry of state.log.range(state.decided + 1, index)) state.out.commit.push(entry);
  state.decided = index;
}

/** Closes the step: what is to be written gets its sequence number. */
export function takeOutput(state: PaxosState): Output<PaxosMessage> {
  const { out } = state;
  state.out = createStepOutbox();
  return closeStep(out, state, () => encodeHardState(state), state.wakeAt);
}
