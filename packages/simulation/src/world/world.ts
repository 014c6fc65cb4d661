import type { Protocol } from '@varve/consensus';
import type { PublicKeyHex, TransactionId } from '@varve/encoding';
import { chainIdOf, decodeTransaction, type Genesis } from '@varve/ledger';
import { builtinModules } from '@varve/modules';
import type { Notice, SignatureRule } from '@varve/validator';
import { forgetting } from '../byzantine/amnesia.ts';
import { Liars } from '../byzantine/liars.ts';
import { CanonicalChain, type Submitted } from '../checks/canonical-chain.ts';
import { StatementWatch } from '../checks/statement-watch.ts';
import type { Report, Violation } from '../checks/violation.ts';
import { Watches } from '../checks/watches.ts';
import { type Reached, SimulatedClient } from '../clients/client.ts';
import { Model, type PathWrite, type Request } from '../clients/model.ts';
import { Operator } from '../faults/operator.ts';
import { repeating } from '../faults/repeating.ts';
import { packetText } from '../report/packet-text.ts';
import { simulatedProtocol } from '../runner/protocols.ts';
import { Trace } from '../trace.ts';
import { Connections } from './connections.ts';
import { Dice } from './dice.ts';
import { simulatedGenesis, validatorName } from './genesis.ts';
import type { Key, Signatures } from './keys.ts';
import { SimulatedNetwork } from './network.ts';
import { type NodeSurroundings, SimulatedNode, WALL_START } from './node.ts';
import { Scheduler } from './scheduler.ts';

/** Where the runs of a second process with the same key are counted from. */
const TWIN_RUNS = 1_000_000;

/** How far back a repeated transaction lies, in transactions: older ones expire. */
const REPEATED_MAX = 16;

/** What a world is made of. */
export interface WorldOptions {
  readonly seed: number;
  readonly validators: number;
  /** Nodes without a seat at first. */
  readonly spares?: number;
  readonly clients: number;
  readonly protocol: Protocol<unknown>;
  readonly signatures: Signatures;
  /** Keep every event for a report. */
  readonly isRecording: boolean;
  /** Positions of validators that lie. What they say of themselves counts for nothing. */
  readonly liars?: ReadonlySet<number>;
}

interface Waiter {
  readonly node: SimulatedNode;
  readonly run: number;
  readonly id: TransactionId;
  readonly level: 'committed' | 'final';
  readonly reached: (state: Reached) => void;
}

/** Validators, clients and everything between them, on one virtual clock: the same options give the same run. */
export class World {
  readonly scheduler: Scheduler = new Scheduler();
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly connections: Connections;
  readonly operator: Operator;
  readonly nodes: readonly SimulatedNode[];
  readonly admin: SimulatedClient;
  /** Has no account, and needs none. */
  readonly reader: SimulatedClient;
  readonly clients: readonly SimulatedClient[];
  readonly chain: CanonicalChain;
  readonly model: Model;
  readonly violations: Violation[] = [];
  readonly liars: Liars;
  readonly isSigned: SignatureRule;
  readonly statements: StatementWatch;
  readonly genesis: Genesis;
  packets = 0;
  readonly #nodes: SimulatedNode[];
  readonly #surroundings: (part: string) => NodeSurroundings;
  readonly #submitted = new Map<string, Submitted>();
  #waiters: Waiter[] = [];
  /** The highest block that each node once called durable. */
  readonly #durable = new Map<SimulatedNode, number>();
  /** Nodes whose disk was made to forget: they may come back with less. */
  readonly forgetful: Set<SimulatedNode> = new Set<SimulatedNode>();
  /** Those of them that must have noticed. */
  readonly noticing: Map<SimulatedNode, number> = new Map<SimulatedNode, number>();

  constructor(options: WorldOptions) {
    const { seed, signatures, protocol } = options;
    const dice = (part: string): Dice => new Dice(`${part} ${seed} ${options.validators}`);
    this.trace = new Trace(options.isRecording);
    const admin = signatures.key('admin');
    const keys = Array.from({ length: options.clients }, (_, i) => signatures.key(`client ${i + 1}`));
    const modules = builtinModules();
    this.genesis = simulatedGenesis(protocol.name, options.validators, signatures, { admin, clients: keys });
    this.model = new Model(this.genesis.configuration);
    this.network = new SimulatedNetwork(this.scheduler, dice('network'));
    this.liars = new Liars(options.liars ?? new Set(), this.genesis, signatures, seed);
    this.operator = new Operator(this.scheduler, (check, text, node) => {
      if (!this.isLiar(node)) this.report(check, text);
    });
    this.isSigned = signatures.rule;
    this.statements = new StatementWatch(
      (name) => this.isSuspect(name),
      () => this.scheduler.now,
      this.report,
    );
    const watches = new Watches({ isForgetful: (name) => this.#isForgetful(name), report: this.report });
    const wallNow = (): number => WALL_START + this.scheduler.now;
    this.chain = new CanonicalChain(this.#submitted, this.model, wallNow, signatures.rule, this.report);
    const surroundings: Omit<NodeSurroundings, 'dice'> = {
      scheduler: this.scheduler,
      trace: this.trace,
      signatures,
      genesis: this.genesis,
      modules,
      protocols: (node, name) => {
        const engine = name === protocol.name ? protocol : simulatedProtocol(name);
        return repeating(this.#watched(node, watches, engine), () => this.#repetition(node));
      },
      send: (from, to, packet) => this.#send(from, to, packet),
      misbehaved: (node, peer) => this.#misbehaved(node, peer),
      booted: (node) => this.#booted(node),
      noticed: (node, notice) => this.#noticed(node, notice),
      ended: (node, reason) => {
        this.connections.ended(node, reason);
        this.operator.ended(node, reason);
      },
    };
    this.#surroundings = (part) => ({ ...surroundings, dice: dice(part) });
    this.#nodes = Array.from({ length: options.validators + (options.spares ?? 0) }, (_, i) => {
      return new SimulatedNode(i, validatorName(i), this.#surroundings(`node ${i}`));
    });
    this.nodes = this.#nodes;
    this.connections = new Connections(this.nodes, this.scheduler, this.network, dice('connections'));
    const client = (name: string, key: Key): SimulatedClient =>
      new SimulatedClient(name, key, dice(name), {
        scheduler: this.scheduler,
        trace: this.trace,
        chainId: chainIdOf(this.genesis),
        nodes: () => this.honest,
        submitting: (transaction, account, requests, bytes) => this.#submitting(transaction, account, requests, bytes),
        whenReached: (node, id, level, reached) => this.#whenReached({ node, run: node.run, id, level, reached }),
      });
    this.admin = client('admin', admin);
    this.reader = client('reader', signatures.key('reader'));
    this.clients = keys.map((key, i) => client(`client-${i + 1}`, key));
  }

  /** Nodes whose word counts: all where nobody lies. */
  get honest(): readonly SimulatedNode[] {
    return this.liars.size === 0 ? this.nodes : this.nodes.filter((node) => !this.isLiar(node));
  }

  isLiar({ name }: SimulatedNode): boolean {
    return this.liars.named(name) !== undefined;
  }

  /** Whether that validator may contradict itself: it lies, or its disk forgot what it said. */
  isSuspect(name: string): boolean {
    return this.liars.named(name) !== undefined || this.#isForgetful(name);
  }

  #isForgetful(name: string): boolean {
    return [...this.forgetful].some((node) => node.name === name);
  }

  /** A promise was broken. */
  readonly report: Report = (check, text) => {
    const at = this.scheduler.now;
    this.violations.push({ check, text, at });
    this.trace.note({ at, node: 'world', kind: 'violation', text: `${check}: ${text}` });
  };

  /**
   * A second machine with the keys of `node` and a copy of its disk, not started. Whoever is connected to both sends
   * to both.
   */
  addTwin(node: SimulatedNode): SimulatedNode {
    const twin = new SimulatedNode(this.#nodes.length, node.name, this.#surroundings(`node ${this.#nodes.length}`));
    twin.disk = node.disk.copy();
    // Boot ids are made of names and runs.
    twin.run = TWIN_RUNS;
    this.#nodes.push(twin);
    return twin;
  }

  /** Starts every node. */
  start(): this {
    for (const node of this.nodes) this.operator.start(node, 0);
    return this;
  }

  /** Lets virtual time pass; ends early at a violation, or when `isDone`. */
  run(ms: number, isDone: () => boolean = () => false): this {
    this.scheduler.run(this.scheduler.now + ms, () => this.violations.length > 0 || isDone());
    return this;
  }

  /** One of the newest transactions of the chain, for a node that is to order it again. */
  #repetition(node: SimulatedNode): Uint8Array | undefined {
    if (!node.isRepeating) return undefined;
    const { transactions } = this.chain;
    const at = Math.max(0, transactions.length - 1 - (node.repeated % REPEATED_MAX));
    const bytes = this.#submitted.get(transactions[at]?.transaction ?? '')?.bytes;
    if (bytes) node.repeated += 1;
    return bytes;
  }

  /**
   * Transactions that wait at a node and can execute nowhere any more. It keeps them for a minute in case that its
   * clock is wrong: on an idle chain no block says that they are past.
   */
  expiredIn(node: SimulatedNode): number {
    let count = 0;
    for (const [id, { bytes }] of this.#submitted) {
      if (this.chain.positionOf(id) !== undefined) continue;
      if (node.validator?.transactionState(id as TransactionId).state !== 'pending') continue;
      if (decodeTransaction(bytes).validUntil < WALL_START + this.scheduler.now) count += 1;
    }
    return count;
  }

  /** What a transaction writes if it succeeds; of several writes to a path the last. */
  writesOf(transaction: string): readonly PathWrite[] {
    const writes = new Map<string, string | null>();
    for (const request of this.#submitted.get(transaction)?.requests ?? []) {
      if (request.kind === 'create' || request.kind === 'set') writes.set(request.path, request.value);
      if (request.kind === 'delete') writes.set(request.path, null);
    }
    return [...writes].map(([key, value]) => ({ key, value }));
  }

  #submitting(transaction: string, account: string, requests: readonly Request[], bytes: Uint8Array): void {
    this.#submitted.set(transaction, { account, requests, bytes });
  }

  #whenReached(waiter: Waiter): void {
    if (!this.#isReached(waiter)) this.#waiters.push(waiter);
  }

  #isReached({ node, run, id, level, reached }: Waiter): boolean {
    if (node.run !== run || node.validator === undefined) return true;
    const state = node.validator.transactionState(id);
    if (state.state !== 'final' && !(level === 'committed' && state.state === 'committed')) return false;
    reached(state);
    return true;
  }

  /** Engines of liars do as they like; those of others are watched. */
  #watched(node: SimulatedNode, watches: Watches, engine: Protocol<unknown>): Protocol<unknown> {
    if (this.isLiar(node)) return forgetting(engine, () => this.liars.takesMemory(node.name));
    const watched = watches.watched(engine);
    return engine.faultModel === 'byzantine' ? this.statements.watched(watched, () => node.run) : watched;
  }

  #send(from: SimulatedNode, key: PublicKeyHex, packet: Uint8Array): void {
    const liar = this.liars.named(from.name);
    const packets = liar ? liar.outgoing(key, packet) : [packet];
    for (const to of this.#nodes) {
      if (to.networkKey === key) for (const said of packets) this.say(from, to, said);
    }
  }

  /** Sends a packet as it is, where there is a connection. */
  say(from: SimulatedNode, to: SimulatedNode, packet: Uint8Array): void {
    if (this.connections.isOpen(from, to)) this.#pass(from, to, packet);
  }

  /** Whoever sends what no correct node sends is cut off, and may connect again. */
  #misbehaved(node: SimulatedNode, key: PublicKeyHex): void {
    const accused = this.#nodes.filter(({ networkKey }) => networkKey === key);
    const name = accused[0]?.name;
    if (accused.every((peer) => this.isLiar(peer))) for (const peer of accused) this.connections.cut(node, peer);
    else if (!this.isLiar(node)) this.report('no correct peer is accused', `${node.name} says that ${name} misbehaves`);
  }

  #pass(from: SimulatedNode, to: SimulatedNode, packet: Uint8Array): void {
    const { now } = this.scheduler;
    const id = ++this.packets;
    this.trace.packet(now, from.name, to.name, id, packet, () => packetText(protocolOf(from), packet));
    const { arrivals } = this.network.fate(from.index, to.index, packet);
    if (arrivals.length === 0) {
      this.trace.detail(() => ({
        at: now,
        node: to.name,
        kind: 'lose',
        text: packetText(protocolOf(from), packet),
        peer: from.name,
        id,
      }));
    }
    const { run } = from;
    const toRun = to.run;
    for (const at of arrivals) {
      this.scheduler.after(at - now, () => {
        // A connection dies with either of its ends.
        if (to.run !== toRun || !to.isUp || from.run !== run) return;
        this.trace.detail(() => ({
          at,
          node: to.name,
          kind: 'receive',
          text: packetText(protocolOf(from), packet),
          peer: from.name,
          id,
        }));
        const heard = this.liars.named(to.name)?.incoming(packet) ?? [packet];
        for (const bytes of heard) to.deliver({ kind: 'packet', from: from.networkKey, bytes });
      });
    }
  }

  /** What was durable once must be there again. */
  #booted(node: SimulatedNode): void {
    const tip = node.validator?.ledger.tip;
    if (tip === undefined || this.isLiar(node)) return;
    const { height } = tip.header;
    const before = this.#durable.get(node) ?? 0;
    const lost = node.validator?.status().observerOnly;
    // A chain that damage cut back, or a payload that the log still needs, where the validator knows that it must not vote.
    const isForgotten = height < before || lost?.code === 'ENGINE_RECORD_DAMAGED';
    if (isForgotten && lost && node.disk.isDamaged) this.forgetful.add(node);
    if (height < before && !this.forgetful.has(node)) {
      this.report('durable stays', `${node.name} starts at height ${height}, and ${before} was durable`);
    }
    const known = this.chain.hashAt(height);
    if (height > 0 && known !== undefined && known !== tip.hash) {
      this.report('one block per height', `${node.name} starts with ${tip.hash} at height ${height}, others ${known}`);
    }
  }

  #noticed(node: SimulatedNode, notice: Notice): void {
    const at = this.scheduler.now;
    if (this.isLiar(node) && notice.kind !== 'log') return;
    switch (notice.kind) {
      case 'committed':
        this.trace.note({ at, node: node.name, kind: 'commit', text: `${notice.height} ${notice.hash.slice(0, 8)}` });
        this.#durable.set(node, Math.max(this.#durable.get(node) ?? 0, notice.height));
        this.chain.committed(node, notice.height, notice.hash);
        return this.#wakeWaiters(node);
      case 'final':
        this.trace.note({ at, node: node.name, kind: 'final', text: `${notice.height}` });
        this.chain.certified(node, notice.height);
        return this.#wakeWaiters(node);
      case 'log':
        if (notice.line.level === 'debug') return;
        return this.trace.note({
          at,
          node: node.name,
          kind: 'log',
          text: `${notice.line.code} ${JSON.stringify(notice.line.details)}`,
        });
      default:
        return;
    }
  }

  #wakeWaiters(node: SimulatedNode): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) if (waiter.node !== node || !this.#isReached(waiter)) this.#waiters.push(waiter);
  }
}

/** What the sender of a packet speaks; nothing when it ended meanwhile. */
function protocolOf({ validator }: SimulatedNode): Protocol<unknown> | undefined {
  return validator && simulatedProtocol(validator.ledger.configuration.protocol);
}
