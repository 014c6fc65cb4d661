import type { NodeId } from '@varve/encoding';
import type { Envelope, Input, Output, Protocol } from '../contract.ts';
import { createRng, type Rng, uniformBelow } from '../random.ts';
import { Ensemble, type EnsembleOptions } from './ensemble.ts';
import { hashOf, payloadOf } from './fixtures.ts';
import type { EngineHost } from './host.ts';
import { Schedule } from './schedule.ts';
import { violated } from './violation.ts';
import type { Packet } from './wire.ts';

/** Messages kept for tests that look back, or send them again. */
const SENT_MAX = 20_000;

export interface ClusterOptions<M> extends EnsembleOptions<M> {
  readonly delayMsMax?: number;
  /** Probabilities. */
  readonly loss?: number;
  readonly duplication?: number;
  readonly diskMsMax?: number;
  readonly payloadBytes?: number;
}

/** A crash at one write of one node: before it is durable, or after and before anyone hears of it. */
export interface PlannedCrash {
  readonly node: NodeId;
  /** Counted from 0 over all runs of the node. */
  readonly write: number;
  readonly durable: boolean;
}

/** Nodes on a virtual clock with a faulty network; every run of one seed is the same. */
export class EngineCluster<M> extends Ensemble<M> {
  now = 1000;
  readonly rng: Rng;
  /** Links that carry nothing: `from>to`. */
  readonly cut: Set<string> = new Set();
  /** Drops what it returns true for. */
  filter: (envelope: Envelope<M>) => boolean = () => false;
  /** Milliseconds that a message takes beyond the random delay. */
  slowness: (envelope: Envelope<M>) => number = () => 0;
  loss: number;
  duplication: number;
  delayMsMax: number;
  sent: Envelope<M>[] = [];
  planned: PlannedCrash | undefined;
  /** Finished writes of each node, over all its runs. */
  readonly writes: Map<NodeId, number> = new Map();
  readonly options: ClusterOptions<M>;
  readonly #schedule = new Schedule();
  readonly #waiting = new Map<NodeId, Packet[]>();
  #payloads = 0;

  constructor(protocol: Protocol<M>, options: ClusterOptions<M>) {
    super(protocol, options);
    this.options = options;
    this.loss = options.loss ?? 0;
    this.duplication = options.duplication ?? 0;
    this.delayMsMax = options.delayMsMax ?? 2;
    this.rng = createRng(hashOf(`cluster/${options.seed}`));
  }

  start(): this {
    for (const id of this.ids) this.boot(id);
    return this;
  }

  override boot(id: NodeId): void {
    super.boot(id);
    if (this.host(id).pool > 0) this.input(id, { kind: 'demand', pending: true });
  }

  /** Nothing that is not durable survives; a prefix of what was being written may. */
  crash(id: NodeId): void {
    const host = this.host(id);
    const survivors = uniformBelow(this.rng, host.batches.length + 1);
    this.#waiting.delete(id);
    host.paused = false;
    host.crash(host.frozen ? 0 : survivors);
  }

  /** Gives `id` payloads to order. */
  demand(id: NodeId, count: number): this {
    const host = this.host(id);
    host.pool += count;
    if (!host.paused) this.input(id, { kind: 'demand', pending: true });
    this.#answerBuild(host);
    return this;
  }

  /** Gives every node payloads to order: whoever may build, builds. */
  demandAll(count: number): this {
    for (const id of this.ids) this.demand(id, count);
    return this;
  }

  /** All clients go away. */
  withdraw(): this {
    for (const host of this.hosts.values()) host.pool = 0;
    return this;
  }

  /** The process stops while the world goes on; its messages wait. */
  pause(id: NodeId): void {
    this.host(id).paused = true;
  }

  /** It goes on as if no time had passed, and finds all that waited. */
  resume(id: NodeId): void {
    const host = this.host(id);
    if (!host.paused) return;
    host.paused = false;
    const packets = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const packet of packets) this.#receive(packet);
    this.input(id, { kind: 'tick' });
    if (host.pool > 0) this.input(id, { kind: 'demand', pending: true });
    if (host.batches.length > 0) this.#startWrite(host);
  }

  thaw(id: NodeId): void {
    const host = this.host(id);
    if (!host.frozen) return;
    host.frozen = false;
    if (host.batches.length > 0) this.#startWrite(host);
  }

  /** Cuts all links between the groups, in both directions; who is in none is one group more. */
  partition(...groups: readonly (readonly NodeId[])[]): this {
    this.cut.clear();
    for (const group of groups) {
      this.mute(group);
      for (const to of group) for (const from of this.ids) if (!group.includes(from)) this.cut.add(`${from}>${to}`);
    }
    return this;
  }

  /** Cuts what `group` says to the others; it still hears them. */
  mute(group: readonly NodeId[]): void {
    for (const from of group) for (const to of this.ids) if (!group.includes(to)) this.cut.add(`${from}>${to}`);
  }

  heal(): this {
    this.cut.clear();
    this.filter = () => false;
    this.slowness = () => 0;
    this.loss = 0;
    this.duplication = 0;
    return this;
  }

  /** Ends every fault: all links whole, all nodes up and working. */
  recover(): this {
    this.heal();
    this.delayMsMax = 2;
    for (const id of this.ids) {
      const host = this.host(id);
      host.lagging = false;
      this.thaw(id);
      this.resume(id);
      if (!host.engine) this.boot(id);
      this.input(id, { kind: 'applied', index: host.store.applied });
    }
    return this;
  }

  at(time: number, run: () => void): void {
    this.#schedule.at(time, run);
  }

  run(ms: number): this {
    const until = this.now + ms;
    for (let event = this.#schedule.take(until); event; event = this.#schedule.take(until)) {
      this.now = Math.max(this.now, event.at);
      event.run();
    }
    this.now = until;
    return this;
  }

  runUntil(what: string, isDone: () => boolean, msMax = 10_000): this {
    const until = this.now + msMax;
    while (!isDone()) {
      if (this.now >= until) violated(`seed ${this.options.seed}: not within ${msMax} ms: ${what}${this.#statuses()}`);
      this.run(1);
    }
    return this;
  }

  /** Orders `count` payloads of every node's clients and waits until all nodes that run have executed them. */
  progress(count: number, msMax = 10_000): this {
    const target = this.history.highest + 1;
    this.demandAll(count);
    const isServed = (id: NodeId) => this.host(id).pool === 0;
    return this.runUntil(
      'progress everywhere',
      () =>
        this.live().every((id) => this.host(id).store.applied >= target && this.host(id).inFlight.size === 0) &&
        (this.live().some(isServed) || this.history.highest >= target + count),
      msMax,
    );
  }

  /** The clock of every node leaps: all that was due meanwhile happens late. */
  leap(ms: number): this {
    this.now += ms;
    return this;
  }

  /** Puts a packet on the network, as a faulty network or a stranger might. */
  inject(packet: Packet): void {
    this.#receive(packet);
  }

  protected timeOf(): number {
    return this.now;
  }

  protected post(envelope: Envelope<M>): void {
    this.sent.push(envelope);
    if (this.sent.length > SENT_MAX) this.sent = this.sent.slice(-SENT_MAX / 2);
    if (this.cut.has(`${envelope.from}>${envelope.to}`) || this.filter(envelope)) return;
    const copies = this.#chance(this.loss) ? 0 : this.#chance(this.duplication) ? 2 : 1;
    const packet = this.wire.seal(envelope);
    for (let i = 0; i < copies; i++) {
      this.at(this.now + 1 + uniformBelow(this.rng, this.delayMsMax) + this.slowness(envelope), () => {
        const reason = this.#receive(packet);
        if (reason !== undefined) violated(`${packet.to} refuses what ${packet.from} sent: ${reason}`);
      });
    }
  }

  protected follow(host: EngineHost<M>, output: Output<M>): void {
    if (output.dropped.length > 0) this.at(this.now + 1, () => this.demand(host.id, output.dropped.length));
    if (output.sync) {
      const { boots } = host;
      this.at(this.now + 5, () => host.boots === boots && !host.paused && this.blockSync(host.id));
    }
    const writes = output.write !== undefined || output.commit.length > 0;
    if (writes && host.batches.length === 1) this.#startWrite(host);
    if (output.build) this.#answerBuild(host);
    this.#arm(host, output.wakeAt);
  }

  protected answerCheck(host: EngineHost<M>, input: Input<M>): void {
    const { boots } = host;
    this.at(this.now + 1, () => {
      if (host.boots === boots && !host.paused) this.input(host.id, input);
    });
  }

  /** @returns Why a host refuses the packet. */
  #receive(packet: Packet): string | undefined {
    const host = this.host(packet.to);
    if (!host.engine) return undefined;
    if (host.paused) {
      const waiting = this.#waiting.get(host.id) ?? [];
      this.#waiting.set(host.id, [...waiting, packet]);
      return undefined;
    }
    const opened = this.wire.open(packet);
    if (!opened.ok) return opened.reason;
    this.input(packet.to, { kind: 'message', envelope: opened.envelope });
    return undefined;
  }

  /** A question stands until it is answered, also when the pool was empty for a while. */
  #answerBuild(host: EngineHost<M>): void {
    this.at(this.now + uniformBelow(this.rng, 3), () => {
      const slot = host.open;
      if (host.pool === 0 || !slot || host.paused) return;
      host.pool -= 1;
      this.#payloads += 1;
      const text = `${slot.index}/${slot.epoch.number}/${host.id}/${this.#payloads}`;
      this.propose(host.id, slot, payloadOf(text, this.options.payloadBytes));
      if (host.pool === 0) this.input(host.id, { kind: 'demand', pending: false });
    });
  }

  #startWrite(host: EngineHost<M>): void {
    const { boots } = host;
    const delay = 1 + uniformBelow(this.rng, this.options.diskMsMax ?? 2);
    this.at(this.now + delay, () => {
      if (host.boots !== boots || !host.engine || host.frozen || host.paused || host.batches.length === 0) return;
      const count = this.writes.get(host.id) ?? 0;
      this.writes.set(host.id, count + 1);
      if (this.planned?.node === host.id && this.planned.write === count) {
        host.crash(this.planned.durable ? 1 : 0);
        return;
      }
      this.completeWrite(host);
      if (host.batches.length > 0) this.#startWrite(host);
    });
  }

  #arm(host: EngineHost<M>, wakeAt: number | undefined): void {
    if (host.wakeAt === wakeAt) return;
    host.wakeAt = wakeAt;
    if (wakeAt === undefined) return;
    const { boots } = host;
    this.at(Math.max(wakeAt, this.now), () => {
      if (host.boots !== boots || host.wakeAt !== wakeAt || host.paused) return;
      this.input(host.id, { kind: 'tick' });
    });
  }

  #chance(probability: number): boolean {
    return probability > 0 && uniformBelow(this.rng, 1_000_000) < probability * 1_000_000;
  }

  #statuses(): string {
    return this.ids
      .map((id) => {
        const { engine, pool, batches, frozen, paused, store } = this.host(id);
        const { applied } = store;
        return `\n${id} ${JSON.stringify({ ...engine?.status(), pool, batches: batches.length, frozen, paused, applied })}`;
      })
      .join('');
  }
}
