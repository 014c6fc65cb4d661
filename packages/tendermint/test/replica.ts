import type {
  EngineOptions,
  Entry,
  Envelope,
  Evidence,
  Input,
  Output,
  Payload,
  Slot,
  Status,
  Write,
} from '@varve/consensus';
import {
  applyWrite,
  configurationOf,
  emptyStore,
  fingerprint,
  hashOf,
  names,
  optionsOf,
  recoveredOf,
  type Store,
} from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { type TendermintMessage, tendermint } from '../src/index.ts';
import type { SignedVote } from '../src/message.ts';
import { voteOf } from './builders.ts';

type Engine = ReturnType<typeof tendermint.create>['engine'];

/** Everything said in an output or released by a disk, without the envelope's noise. */
export type Said = { readonly to: NodeId } & TendermintMessage;

/** One engine under a test's full control: nothing becomes durable, arrives, is judged or times out by itself. */
export class Replica {
  now = 1000;
  readonly n: number;
  readonly self: NodeId;
  readonly store: Store;
  readonly options: Partial<EngineOptions>;
  engine: Engine;
  writes: Write<TendermintMessage>[] = [];
  last: Output<TendermintMessage>;
  committed: Entry[] = [];
  checks: { readonly slot: Slot; readonly payload: Payload; readonly fresh: boolean }[] = [];
  evidence: Evidence[] = [];
  dropped: string[] = [];
  reads: { readonly context: number; readonly index: number; readonly ok: boolean }[] = [];
  /** What it sent, at once or when durable, but to itself. */
  said: Said[] = [];

  constructor(self: NodeId, n: number, store: Partial<Store> = {}, options: Partial<EngineOptions> = {}) {
    this.self = self;
    this.n = n;
    this.store = { ...emptyStore(), ...store };
    this.options = options;
    const { engine, first } = this.#create(1);
    this.engine = engine;
    this.last = this.#take(first);
  }

  #create(seed: number): ReturnType<typeof tendermint.create> {
    const configuration = configurationOf('tendermint', this.n);
    return tendermint.create(
      configuration,
      recoveredOf(this.store),
      optionsOf(this.self, seed, this.options),
      this.now,
    );
  }

  #take(output: Output<TendermintMessage>): Output<TendermintMessage> {
    if (output.write) this.writes.push(output.write);
    this.committed.push(...output.commit);
    this.checks.push(...output.check);
    this.evidence.push(...output.evidence);
    this.dropped.push(...output.dropped);
    this.reads.push(...output.reads);
    this.said.push(...output.send.map(({ to, message }) => ({ to, ...message })));
    this.last = output;
    return output;
  }

  /** What is not durable is gone. */
  restart(): this {
    this.writes = [];
    this.checks = [];
    this.said = [];
    this.store.applied = Math.max(this.store.applied, this.store.log.findLast((entry) => entry.proof)?.index ?? 0);
    const { engine, first } = this.#create(2);
    this.engine = engine;
    this.#take(first);
    return this;
  }

  step(input: Input<TendermintMessage>): Output<TendermintMessage> {
    return this.#take(this.engine.step(input, this.now));
  }

  receive(from: NodeId, message: TendermintMessage): Output<TendermintMessage> {
    const signature = hashOf(fingerprint(message));
    const envelope: Envelope<TendermintMessage> = { from, to: this.self, message, signature };
    return this.step({ kind: 'message', envelope });
  }

  /** Votes of `voters` for `id`, each from its voter. */
  votes(kind: SignedVote['kind'], round: number, id: SignedVote['id'], voters: readonly NodeId[], height = 1): this {
    for (const voter of voters) {
      const { signature, ...message } = voteOf(kind, round, id, voter, height);
      this.step({ kind: 'message', envelope: { from: voter, to: this.self, message, signature } });
    }
    return this;
  }

  /** The host says yes, or no, to everything it was asked. */
  judge(valid = true): this {
    for (const { slot, payload } of this.checks.splice(0))
      this.step({ kind: 'checked', slot, payload: payload.id, valid });
    return this;
  }

  demand(pending = true): Output<TendermintMessage> {
    return this.step({ kind: 'demand', pending });
  }

  /** Advances to the next deadline and ticks. */
  wake(): Output<TendermintMessage> {
    this.now = Math.max(this.now, this.last.wakeAt ?? this.now);
    const output = this.step({ kind: 'tick' });
    if ((output.wakeAt ?? Number.POSITIVE_INFINITY) <= this.now) throw new Error('a busy tick');
    return output;
  }

  /** Ticks at the deadlines within the next `ms`. */
  pass(ms: number): this {
    const until = this.now + ms;
    while ((this.last.wakeAt ?? until) < until) this.wake();
    this.now = until;
    this.step({ kind: 'tick' });
    return this;
  }

  /** The disk finishes `count` writes, or all and what follows from them; what they release comes back, or is kept in `said`. */
  persist(count = Number.POSITIVE_INFINITY): this {
    for (let done = 0; done < count; done++) {
      const write = this.writes.shift();
      if (!write) break;
      applyWrite(this.store, write);
      this.step({ kind: 'persisted', sequence: write.sequence });
      for (const { to, message } of write.then) {
        if (to === this.self) this.receive(this.self, message);
        else this.said.push({ to, ...message });
      }
    }
    return this;
  }

  /** The disk is as fast as thought. */
  settle(): this {
    for (let i = 0; i < 20 && this.writes.length > 0; i++) this.persist();
    return this;
  }

  /** What it said of `kind`, once, whoever heard it. */
  saidOf<K extends TendermintMessage['kind']>(kind: K): readonly (Said & { kind: K })[] {
    const [one] = names(this.n).filter((id) => id !== this.self);
    return this.said.filter((said): said is Said & { kind: K } => said.kind === kind && said.to === one);
  }

  /** The payload it voted for in `round`; `nil`, or `none` when it did not. */
  voted(kind: 'prevote' | 'precommit', round: number, height = 1): string {
    const votes = this.saidOf(kind).filter((vote) => vote.round === round && vote.height === height);
    const [vote] = votes;
    if (!vote) return 'none';
    return vote.id ?? 'nil';
  }

  get status(): Status {
    return this.engine.status();
  }

  get round(): number {
    return this.status.epoch.number - 1;
  }
}
