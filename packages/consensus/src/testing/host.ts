import type { NodeId, PayloadId } from '@varve/encoding';
import type { Configuration } from '../configuration.ts';
import type {
  Anchor,
  Engine,
  EngineOptions,
  Evidence,
  Input,
  Output,
  Payload,
  Protocol,
  Slot,
  Write,
} from '../contract.ts';
import { fingerprint } from './fingerprint.ts';
import { anchorAt } from './fixtures.ts';
import type { History, Proposal } from './history.ts';
import { isFull, OutputRules } from './output-rules.ts';
import { applyWrite, emptyStore, recoveredOf, type Store } from './store.ts';
import { violated } from './violation.ts';

/** What becomes durable at once: a write, what was executed, and the ledger's tip. */
export interface Batch<M> {
  readonly write: Write<M> | undefined;
  readonly applied: number;
  readonly ledger: Anchor | undefined;
}

/** One node: an engine, its store, and the writes between them. Every promise of one run is checked here. */
export class EngineHost<M> {
  readonly id: NodeId;
  engine: Engine<M> | undefined;
  store: Store = emptyStore();
  /** Not durable yet, oldest first. */
  batches: Batch<M>[] = [];
  boots = 0;
  wakeAt: number | undefined;
  /** A disk that finishes nothing. */
  frozen = false;
  /** A process that does nothing, while messages wait. */
  paused = false;
  /** A host that executes nothing. */
  lagging = false;
  /** Payloads that its clients wait to see ordered. */
  pool = 0;
  readonly dropped: PayloadId[] = [];
  readonly reads: { readonly context: number; readonly index: number; readonly ok: boolean }[] = [];
  readonly syncs: (readonly NodeId[])[] = [];
  /** Against liars; against anybody else it breaks a promise. */
  readonly evidence: Evidence[] = [];
  /** Own proposals of this run, neither committed here nor dropped. */
  readonly inFlight: Map<PayloadId, Proposal> = new Map();
  /** Of this run. */
  #trace: { readonly input: Input<M>; readonly now: number; readonly output: string }[] = [];
  #create: (() => { readonly engine: Engine<M>; readonly first: Output<M> }) | undefined;
  #first = '';
  #rules: OutputRules | undefined;
  #window: EngineOptions['window'] | undefined;
  readonly #history: History;
  readonly #records: boolean;
  readonly #liars: readonly NodeId[];

  /**
   * @param records - Whether every step is kept, to be replayed.
   * @param liars - Nodes against which evidence is expected.
   */
  constructor(id: NodeId, history: History, records: boolean, liars: readonly NodeId[] = []) {
    this.id = id;
    this.#history = history;
    this.#records = records;
    this.#liars = liars;
  }

  get open(): Slot | undefined {
    return this.#rules?.open;
  }

  /** Index of the last entry handed out, or covered by block sync. */
  get delivered(): number {
    return this.#rules?.delivered ?? this.store.applied;
  }

  boot(protocol: Protocol<M>, configuration: Configuration, options: EngineOptions, now: number): Output<M> {
    this.boots += 1;
    this.batches = [];
    this.#trace = [];
    this.inFlight.clear();
    const recovered = recoveredOf(this.store);
    this.#create = () => protocol.create(configuration, recovered, options, now);
    const { engine, first } = this.#create();
    this.engine = engine;
    this.#window = options.window;
    this.#rules = new OutputRules(this.id, recovered, engine.status().committed - first.commit.length);
    if (this.#records) this.#first = fingerprint(first);
    this.#take(undefined, first, now);
    return first;
  }

  /** @param survivors - How many of the unfinished writes are durable all the same. */
  crash(survivors: number): void {
    for (const batch of this.batches.slice(0, survivors)) this.#persist(batch);
    this.checkReplay();
    this.engine = undefined;
    this.#rules = undefined;
    this.batches = [];
    this.wakeAt = undefined;
    this.inFlight.clear();
    this.#history.forgetReads(this.id);
  }

  step(input: Input<M>, now: number): Output<M> | undefined {
    if (!this.engine) return undefined;
    this.#rules?.note(input);
    if (input.kind === 'propose') this.#notePropose(input.slot, input.payload);
    if (input.kind === 'synced') this.#forgetUpTo(input.anchor.index);
    const output = this.engine.step(input, now);
    if (this.#records) this.#trace.push({ input, now, output: fingerprint(output) });
    this.#take(input, output, now);
    return output;
  }

  /** The disk finishes the oldest write. The caller tells the engine. */
  finishWrite(): Batch<M> | undefined {
    const batch = this.batches.shift();
    if (batch) this.#persist(batch);
    return batch;
  }

  /** An engine in the state of this one, which it shares nothing with. */
  copy(): Engine<M> {
    if (!this.#records || !this.#create) violated(`nothing of ${this.id} is recorded`);
    const { engine } = this.#create();
    for (const { input, now } of this.#trace) engine.step(input, now);
    return engine;
  }

  /** A second engine, given the same inputs at the same times, does the same. */
  checkReplay(): void {
    if (!this.#records || !this.#create || !this.engine) return;
    const { engine, first } = this.#create();
    if (fingerprint(first) !== this.#first) violated(`replay: ${this.id} starts differently`);
    for (const { input, now, output } of this.#trace) {
      const again = fingerprint(engine.step(input, now));
      if (again !== output) violated(`replay: ${this.id} differs at ${now}, ${input.kind}:\n${output}\n${again}`);
    }
    if (fingerprint(engine.status()) !== fingerprint(this.engine.status()))
      violated(`replay: ${this.id} ends differently`);
  }

  /** Every own proposal came to an end: committed, or given back. */
  checkSettled(): void {
    for (const [id, { slot }] of this.inFlight) {
      if (slot.index > this.delivered) violated(`${this.id} still has a proposal for ${slot.index} in flight`);
      violated(`${this.id} proposed ${id} for ${slot.index}: another stands there, and it was not given back`);
    }
  }

  #notePropose(slot: Slot, payload: Payload): void {
    if (this.#window && isFull(this.#window, this.inFlight.values()))
      violated(`${this.id} was invited to propose ${slot.index} with ${this.inFlight.size} in flight`);
    this.#history.notePropose(this.id, slot, payload);
    this.inFlight.set(payload.id, { node: this.id, slot, bytes: payload.bytes.length });
  }

  #forgetUpTo(index: number): void {
    for (const [id, { slot }] of this.inFlight) {
      if (slot.index <= index && this.#history.indexOf(id) === slot.index) this.inFlight.delete(id);
    }
  }

  #take(input: Input<M> | undefined, output: Output<M>, now: number): void {
    this.#rules?.check(input, output, now);
    for (const entry of output.commit) {
      this.#history.noteCommit(this.id, entry);
      if (entry.payload) this.inFlight.delete(entry.payload.id);
    }
    for (const id of output.dropped) {
      const proposal = this.#history.proposals.get(id);
      if (proposal && proposal.node !== this.id) violated(`${this.id} drops a payload of ${proposal.node}`);
      this.inFlight.delete(id);
      this.dropped.push(id);
    }
    for (const read of output.reads) {
      this.#history.answerRead(this.id, read);
      this.reads.push(read);
    }
    for (const evidence of output.evidence) {
      if (!this.#liars.includes(evidence.voter)) violated(`${this.id} has evidence against ${evidence.voter}`);
      this.evidence.push(evidence);
    }
    if (output.sync) this.syncs.push(output.sync.peers);
    if (!output.write && output.commit.length === 0) return;
    const tip = output.commit.findLast((entry) => entry.payload);
    const ledger = tip && anchorAt(tip.index, tip.epoch);
    this.batches.push({ write: output.write, applied: this.delivered, ledger });
  }

  #persist(batch: Batch<M>): void {
    if (batch.write) applyWrite(this.store, batch.write);
    this.store.applied = Math.max(this.store.applied, batch.applied);
    if (batch.ledger) this.store.ledger = batch.ledger;
  }
}
