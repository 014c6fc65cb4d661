import { createHash } from 'node:crypto';
import {
  type Anchor,
  type Configuration,
  createRng,
  ENGINE_TIMING_DEFAULT,
  ENGINE_WINDOW_DEFAULT,
  type Engine,
  type EngineOptions,
  type Entry,
  type Envelope,
  EPOCH_ZERO,
  type Epoch,
  type Input,
  type Output,
  type Payload,
  type Recovered,
  type Rng,
  type Slot,
  uniformBelow,
  type Write,
} from '@varve/consensus';
import {
  blockHash,
  configurationHash,
  encodeCbor,
  height,
  instanceId,
  type NodeId,
  nodeId,
  type PayloadId,
  payloadId,
  publicKeyHex,
} from '@varve/encoding';
import { type RaftMessage, raft } from '../src/index.ts';

/** `a`, `b`, … */
export function names(n: number): readonly NodeId[] {
  return Array.from({ length: n }, (_, i) => nodeId(String.fromCharCode(97 + i)));
}

export const [A, B, C, D, E] = names(5) as readonly [NodeId, NodeId, NodeId, NodeId, NodeId];

function hashOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(parts.join('/')).digest('hex');
}

export function configurationOf(n: number): Configuration {
  return {
    number: 0,
    parentHash: configurationHash('0'.repeat(64)),
    protocol: 'raft',
    validators: names(n).map((name) => ({
      name,
      organization: name,
      signingKey: publicKeyHex(hashOf('signing', name)),
      networkKey: publicKeyHex(hashOf('network', name)),
    })),
    parameters: {
      rules: 1,
      transactionBytesMax: 65536,
      payloadBytesMax: 1048576,
      operationsMax: 64,
      keyBytesMax: 512,
      valueBytesMax: 32768,
      validityMs: 600000,
      timeFloor: null,
      policies: [],
    },
  };
}

export function payloadOf(text: string, size = 0): Payload {
  const bytes = new Uint8Array(Math.max(size, text.length));
  bytes.set(new TextEncoder().encode(text));
  return { id: payloadId(createHash('sha256').update(bytes).digest('hex')), bytes };
}

export function anchorAt(index: number, epoch: Epoch): Anchor {
  return { index, epoch, height: height(index), blockHash: blockHash(hashOf('block', index)) };
}

export const GENESIS: Anchor = anchorAt(0, EPOCH_ZERO);

/** An entry of `term`, which `node` led; `text` absent: a no-op. */
export function entryOf(index: number, term: number, node: NodeId, text?: string): Entry {
  const epoch = { number: term, node };
  return text === undefined ? { index, epoch } : { index, epoch, payload: payloadOf(text) };
}

export function hardStateOf(term: number, votedFor?: NodeId): Uint8Array {
  return encodeCbor([1, term, votedFor ?? null]);
}

export function optionsOf(self: NodeId, seed: number | string, more: Partial<EngineOptions> = {}): EngineOptions {
  return {
    self,
    instance: instanceId(hashOf('instance')),
    seed: createHash('sha256').update(`${self}/${seed}`).digest(),
    timing: ENGINE_TIMING_DEFAULT,
    window: ENGINE_WINDOW_DEFAULT,
    ...more,
  };
}

/** What survives a crash. */
export interface Store {
  hardState: Uint8Array | undefined;
  anchor: Anchor;
  log: Entry[];
  ledger: Anchor;
  applied: number;
}

export function emptyStore(): Store {
  return { hardState: undefined, anchor: GENESIS, log: [], ledger: GENESIS, applied: 0 };
}

export function recoveredOf(store: Store): Recovered {
  const { hardState, ...rest } = store;
  return { ...rest, log: [...store.log], ...(hardState ? { hardState } : {}) };
}

function applyWrite(store: Store, write: Write<RaftMessage>): void {
  if (write.hardState) store.hardState = write.hardState;
  const { truncateFrom, anchor } = write;
  if (truncateFrom !== undefined) store.log = store.log.filter((entry) => entry.index < truncateFrom);
  if (anchor) {
    store.anchor = anchor;
    store.log = store.log.filter((entry) => entry.index > anchor.index);
  }
  store.log.push(...write.append);
  store.log.forEach((entry, i) => {
    if (entry.index !== store.anchor.index + 1 + i) throw new Error('the stored log has a hole');
  });
}

interface Batch {
  readonly write: Write<RaftMessage> | undefined;
  readonly applied: number;
  readonly ledger: Anchor | undefined;
}

export class Host {
  engine: Engine<RaftMessage> | undefined;
  store: Store = emptyStore();
  batches: Batch[] = [];
  boots = 0;
  wakeAt: number | undefined;
  frozen = false;
  /** Of this run. */
  delivered = 0;
  pool = 0;
  open: Slot | undefined;
  readonly dropped: PayloadId[] = [];
  readonly reads: { context: number; index: number; ok: boolean }[] = [];
  readonly syncs: (readonly NodeId[])[] = [];
  trace: { input: Input<RaftMessage>; now: number; output: string }[] = [];
  replay: (() => Engine<RaftMessage>) | undefined;
  readonly id: NodeId;

  constructor(id: NodeId) {
    this.id = id;
  }
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface ClusterOptions {
  readonly n: number;
  readonly seed: number | string;
  readonly delayMsMax?: number;
  readonly loss?: number;
  readonly duplication?: number;
  readonly diskMsMax?: number;
  readonly engine?: Partial<EngineOptions>;
  /** Whether every step is recorded and replayed at the end. */
  readonly record?: boolean;
}

/** A cluster on a virtual clock; every run of one seed is the same. It checks Raft's safety properties all along. */
export class Cluster {
  now = 1000;
  readonly hosts: ReadonlyMap<NodeId, Host>;
  readonly ids: readonly NodeId[];
  readonly rng: Rng;
  readonly cut = new Set<string>();
  /** Every committed entry by index. */
  readonly committed = new Map<number, string>();
  readonly leaders = new Map<number, NodeId>();
  readonly payloads = new Map<PayloadId, Payload>();
  /** Drops what it returns true for. */
  filter: (envelope: Envelope<RaftMessage>) => boolean = () => false;
  loss: number;
  duplication: number;
  delayMsMax: number;
  sent: Envelope<RaftMessage>[] = [];
  readonly options: ClusterOptions;
  #events: Event[] = [];
  #order = 0;
  #payloads = 0;
  #reads = 0;
  readonly #readFloors = new Map<number, number>();

  constructor(options: ClusterOptions) {
    this.options = options;
    this.loss = options.loss ?? 0;
    this.duplication = options.duplication ?? 0;
    this.delayMsMax = options.delayMsMax ?? 2;
    this.ids = names(options.n);
    this.rng = createRng(createHash('sha256').update(`cluster/${options.seed}`).digest());
    this.hosts = new Map(this.ids.map((id) => [id, new Host(id)]));
  }

  start(): this {
    for (const id of this.ids) this.boot(id);
    return this;
  }

  host(id: NodeId): Host {
    const host = this.hosts.get(id);
    if (!host) throw new Error(`no host ${id}`);
    return host;
  }

  boot(id: NodeId): void {
    const host = this.host(id);
    host.boots += 1;
    host.batches = [];
    host.trace = [];
    host.open = undefined;
    const recovered = recoveredOf(structuredClone(host.store));
    const options = optionsOf(id, `${this.options.seed}/${host.boots}`, this.options.engine);
    const { now } = this;
    const make = () => raft.create(configurationOf(this.options.n), recovered, options, now);
    host.replay = () => make().engine;
    const { engine, first } = make();
    host.engine = engine;
    host.delivered = engine.status().committed;
    this.#carryOut(host, first);
    if (host.pool > 0) this.input(id, { kind: 'demand', pending: true });
  }

  /** Nothing that is not durable survives; a prefix of what was being written may. */
  crash(id: NodeId): void {
    const host = this.host(id);
    const survivors = uniformBelow(this.rng, host.batches.length + 1);
    if (!host.frozen) for (const batch of host.batches.slice(0, survivors)) this.#persist(host, batch);
    this.#checkReplay(host);
    host.engine = undefined;
    host.batches = [];
    host.wakeAt = undefined;
  }

  #persist(host: Host, batch: Batch): void {
    if (batch.write) applyWrite(host.store, batch.write);
    host.store.applied = Math.max(host.store.applied, batch.applied);
    if (batch.ledger) host.store.ledger = batch.ledger;
  }

  input(id: NodeId, input: Input<RaftMessage>): Output<RaftMessage> | undefined {
    const host = this.host(id);
    if (!host.engine) return undefined;
    const output = host.engine.step(input, this.now);
    if (this.options.record) host.trace.push({ input, now: this.now, output: fingerprint(output) });
    this.#carryOut(host, output);
    this.#checkLeader(host);
    return output;
  }

  #carryOut(host: Host, output: Output<RaftMessage>): void {
    for (const envelope of output.send) this.deliver(envelope);
    host.dropped.push(...output.dropped);
    if (output.dropped.length > 0) this.at(this.now + 1, () => this.demand(host.id, output.dropped.length));
    host.reads.push(...output.reads);
    if (output.sync) {
      host.syncs.push(output.sync.peers);
      const { boots } = host;
      this.at(this.now + 5, () => host.boots === boots && this.blockSync(host.id));
    }
    for (const read of output.reads) this.#checkRead(host, read);
    for (const entry of output.commit) this.#commit(host, entry);
    const ledger = output.commit.findLast((entry) => entry.payload);
    if (output.write || output.commit.length > 0) {
      const anchor = ledger && anchorAt(ledger.index, ledger.epoch);
      host.batches.push({ write: output.write, applied: host.delivered, ledger: anchor });
      if (host.batches.length === 1) this.#startWrite(host);
    }
    if (output.build) {
      host.open = output.build;
      this.#answerBuild(host);
    }
    this.#arm(host, output.wakeAt);
  }

  /** A question stands until it is answered, also when the pool was empty for a while. */
  #answerBuild(host: Host): void {
    this.at(this.now + uniformBelow(this.rng, 3), () => {
      const slot = host.open;
      if (host.pool === 0 || !slot) return;
      host.pool -= 1;
      this.#payloads += 1;
      host.open = undefined;
      this.propose(host.id, slot, payloadOf(`${slot.index}/${slot.epoch.number}/${host.id}/${this.#payloads}`));
    });
  }

  propose(id: NodeId, slot: { index: number; epoch: Epoch }, payload: Payload): void {
    this.payloads.set(payload.id, payload);
    this.input(id, { kind: 'propose', slot, payload });
    if (this.host(id).pool === 0) this.input(id, { kind: 'demand', pending: false });
  }

  #commit(host: Host, entry: Entry): void {
    const key = `${entry.epoch.number}/${entry.epoch.node}/${entry.payload?.id ?? 'no-op'}`;
    const known = this.committed.get(entry.index);
    if (known !== undefined && known !== key) throw new Error(`state machine safety: ${entry.index}: ${known}, ${key}`);
    if (entry.index !== host.delivered + 1)
      throw new Error(`${host.id} commits ${entry.index} after ${host.delivered}`);
    this.committed.set(entry.index, key);
    host.delivered = entry.index;
  }

  /** Block sync from whoever has the most blocks: the ledger moves, then the engine hears of it. */
  blockSync(id: NodeId): void {
    const host = this.host(id);
    const best = [...this.hosts.values()].reduce((a, b) => (b.store.ledger.index > a.store.ledger.index ? b : a));
    const anchor = best.store.ledger;
    if (!host.engine || anchor.index <= host.delivered) return;
    host.delivered = anchor.index;
    host.store.ledger = anchor;
    host.store.applied = Math.max(host.store.applied, anchor.index);
    this.input(id, { kind: 'synced', anchor });
    this.input(id, { kind: 'applied', index: anchor.index });
  }

  /** Its last durable block is certified. */
  certify(id: NodeId): void {
    this.input(id, { kind: 'certified', anchor: this.host(id).store.ledger });
  }

  /** Asks for a barrier. When it is confirmed, its index must not be below what was committed when it was asked for. */
  read(id: NodeId): number {
    this.#reads += 1;
    this.#readFloors.set(this.#reads, Math.max(0, ...this.committed.keys()));
    this.input(id, { kind: 'read', context: this.#reads });
    return this.#reads;
  }

  #checkRead(host: Host, read: { context: number; index: number; ok: boolean }): void {
    const floor = this.#readFloors.get(read.context);
    if (floor === undefined) throw new Error(`${host.id} answers read ${read.context} twice`);
    this.#readFloors.delete(read.context);
    if (read.ok && read.index < floor) throw new Error(`stale read at ${host.id}: ${read.index} below ${floor}`);
  }

  #startWrite(host: Host): void {
    const { boots } = host;
    const delay = 1 + uniformBelow(this.rng, this.options.diskMsMax ?? 2);
    this.at(this.now + delay, () => {
      if (host.boots !== boots || !host.engine || host.frozen) return;
      const batch = host.batches.shift();
      if (!batch) return;
      this.#persist(host, batch);
      if (batch.write) {
        this.input(host.id, { kind: 'persisted', sequence: batch.write.sequence });
        for (const envelope of batch.write.then) {
          if (envelope.to === host.id) this.input(host.id, { kind: 'message', envelope });
          else this.deliver(envelope);
        }
      }
      if (batch.applied > 0) this.input(host.id, { kind: 'applied', index: batch.applied });
      if (host.batches.length > 0) this.#startWrite(host);
    });
  }

  thaw(id: NodeId): void {
    const host = this.host(id);
    host.frozen = false;
    if (host.batches.length > 0) this.#startWrite(host);
  }

  #arm(host: Host, wakeAt: number | undefined): void {
    if (host.wakeAt === wakeAt || wakeAt === undefined) return;
    host.wakeAt = wakeAt;
    const { boots } = host;
    this.at(Math.max(wakeAt, this.now), () => {
      if (host.boots !== boots || host.wakeAt !== wakeAt) return;
      const output = this.input(host.id, { kind: 'tick' });
      if (output?.wakeAt !== undefined && output.wakeAt <= this.now) throw new Error(`${host.id}: a busy tick`);
    });
  }

  deliver(envelope: Envelope<RaftMessage>): void {
    this.sent.push(envelope);
    if (this.sent.length > 20_000) this.sent = this.sent.slice(-10_000);
    if (this.cut.has(`${envelope.from}>${envelope.to}`) || this.filter(envelope)) return;
    const copies = this.#chance(this.loss) ? 0 : this.#chance(this.duplication) ? 2 : 1;
    const { body } = raft.encode(envelope.message);
    for (let i = 0; i < copies; i++) {
      this.at(this.now + 1 + uniformBelow(this.rng, this.delayMsMax), () => {
        const decoded = raft.decode(body, (id) => this.payloads.get(id));
        if (decoded.kind !== 'message') throw new Error(`does not decode: ${JSON.stringify(decoded)}`);
        this.input(envelope.to, { kind: 'message', envelope: { ...envelope, message: decoded.message } });
      });
    }
  }

  #chance(probability: number): boolean {
    return uniformBelow(this.rng, 1_000_000) < probability * 1_000_000;
  }

  at(time: number, run: () => void): void {
    this.#order += 1;
    const event = { at: time, order: this.#order, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle];
      if (other && (other.at < time || (other.at === time && other.order < event.order))) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  run(ms: number): this {
    const until = this.now + ms;
    for (let event = this.#events[0]; event && event.at <= until; event = this.#events[0]) {
      this.#events.shift();
      this.now = Math.max(this.now, event.at);
      event.run();
    }
    this.now = until;
    return this;
  }

  runUntil(what: string, isDone: () => boolean, msMax = 10_000): this {
    const until = this.now + msMax;
    while (!isDone()) {
      if (this.now >= until) throw new Error(`seed ${this.options.seed}: not within ${msMax} ms: ${what}`);
      this.run(1);
    }
    return this;
  }

  /** The leader of the highest term. */
  leader(): NodeId | undefined {
    let best: { id: NodeId; term: number } | undefined;
    for (const { id, engine } of this.hosts.values()) {
      const status = engine?.status();
      if (status?.role !== 'leader') continue;
      if (!best || status.epoch.number > best.term) best = { id, term: status.epoch.number };
    }
    return best?.id;
  }

  elect(): NodeId {
    this.runUntil('a leader that has committed', () => {
      const id = this.leader();
      const status = id && this.host(id).engine?.status();
      return (
        !!status &&
        status.committed >= 1 &&
        this.committed.get(status.committed)?.startsWith(`${status.epoch.number}/`) === true
      );
    });
    return this.leader() as NodeId;
  }

  /** Waits until `id` leads. */
  electThis(id: NodeId): NodeId {
    const leader = this.elect();
    if (leader === id) return id;
    this.input(leader, { kind: 'transfer', to: id });
    this.runUntil(`${id} leads`, () => this.leader() === id);
    this.elect();
    return id;
  }

  /** Gives `id` payloads to order. */
  demand(id: NodeId, count: number): this {
    this.host(id).pool += count;
    this.input(id, { kind: 'demand', pending: true });
    this.#answerBuild(this.host(id));
    return this;
  }

  /** Cuts all links between the groups. */
  partition(...groups: readonly (readonly NodeId[])[]): this {
    this.cut.clear();
    for (const group of groups) {
      for (const from of group) for (const to of this.ids) if (!group.includes(to)) this.cut.add(`${from}>${to}`);
    }
    return this;
  }

  heal(): this {
    this.cut.clear();
    this.filter = () => false;
    this.loss = 0;
    this.duplication = 0;
    return this;
  }

  status(id: NodeId) {
    const engine = this.host(id).engine;
    if (!engine) throw new Error(`${id} is down`);
    return engine.status();
  }

  #checkLeader(host: Host): void {
    const status = host.engine?.status();
    if (status?.role !== 'leader') return;
    const term = status.epoch.number;
    const known = this.leaders.get(term);
    if (known !== undefined && known !== host.id)
      throw new Error(`election safety: ${known} and ${host.id} in ${term}`);
    if (known === undefined) {
      this.leaders.set(term, host.id);
      const highest = Math.max(0, ...this.committed.keys());
      if (status.lastIndex < highest) throw new Error(`leader completeness: ${host.id} lacks ${highest}`);
    }
  }

  #checkReplay(host: Host): void {
    if (!this.options.record || !host.replay) return;
    const engine = host.replay();
    for (const { input, now, output } of host.trace) {
      if (fingerprint(engine.step(input, now)) !== output) throw new Error(`replay of ${host.id} differs at ${now}`);
    }
  }

  /** Log matching (Raft §5.3), and replay of whatever was recorded. */
  check(): void {
    const stores = [...this.hosts.values()];
    for (const one of stores) {
      for (const other of stores) checkLogMatching(one.store, other.store);
      if (one.engine) this.#checkReplay(one);
    }
  }
}

function checkLogMatching(one: Store, other: Store): void {
  const theirs = new Map(other.log.map((entry) => [entry.index, entry]));
  const shared = one.log.findLast((entry) => theirs.get(entry.index)?.epoch.number === entry.epoch.number);
  for (const entry of one.log) {
    if (!shared || entry.index > shared.index) return;
    const their = theirs.get(entry.index);
    if (!their) continue;
    const same = their.epoch.number === entry.epoch.number && their.payload?.id === entry.payload?.id;
    if (!same) throw new Error(`log matching: ${entry.index} differs before ${shared.index}`);
  }
}

export function fingerprint(output: Output<RaftMessage>): string {
  return JSON.stringify(output, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
}
