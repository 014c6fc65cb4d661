import type { NodeId } from '@varve/encoding';
import { assert, assertNever } from './assert.ts';
import { maybeBuild, takeBuilt } from './building.ts';
import type { Configuration } from './configuration.ts';
import type { Anchor, EngineOptions, Envelope, Input, Output, Payload, Protocol, Recovered } from './contract.ts';
import { type StatusPort, statusOf } from './leader-status.ts';
import { quorumSize } from './quorum.ts';
import type { ReadBarrier } from './read-barrier.ts';
import { readDeadline } from './read-state.ts';
import type { Replica } from './replica.ts';
import { trimLog } from './replicated-log.ts';
import { closeStep, createStepOutbox, notePersisted } from './step-outbox.ts';

/**
 * A step that comes later than this share of an election timeout after the time that was asked for proves that this
 * node slept, and its silence says nothing of others.
 */
const PAUSE_PER_ELECTION = 2;

/** What a protocol with one leader and one log does its own way. */
export interface ProtocolPort<S extends Replica<M>, M>
  extends StatusPort<S>,
    Pick<Protocol<M>, 'name' | 'vouched' | 'encode' | 'decode'> {
  readonly reads: ReadBarrier<S>;
  /** A replica that starts from what its store held, and has compared its log with its ledger. */
  start(configuration: Configuration, recovered: Recovered, options: EngineOptions, now: number): S;
  /** What must survive a crash beside the log, in one record. */
  hardState(state: S): Uint8Array;
  nonsenseIn(message: M): string | undefined;
  /** A voter says something that makes sense; own promises, now durable, come in here too. */
  onMessage(state: S, from: NodeId, message: M): void;
  /** The own payload got its slot. */
  propose(state: S, payload: Payload): void;
  onSynced(state: S, anchor: Anchor): void;
  onTransfer(state: S, to: NodeId): void;
  onLink(state: S, peer: NodeId, up: boolean): void;
  /** After a pause, or a leap of `now`, every suspicion starts anew. */
  forgive(state: S): void;
  /** Does whatever is due at `state.now`. */
  runTimers(state: S): void;
  /** The next time at which `runTimers` has something to do. */
  nextDeadline(state: S): number;
}

/** The engine contract for such a protocol, which tolerates crashes. */
export function leaderProtocol<S extends Replica<M>, M>(port: ProtocolPort<S, M>): Protocol<M> {
  return {
    name: port.name,
    faultModel: 'crash',
    quorum: (n) => quorumSize(n, 'crash'),
    create: (configuration, recovered, options, now) => {
      const state = port.start(configuration, recovered, options, now);
      state.wakeAt = deadlineOf(state, port);
      const first = takeOutput(state, port);
      return {
        engine: { step: (input, time) => step(state, port, input, time), status: () => statusOf(state, port) },
        first,
      };
    },
    vouched: port.vouched,
    signBytes: () => undefined,
    statements: () => [],
    encode: port.encode,
    decode: port.decode,
  };
}

function step<S extends Replica<M>, M>(state: S, port: ProtocolPort<S, M>, input: Input<M>, now: number): Output<M> {
  assert(Number.isSafeInteger(now) && now >= state.now, 'time is an integer that never falls');
  state.now = now;
  if (hasPaused(state)) {
    if (state.unpersisted) state.unpersisted.since = now;
    port.forgive(state);
  }
  onInput(state, port, input);
  if (readDeadline(state.reads) <= now) port.reads.expire(state, now);
  // The target did not take over within an election timeout: this leader goes on.
  if (state.leadership && transferDeadline(state) <= now) state.leadership.transfer = undefined;
  port.runTimers(state);
  if (port.isOpen(state)) maybeBuild(state, port.epochOf(state));
  state.wakeAt = deadlineOf(state, port);
  return takeOutput(state, port);
}

function hasPaused({ now, wakeAt, options }: Replica): boolean {
  return wakeAt !== undefined && (now - wakeAt) * PAUSE_PER_ELECTION > options.timing.electionMs;
}

function transferDeadline({ leadership }: Replica): number {
  return leadership?.transfer?.deadline ?? Number.POSITIVE_INFINITY;
}

function deadlineOf<S extends Replica<M>, M>(state: S, port: ProtocolPort<S, M>): number {
  return Math.min(port.nextDeadline(state), readDeadline(state.reads), transferDeadline(state));
}

/** Closes the step: what is to be written gets its sequence number. */
function takeOutput<S extends Replica<M>, M>(state: S, port: ProtocolPort<S, M>): Output<M> {
  const { out } = state;
  state.out = createStepOutbox();
  return closeStep(out, state, () => port.hardState(state), state.wakeAt);
}

function onInput<S extends Replica<M>, M>(state: S, port: ProtocolPort<S, M>, input: Input<M>): void {
  switch (input.kind) {
    case 'tick':
    case 'checked':
      return;
    case 'message':
      return onEnvelope(state, port, input.envelope);
    case 'demand':
      state.pending = input.pending;
      return;
    case 'propose':
      if (takeBuilt(state, input.slot, input.payload)) port.propose(state, input.payload);
      return;
    case 'persisted':
      return notePersisted(state, input.sequence);
    case 'applied':
      state.applied = Math.max(state.applied, input.index);
      return;
    case 'certified':
      return trimLog(state, input.anchor);
    case 'synced':
      return port.onSynced(state, input.anchor);
    case 'read':
      return port.reads.onRead(state, input.context);
    case 'transfer':
      return port.onTransfer(state, input.to);
    case 'drain':
      state.draining = true;
      return port.reads.fail(state);
    case 'equivocated':
      // Crash faults only: nobody lies.
      return;
    case 'link':
      return port.onLink(state, input.peer, input.up);
    default:
      return assertNever(input);
  }
}

/** Who is no voter is not heard. */
function onEnvelope<S extends Replica<M>, M>(
  state: S,
  port: ProtocolPort<S, M>,
  { from, to, message }: Envelope<M>,
): void {
  if (to !== state.self || !state.voters.includes(from) || port.nonsenseIn(message) !== undefined) return;
  if (from !== state.self) state.heardAt.set(from, state.now);
  port.onMessage(state, from, message);
}
