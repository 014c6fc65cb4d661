import {
  type Anchor,
  type Configuration,
  ENGINE_TIMING_DEFAULT,
  ENGINE_WINDOW_DEFAULT,
  type Engine,
  type Envelope,
  type Input,
  type Output,
  type Payload,
  type Slot,
} from '@varve/consensus';
import { sha256, sha256Hex } from '@varve/crypto';
import { type InstanceId, type NodeId, utf8Encode } from '@varve/encoding';
import { decodePayload, encodePayload, payloadIdOf } from '@varve/ledger';
import { type TendermintMessage, tendermint } from '@varve/tendermint';
import type { Frame, PeerMessage } from '@varve/validator';
import { messageIn, type Voice } from '../../../../packages/simulation/src/byzantine/voice.ts';

/** Transactions that wait to be proposed, at most; the oldest leave first. */
const WAITING_MAX = 2_000;
/** Transactions in one proposal. */
const PROPOSED_MAX = 500;

/** What a voter needs of the node around it. */
export interface VoterPort {
  send(to: NodeId, message: PeerMessage): void;
  /** The voter is so far behind that only the ledger can help. */
  isBehind(): void;
}

/** Where a voter takes part. */
export interface VoterPlace {
  readonly configuration: Configuration;
  readonly instance: InstanceId;
  /** The newest final block. */
  readonly anchor: Anchor;
}

/**
 * Votes and proposes as the engine says, and has no ledger: it takes every payload for valid, keeps nothing on disk and
 * proposes what it heard of transactions. That costs next to nothing.
 */
export class LedgerlessVoter {
  readonly #voice: Voice;
  readonly #place: VoterPlace;
  readonly #port: VoterPort;
  readonly #engine: Engine<TendermintMessage>;
  readonly #waiting = new Map<string, Uint8Array>();
  readonly #queue: Input<TendermintMessage>[] = [];
  #isRunning = false;
  #hasDemand = false;
  #slot: Slot | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(voice: Voice, place: VoterPlace, port: VoterPort) {
    this.#voice = voice;
    this.#place = place;
    this.#port = port;
    const { anchor, configuration, instance } = place;
    const { engine, first } = tendermint.create(
      configuration,
      { anchor, log: [], ledger: anchor, applied: anchor.index },
      {
        self: voice.name,
        instance,
        seed: sha256(utf8Encode(`voter ${voice.name}`)),
        timing: ENGINE_TIMING_DEFAULT,
        window: ENGINE_WINDOW_DEFAULT,
      },
      now(),
    );
    this.#engine = engine;
    this.#take(first);
  }

  /** A frame of another voter. Whoever wants to lie checks no signature. */
  receive(from: NodeId, frame: Frame): void {
    const message = frame.instance === this.#place.instance ? messageIn(frame) : undefined;
    if (message === undefined) return;
    const signature = frame.signature ?? undefined;
    const envelope = { from, to: this.#voice.name, message, ...(signature && { signature }) };
    this.#step({ kind: 'message', envelope });
  }

  /** Transactions that wait at another voter. */
  heard(transactions: readonly Uint8Array[]): void {
    for (const bytes of transactions) this.#waiting.set(sha256Hex(bytes), new Uint8Array(bytes));
    for (const key of this.#waiting.keys()) {
      if (this.#waiting.size <= WAITING_MAX) break;
      this.#waiting.delete(key);
    }
    this.#demand();
  }

  /** The ledger of another validator is at `anchor`. */
  synced(anchor: Anchor): void {
    this.#waiting.clear();
    this.#step({ kind: 'synced', anchor });
    this.#step({ kind: 'applied', index: anchor.index });
    this.#demand();
  }

  link(peer: NodeId, up: boolean): void {
    this.#step({ kind: 'link', peer, up });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #step(input: Input<TendermintMessage>): void {
    this.#queue.push(input);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      this.#take(this.#engine.step(next, now()));
    this.#isRunning = false;
    this.#propose();
  }

  #take(output: Output<TendermintMessage>): void {
    for (const envelope of output.send) this.#deliver(envelope);
    if (output.write) {
      this.#queue.push({ kind: 'persisted', sequence: output.write.sequence });
      for (const envelope of output.write.then) this.#deliver(envelope);
    }
    for (const { slot, payload } of output.check)
      this.#queue.push({ kind: 'checked', slot, payload: payload.id, valid: true });
    for (const { index, payload } of output.commit) {
      if (payload)
        for (const bytes of decodePayload(payload.bytes).transactions) this.#waiting.delete(sha256Hex(bytes));
      this.#queue.push({ kind: 'applied', index });
    }
    if (output.sync) this.#port.isBehind();
    if (output.build) this.#slot = output.build;
    clearTimeout(this.#timer);
    if (output.wakeAt !== undefined)
      this.#timer = setTimeout(() => this.#step({ kind: 'tick' }), Math.max(0, output.wakeAt - now()));
  }

  #deliver(envelope: Envelope<TendermintMessage>): void {
    const { message, to } = envelope;
    const signed = tendermint.signBytes(message, this.#place.instance);
    if (to !== this.#voice.name) return this.#port.send(to, this.#voice.frameOf(message, this.#place.instance));
    const signature = signed && this.#voice.sign(signed);
    this.#queue.push({ kind: 'message', envelope: { ...envelope, ...(signature && { signature }) } });
  }

  #propose(): void {
    const slot = this.#slot;
    if (slot === undefined || this.#waiting.size === 0) return this.#demand();
    this.#slot = undefined;
    const chosen = [...this.#waiting].slice(0, PROPOSED_MAX);
    // Each once: what was executed already would spoil every proposal to come.
    for (const [key] of chosen) this.#waiting.delete(key);
    this.#step({
      kind: 'propose',
      slot,
      payload: payloadFor(
        slot,
        chosen.map(([, bytes]) => bytes),
      ),
    });
  }

  #demand(): void {
    const pending = this.#waiting.size > 0;
    if (pending === this.#hasDemand || this.#isRunning) return;
    this.#hasDemand = pending;
    this.#step({ kind: 'demand', pending });
  }
}

function payloadFor({ index, epoch }: Slot, transactions: readonly Uint8Array[]): Payload {
  const bytes = encodePayload({ index, epoch, time: Date.now(), transactions });
  return { id: payloadIdOf(bytes), bytes };
}

function now(): number {
  return Math.floor(performance.now());
}
