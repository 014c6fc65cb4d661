import type { NodeId } from '@varve/encoding';
import type { EngineOptions, Envelope, Input, Output, Payload, Protocol, Slot, Status } from '../contract.ts';
import { configurationOf, names, optionsOf } from './fixtures.ts';
import { History } from './history.ts';
import { type Batch, EngineHost } from './host.ts';
import { violated } from './violation.ts';
import { Wire } from './wire.ts';

/** Promises of one protocol beyond the contract's, checked while a test runs. */
export interface Invariants<M> {
  /** After each step of `host`. */
  readonly onStep?: (host: EngineHost<M>, ensemble: Ensemble<M>) => void;
  /** At the end. */
  readonly onEnd?: (ensemble: Ensemble<M>) => void;
}

export interface EnsembleOptions<M> {
  readonly n: number;
  readonly seed: number | string;
  readonly engine?: Partial<EngineOptions>;
  /** Whether every step is kept and replayed at the end. */
  readonly record?: boolean;
  readonly invariants?: Invariants<M>;
  /** Nodes that a test makes lie: evidence against them is expected. */
  readonly liars?: readonly NodeId[];
}

/** Nodes `a`, `b`, … of one instance, with everything around them but time and the network. */
export abstract class Ensemble<M> {
  readonly ids: readonly NodeId[];
  readonly hosts: ReadonlyMap<NodeId, EngineHost<M>>;
  readonly history: History = new History();
  readonly protocol: Protocol<M>;
  readonly wire: Wire<M>;
  readonly #options: EnsembleOptions<M>;

  constructor(protocol: Protocol<M>, options: EnsembleOptions<M>) {
    this.protocol = protocol;
    this.#options = options;
    this.ids = names(options.n);
    this.hosts = new Map(
      this.ids.map((id) => [id, new EngineHost<M>(id, this.history, options.record ?? false, options.liars)]),
    );
    const { instance } = optionsOf(this.ids[0] ?? violated('nobody'), 0, options.engine);
    this.wire = new Wire(protocol, instance, (id) => this.history.payloads.get(id));
  }

  /** Monotonic milliseconds at `id`. */
  protected abstract timeOf(id: NodeId): number;
  /** A message leaves its sender. */
  protected abstract post(envelope: Envelope<M>): void;
  /** What else an output asks of the driver: a write, a timer, a payload, block sync. */
  protected abstract follow(host: EngineHost<M>, output: Output<M>): void;
  /** The host's verdict on a payload reaches the engine. */
  protected abstract answerCheck(host: EngineHost<M>, input: Input<M>): void;

  /** Every committed entry by index. */
  get committed(): ReadonlyMap<number, string> {
    return this.history.committed;
  }

  host(id: NodeId): EngineHost<M> {
    return this.hosts.get(id) ?? violated(`no host ${id}`);
  }

  status(id: NodeId): Status {
    return this.host(id).engine?.status() ?? violated(`${id} is down`);
  }

  /** Nodes that run. */
  live(): readonly NodeId[] {
    return this.ids.filter((id) => this.host(id).engine);
  }

  /** The leader of the highest epoch. */
  leader(): NodeId | undefined {
    let best: { readonly id: NodeId; readonly number: number } | undefined;
    for (const id of this.live()) {
      const { role, epoch } = this.status(id);
      if (role === 'leader' && epoch.number > (best?.number ?? -1)) best = { id, number: epoch.number };
    }
    return best?.id;
  }

  boot(id: NodeId): void {
    const host = this.host(id);
    const { n, seed, engine } = this.#options;
    const options = optionsOf(id, `${seed}/${host.boots + 1}`, engine);
    const first = host.boot(this.protocol, configurationOf(this.protocol.name, n), options, this.timeOf(id));
    this.#carryOut(host, first);
  }

  input(id: NodeId, input: Input<M>): Output<M> | undefined {
    const host = this.host(id);
    const output = host.step(input, this.timeOf(id));
    if (!output) return undefined;
    this.#carryOut(host, output);
    this.#options.invariants?.onStep?.(host, this);
    return output;
  }

  propose(id: NodeId, slot: Slot, payload: Payload): Output<M> | undefined {
    return this.input(id, { kind: 'propose', slot, payload });
  }

  /** Asks for a barrier. When it is confirmed, its index must not be below what was committed when it was asked for. */
  read(id: NodeId): number {
    const context = this.history.askRead(id);
    this.input(id, { kind: 'read', context });
    return context;
  }

  /** Its last durable block is certified. */
  certify(id: NodeId): void {
    this.input(id, { kind: 'certified', anchor: this.host(id).store.ledger });
  }

  /** Block sync from whoever has the most blocks: the ledger moves, then the engine hears of it. */
  blockSync(id: NodeId): void {
    const host = this.host(id);
    const tips = [...this.hosts.values()].map(({ store }) => store.ledger);
    const anchor = tips.reduce((best, tip) => (tip.index > best.index ? tip : best));
    if (!host.engine || anchor.index <= host.delivered) return;
    host.store.ledger = anchor;
    host.store.applied = Math.max(host.store.applied, anchor.index);
    this.input(id, { kind: 'synced', anchor });
    if (!host.lagging) this.input(id, { kind: 'applied', index: anchor.index });
  }

  /** The end of a test: what only shows when all is said, and replay. */
  check(): void {
    this.#options.invariants?.onEnd?.(this);
    for (const host of this.hosts.values()) host.checkReplay();
  }

  /** The oldest write of `host` ends, and what waited for it leaves. */
  protected completeWrite(host: EngineHost<M>): Batch<M> | undefined {
    const batch = host.finishWrite();
    if (batch) this.release(host, batch);
    return batch;
  }

  /** What follows from a durable write. */
  protected release(host: EngineHost<M>, batch: Batch<M>): void {
    if (batch.write) {
      this.input(host.id, { kind: 'persisted', sequence: batch.write.sequence });
      for (const envelope of batch.write.then) {
        if (envelope.to === host.id) this.input(host.id, { kind: 'message', envelope: this.wire.sign(envelope) });
        else this.post(envelope);
      }
    }
    if (batch.applied > 0 && !host.lagging) this.input(host.id, { kind: 'applied', index: batch.applied });
  }

  #carryOut(host: EngineHost<M>, output: Output<M>): void {
    for (const envelope of output.send) {
      if (this.protocol.vouched(envelope.message)) violated(`${host.id} promises what it has not made durable`);
      this.post(envelope);
    }
    this.follow(host, output);
    for (const { slot, payload } of output.check) {
      const valid = this.history.isMadeFor(payload.id, slot);
      this.answerCheck(host, { kind: 'checked', slot, payload: payload.id, valid });
    }
  }
}
