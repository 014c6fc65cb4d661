import type { Configuration, EngineOptions } from '@varve/consensus';
import {
  type Anchor,
  compareEpochs,
  type Engine,
  type Entry,
  type Envelope,
  type Evidence,
  type Input,
  type Output,
  type Payload,
  type Protocol,
  type Recovered,
  type SignedBytes,
  type Slot,
  type Status,
} from '@varve/consensus';
import type { NodeId, PayloadId } from '@varve/encoding';
import { payloadIdOf } from '@varve/ledger';
import type { Durability } from './durability.ts';
import type { EngineLog } from './engine-log.ts';
import type { Frame } from './packet.ts';

/** What the rest of the validator does for the engine. */
export interface EngineSurroundings {
  readonly durability: Durability;
  readonly log: EngineLog;
  send(to: NodeId, frame: Frame): void;
  /** Has `message` signed with the signing key, then calls back. */
  sign(message: Uint8Array, then: (signature: Uint8Array) => void): void;
  /** Judges a signature of a member. */
  verify(voter: NodeId, message: Uint8Array, signature: Uint8Array): boolean;
  /** Payloads that a message named: their transactions can be verified before they are committed. */
  arrived(payload: Payload): void;
  committed(entry: Entry): void;
  /** Own payloads that lost their slot. */
  dropped(payloads: readonly PayloadId[]): void;
  read(context: number, index: number, ok: boolean): void;
  syncWanted(peers: readonly NodeId[]): void;
  /** May this payload be ordered in this slot? The answer is the engine's input `checked`. */
  check(slot: Slot, payload: Payload, fresh: boolean): void;
  /** A member signed two statements that contradict each other. */
  evidence(found: Evidence): void;
  /** A member said that it holds this durably; `statement` where it signed that. */
  witnessed(member: NodeId, slot: Slot, statement: SignedBytes | undefined): void;
  misbehaved(member: NodeId, reason: string): void;
  wake(at: number): void;
}

/** Whether `a` claims more than `b`. */
export function slotAbove(a: Slot, b: Slot): boolean {
  const order = compareEpochs(a.epoch, b.epoch);
  return order > 0 || (order === 0 && a.index > b.index);
}

/** Runs one engine: carries its writes to the log and its messages to peers, and what comes back to it. */
export class EngineHost {
  readonly #protocol: Protocol<unknown>;
  readonly #options: EngineOptions;
  readonly #surroundings: EngineSurroundings;
  readonly #engine: Engine<unknown>;
  #queue: Input<unknown>[] = [];
  #running = false;
  #isStopped = false;
  #now: number;
  #slot: Slot | undefined;
  #wakeAt: number | undefined;
  #vouched: Slot | undefined;
  #status: Status | undefined;

  constructor(
    protocol: Protocol<unknown>,
    configuration: Configuration,
    recovered: Recovered,
    vouched: Slot | undefined,
    options: EngineOptions,
    surroundings: EngineSurroundings,
    now: number,
  ) {
    this.#protocol = protocol;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#vouched = vouched;
    this.#now = now;
    const { engine, first } = protocol.create(configuration, recovered, options, now);
    this.#engine = engine;
    this.#take(first);
  }

  /** The payload the engine asks for. */
  get slot(): Slot | undefined {
    return this.#slot;
  }

  /** The highest slot this node has vouched for. */
  get vouched(): Slot | undefined {
    return this.#vouched;
  }

  /** What the engine says of itself, which only its steps change. */
  status(): Status {
    this.#status ??= this.#engine.status();
    return this.#status;
  }

  /** Nothing it would still do matters: the next configuration rules. */
  stop(): void {
    this.#isStopped = true;
    this.#slot = undefined;
    this.#wakeAt = undefined;
  }

  /** Feeds one input, and whatever the engine sends itself because of it. */
  step(input: Input<unknown>, now: number): void {
    if (this.#isStopped) return;
    this.#now = now;
    this.#queue.push(input);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.kind === 'propose') this.#slot = undefined;
      const output = this.#engine.step(next, this.#now);
      this.#status = undefined;
      this.#take(output);
    }
    this.#running = false;
  }

  /** A tick is due. */
  tick(now: number): void {
    if (this.#wakeAt !== undefined && now >= this.#wakeAt) this.step({ kind: 'tick' }, now);
  }

  /** Asks to be woken for the next tick. */
  scheduleWake(): void {
    if (this.#wakeAt !== undefined) this.#surroundings.wake(this.#wakeAt);
  }

  /** A frame of `from` for this instance. */
  receive(from: NodeId, frame: Frame, now: number): void {
    const payloads = new Map<PayloadId, Payload>();
    for (const bytes of frame.payloads) {
      const id = payloadIdOf(bytes);
      payloads.set(id, { id, bytes });
    }
    const named = new Set<Payload>();
    const decoded = this.#protocol.decode(frame.body, (id) => {
      const payload = payloads.get(id);
      if (payload) named.add(payload);
      return payload ?? this.#surroundings.log.payload(id);
    });
    // A payload that is missing travels with the message that names it: the sender will repeat both.
    if (decoded.kind === 'missing') return;
    if (decoded.kind === 'malformed') return this.#surroundings.misbehaved(from, decoded.reason);
    const { message } = decoded;
    const signed = this.#protocol.signBytes(message, this.#options.instance);
    const fault = this.#signatureFault(from, message, signed, frame.signature);
    if (fault !== undefined) return this.#surroundings.misbehaved(from, fault);
    const slot = this.#protocol.vouched(message);
    const signature = frame.signature ?? undefined;
    if (slot) this.#surroundings.witnessed(from, slot, signed && signature && { bytes: signed, signature });
    for (const payload of named) this.#surroundings.arrived(payload);
    const envelope: Envelope<unknown> = { from, to: this.#options.self, message, ...(signature && { signature }) };
    this.step({ kind: 'message', envelope }, now);
  }

  /** A certificate of this block is durable. */
  certified(anchor: Anchor, now: number): void {
    this.step({ kind: 'certified', anchor }, now);
  }

  #signatureFault(
    from: NodeId,
    message: unknown,
    signed: Uint8Array | undefined,
    signature: Uint8Array | null,
  ): string | undefined {
    const { instance } = this.#options;
    if (signed !== undefined) {
      if (signature === null) return 'a message without its signature';
      if (!this.#surroundings.verify(from, signed, signature)) return 'a message with a wrong signature';
    }
    for (const statement of this.#protocol.statements(message, instance)) {
      if (!this.#surroundings.verify(statement.voter, statement.bytes, statement.signature)) {
        return `a relayed statement of ${statement.voter} with a wrong signature`;
      }
    }
    return undefined;
  }

  #take(output: Output<unknown>): void {
    const { durability, log } = this.#surroundings;
    for (const envelope of output.send) this.#dispatch(envelope);
    if (output.write) {
      const { write } = output;
      log.apply(write);
      let isNew = false;
      for (const { message } of write.then) isNew = this.#vouch(message) || isNew;
      // What peers will remember must be in the journal before they hear of it, also where nothing else is written.
      if (isNew) log.ensureBatch();
      durability.after(() => {
        this.step({ kind: 'persisted', sequence: write.sequence }, this.#now);
        for (const envelope of write.then) this.#dispatch(envelope);
      });
    }
    for (const { slot, payload, fresh } of output.check) this.#surroundings.check(slot, payload, fresh);
    for (const entry of output.commit) this.#surroundings.committed(entry);
    for (const found of output.evidence) this.#surroundings.evidence(found);
    if (output.dropped.length > 0) this.#surroundings.dropped(output.dropped);
    for (const read of output.reads) this.#surroundings.read(read.context, read.index, read.ok);
    if (output.sync) this.#surroundings.syncWanted(output.sync.peers);
    if (output.build) this.#slot = output.build;
    this.#wakeAt = output.wakeAt;
  }

  /** Returns whether `message` vouches for more than any before. */
  #vouch(message: unknown): boolean {
    const slot = this.#protocol.vouched(message);
    if (slot === undefined || (this.#vouched !== undefined && !slotAbove(slot, this.#vouched))) return false;
    this.#vouched = slot;
    return true;
  }

  #dispatch(envelope: Envelope<unknown>): void {
    const signed = this.#protocol.signBytes(envelope.message, this.#options.instance);
    if (signed === undefined) return this.#deliver(envelope);
    this.#surroundings.sign(signed, (signature) => this.#deliver({ ...envelope, signature }));
  }

  #deliver(envelope: Envelope<unknown>): void {
    if (envelope.to === this.#options.self) return this.step({ kind: 'message', envelope }, this.#now);
    const { body, payloads } = this.#protocol.encode(envelope.message);
    this.#surroundings.send(envelope.to, {
      instance: this.#options.instance,
      body,
      payloads: payloads.map((payload) => payload.bytes),
      signature: envelope.signature ?? null,
    });
  }
}
