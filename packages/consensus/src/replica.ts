import type { NodeId } from '@varve/encoding';
import { assert } from './assert.ts';
import type { Configuration } from './configuration.ts';
import type { EngineOptions, Recovered, Slot } from './contract.ts';
import type { EntryLog } from './entry-log.ts';
import { quorumSize } from './quorum.ts';
import { createRng, type Rng } from './random.ts';
import { createReads, type ReadState } from './read-state.ts';
import { createStepOutbox, isWriteStalled, type StepOutbox, type WriteProgress } from './step-outbox.ts';

/** What every leader has, and who tries to become one. */
export interface Leading {
  /** To whom leadership is to be handed, and until when. */
  transfer: { readonly to: NodeId; readonly deadline: number } | undefined;
  /** The slot that the host was asked to fill. */
  openBuild: Slot | undefined;
}

/** What a replica of any protocol with one leader and one log knows; each protocol adds its own. */
export interface Replica<M = unknown> extends WriteProgress {
  readonly self: NodeId;
  /** All voters in name order. */
  readonly voters: readonly NodeId[];
  readonly peers: readonly NodeId[];
  readonly quorum: number;
  readonly options: EngineOptions;
  readonly rng: Rng;
  readonly log: EntryLog;
  leadership: Leading | undefined;
  /** Everything up to here is decided, and handed out. */
  commitIndex: number;
  applied: number;
  pending: boolean;
  draining: boolean;
  readonly reads: ReadState;
  /** `now` of each peer's last message. */
  readonly heardAt: Map<NodeId, number>;
  now: number;
  wakeAt: number | undefined;
  out: StepOutbox<M>;
}

/** What every replica starts with. It is still to be compared with the ledger: see `standOnRecovered`. */
export function createReplica<M, Log extends EntryLog>(
  log: Log,
  configuration: Configuration,
  recovered: Recovered,
  options: EngineOptions,
  now: number,
): Omit<Replica<M>, 'log' | 'leadership'> & { readonly log: Log; leadership: undefined } {
  const voters = configuration.validators.map((validator) => validator.name).sort();
  assert(voters.includes(options.self), 'a replica is a voter of its configuration');
  const rng = createRng(options.seed);
  return {
    self: options.self,
    voters,
    peers: voters.filter((voter) => voter !== options.self),
    quorum: quorumSize(voters.length, 'crash'),
    options,
    rng,
    log,
    leadership: undefined,
    commitIndex: recovered.anchor.index,
    applied: recovered.applied,
    pending: false,
    draining: false,
    // Counters of another run must not be taken for this one's: an old answer would confirm a new read.
    reads: createReads(rng.nextUint32() * 2 ** 20),
    heardAt: new Map(),
    sequence: 0,
    unpersisted: undefined,
    now,
    wakeAt: undefined,
    out: createStepOutbox(),
  };
}

/** For messages that promise nothing: they leave at once. */
export function send<M>(state: Replica<M>, to: NodeId, message: NoInfer<M>): void {
  state.out.send.push({ from: state.self, to, message });
}

/** For promises: they leave when this step's write, and so every earlier one, is durable. */
export function sendDurably<M>(state: Replica<M>, to: NodeId, message: NoInfer<M>): void {
  state.out.durably.push({ from: state.self, to, message });
}

/** Whether the own disk has not finished a write for an election timeout: such a node must not lead. */
export function isDiskStalled(state: Replica): boolean {
  return isWriteStalled(state, state.options.timing.electionMs);
}

/** Whether `peer` was heard so recently that it may be counted on. */
export function isHeard(state: Replica, peer: NodeId): boolean {
  const heardAt = state.heardAt.get(peer);
  return heardAt !== undefined && state.now - heardAt < 2 * state.options.timing.electionMs;
}

/** Asks the host for certified blocks, best from `peer`. */
export function askForBlocks(state: Replica, peer: NodeId): void {
  state.out.syncPeers = [peer, ...state.peers.filter((other) => other !== peer && isHeard(state, other))];
}
