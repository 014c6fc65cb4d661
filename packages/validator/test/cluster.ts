import { createRng, ENGINE_TIMING_DEFAULT, ENGINE_WINDOW_DEFAULT, type Protocol, type Rng } from '@varve/consensus';
import { createSigner, type Signer, sha256, verifySignature } from '@varve/crypto';
import { type ChainId, nodeId, type PublicKeyHex, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  CONFIGURATION_PARENT_NONE,
  chainIdOf,
  type Genesis,
  type Operation,
  PARAMETERS_DEFAULT,
  prepareTransaction,
  RULES_KNOWN,
  type Transaction,
} from '@varve/ledger';
import { type GenesisModule, initialRecords } from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, builtinModules } from '@varve/modules';
import { raft } from '@varve/raft';
import {
  type Admission,
  type Answer,
  type Effects,
  type Instant,
  type LogLine,
  type Notice,
  POOL_LIMITS_DEFAULT,
  type PoolLimits,
  Validator,
  type ValidatorEvent,
  ValidatorLoader,
} from '../src/index.ts';
import { MemoryStore } from './memory-store.ts';

/** Wall clock at virtual time 0. */
export const START = 1_790_000_000_000;

function signer(label: string): Signer {
  return createSigner(sha256(utf8Encode(label)));
}

function keyOf(label: string): PublicKeyHex {
  return publicKeyHex(toHex(signer(label).publicKey));
}

/** One process: a validator, or an observer, with its disk. */
export class TestNode {
  readonly name: string;
  readonly networkKey: PublicKeyHex;
  readonly signer: Signer;
  store = new MemoryStore();
  validator: Validator | undefined;
  halted: { readonly code: string; readonly detail: string } | undefined;
  clockOffset = 0;
  /** By its program, from its next start on. */
  rulesKnown = RULES_KNOWN;
  boots = 0;
  wakeAt: number | undefined;
  readonly notices: Notice[] = [];
  readonly logs: LogLine[] = [];
  readonly answers = new Map<number, Answer>();
  readonly misbehaved: string[] = [];

  constructor(name: string) {
    this.name = name;
    this.networkKey = keyOf(`network ${name}`);
    this.signer = signer(`signing ${name}`);
  }
}

type Scheduled = { readonly at: number; readonly order: number; readonly run: () => void };

/** Settings of a test network. */
export interface ClusterOptions {
  readonly validators: number;
  readonly seed?: number;
  readonly modules?: ReadonlyMap<string, GenesisModule>;
  readonly pool?: Partial<PoolLimits>;
  readonly protocol?: Protocol<unknown>;
  readonly genesisTime?: number;
}

/** Whole validators on a virtual clock, network and disks: seeded, so that every run of a test is the same. */
export class Cluster {
  readonly genesis: Genesis;
  readonly chainId: ChainId;
  readonly nodes: TestNode[] = [];
  readonly client: Signer = signer('client');
  readonly admin: Signer = signer('admin');
  readonly modules: ReadonlyMap<string, GenesisModule>;
  now = 0;
  readonly #rng: Rng;
  readonly #options: ClusterOptions;
  #queue: Scheduled[] = [];
  #order = 0;
  #request = 1;
  #nonce = 0;
  readonly #cut = new Set<string>();
  /** Drops a packet when it returns true. */
  lose: (from: TestNode, to: TestNode, packet: Uint8Array) => boolean = () => false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#rng = createRng(sha256(utf8Encode(`cluster ${options.seed ?? 1}`)));
    this.modules = options.modules ?? builtinModules();
    const digits = String(options.validators).length;
    const names = Array.from(
      { length: options.validators },
      (_, i) => `validator-${String(i + 1).padStart(digits, '0')}`,
    );
    this.genesis = {
      title: 'test',
      time: options.genesisTime ?? START,
      configuration: {
        number: 0,
        parentHash: CONFIGURATION_PARENT_NONE,
        protocol: (options.protocol ?? raft).name,
        validators: names.map((name) => ({
          name: nodeId(name),
          organization: 'org1',
          signingKey: keyOf(`signing ${name}`),
          networkKey: keyOf(`network ${name}`),
        })),
        parameters: PARAMETERS_DEFAULT,
      },
      organizations: [{ name: 'org1', title: 'One' }],
      accounts: [
        { publicKey: publicKeyHex(toHex(this.client.publicKey)), organization: 'org1', roles: ['client'] },
        { publicKey: publicKeyHex(toHex(this.admin.publicKey)), organization: 'org1', roles: ['admin', 'client'] },
      ],
    };
    this.chainId = chainIdOf(this.genesis);
    for (const name of names) this.add(name);
  }

  /** A node with a new disk, not started. */
  add(name: string): TestNode {
    const node = new TestNode(name);
    node.store.commit(initialRecords(this.genesis, this.modules.values(), new Uint8Array(0)));
    this.nodes.push(node);
    return node;
  }

  node(i: number): TestNode {
    const node = this.nodes[i];
    if (node === undefined) throw new Error(`no node ${i}`);
    return node;
  }

  /** Starts nodes, all unless told otherwise. */
  start(...nodes: readonly TestNode[]): this {
    for (const node of nodes.length > 0 ? nodes : this.nodes) this.#boot(node);
    return this;
  }

  /** Ends a process at once; what its disk holds stays. */
  kill(node: TestNode): void {
    node.validator = undefined;
    for (const other of this.nodes)
      if (other.validator) this.#deliver(other, { kind: 'link', peer: node.networkKey, up: false });
  }

  /** Cuts or mends the link between two nodes. */
  link(a: TestNode, b: TestNode, up: boolean): void {
    const id = [a.name, b.name].sort().join('|');
    if (up) this.#cut.delete(id);
    else this.#cut.add(id);
    if (a.validator) this.#deliver(a, { kind: 'link', peer: b.networkKey, up });
    if (b.validator) this.#deliver(b, { kind: 'link', peer: a.networkKey, up });
  }

  /** Lets virtual time pass. */
  run(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const next = this.#next();
      const wake = this.#nextWake();
      const at = Math.min(next?.at ?? Number.MAX_SAFE_INTEGER, wake?.at ?? Number.MAX_SAFE_INTEGER);
      if (at > end) break;
      this.now = Math.max(this.now, at);
      if (next && next.at <= at) {
        this.#queue.splice(this.#queue.indexOf(next), 1);
        next.run();
      } else if (wake) {
        wake.node.wakeAt = undefined;
        this.#deliver(wake.node, { kind: 'timer' });
      }
    }
    this.now = end;
    return this;
  }

  /** Runs until `condition` holds; throws after `msMax`. */
  until(condition: () => boolean, msMax = 30_000): this {
    const end = this.now + msMax;
    while (!condition()) {
      if (this.now >= end) throw new Error(`not within ${msMax} ms: ${condition.toString()}\n${this.describe()}`);
      this.run(10);
    }
    return this;
  }

  /** A signed transaction of the client, valid for `validMs` from now. */
  transaction(operations: readonly Operation[], from: Signer = this.client, validMs = 60_000): Transaction {
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setUint32(0, ++this.#nonce);
    const { signedBytes, assemble } = prepareTransaction(
      {
        chainId: this.chainId,
        account: accountIdOf(from.publicKey),
        nonce,
        validUntil: START + this.now + validMs,
        operations,
      },
      from.publicKey,
    );
    return assemble(from.sign(signedBytes));
  }

  /** Hands transactions in at `node` and returns the verdicts. */
  submit(node: TestNode, ...transactions: readonly Uint8Array[]): readonly Admission[] {
    const request = this.#request++;
    this.#deliver(node, { kind: 'submit', request, transactions });
    this.until(() => node.answers.has(request), 5000);
    const answer = node.answers.get(request);
    return answer?.kind === 'submitted' ? answer.admissions : [];
  }

  /** Asks for a read barrier; the answer comes later in `node.answers`. */
  barrier(node: TestNode): number {
    const request = this.#request++;
    this.#deliver(node, { kind: 'barrier', request });
    return request;
  }

  /** One event for one node, now. */
  tell(node: TestNode, event: ValidatorEvent): void {
    this.#deliver(node, event);
  }

  get leader(): TestNode | undefined {
    return this.nodes.find((node) => node.validator?.status().engine?.role === 'leader');
  }

  describe(): string {
    return this.nodes
      .map((node) => {
        const status = node.validator?.status();
        return `${node.name}: ${node.halted?.code ?? status?.mode ?? 'down'} ${node.halted?.detail ?? ''} height ${status?.durableHeight} final ${status?.finalHeight} ${status?.engine?.role} ${JSON.stringify(status?.conditions)} pool ${status?.pool.transactions}`;
      })
      .join('\n');
  }

  #boot(node: TestNode): void {
    node.boots += 1;
    node.halted = undefined;
    const loader = new ValidatorLoader();
    for (const range of ValidatorLoader.ranges)
      for (const [key, value] of node.store.entries(range)) loader.add(key, value);
    const loaded = loader.finish(
      node.store,
      {
        modules: this.modules,
        accounts: accountDirectory,
        isSigned: (transaction) =>
          verifySignature(transaction.publicKey, transaction.signedBytes, transaction.signature),
        rebuild: false,
        rulesKnown: node.rulesKnown,
      },
      this.genesis,
    );
    node.validator = new Validator(
      loaded,
      {
        networkKey: node.networkKey,
        signingKeys: [keyOf(`signing ${node.name}`)],
        protocols: () => this.#options.protocol ?? (raft as Protocol<unknown>),
        timing: ENGINE_TIMING_DEFAULT,
        window: ENGINE_WINDOW_DEFAULT,
        pool: { ...POOL_LIMITS_DEFAULT, ...this.#options.pool },
        signatureRule: verifySignature,
        bootId: toHex(sha256(utf8Encode(`${node.name} ${node.boots}`)).subarray(0, 16)),
        salt: '5a17'.repeat(8),
        verdictsMax: 10_000,
      },
      this.#instant(node),
    );
    this.#deliver(node, { kind: 'timer' });
    for (const other of this.nodes) {
      if (other === node || other.validator === undefined || this.#isCut(node, other)) continue;
      this.#deliver(node, { kind: 'link', peer: other.networkKey, up: true });
      this.#deliver(other, { kind: 'link', peer: node.networkKey, up: true });
    }
  }

  #deliver(node: TestNode, event: ValidatorEvent): void {
    const { validator } = node;
    if (validator === undefined || node.halted) return;
    this.#carryOut(node, validator, validator.step(event, this.#instant(node)));
  }

  #carryOut(node: TestNode, validator: Validator, effects: Effects): void {
    const later = (ms: number, event: ValidatorEvent): void => {
      this.#schedule(ms, () => {
        if (node.validator === validator) this.#deliver(node, event);
      });
    };
    const { persist } = effects;
    if (persist) {
      this.#schedule(1, () => {
        if (node.validator !== validator) return;
        node.store.commit(persist.operations);
        this.#deliver(node, { kind: 'persisted', batch: persist.batch });
      });
    }
    for (const { job, items } of effects.verify) {
      later(1, {
        kind: 'verified',
        job,
        verdicts: items.map((item) => verifySignature(item.publicKey, item.message, item.signature)),
      });
    }
    for (const { job, messages } of effects.sign) {
      later(0, { kind: 'signed', job, signatures: messages.map((message) => node.signer.sign(message)) });
    }
    for (const { to, packet } of effects.send) this.#send(node, to, packet);
    for (const answer of effects.answers) node.answers.set(answer.request, answer);
    for (const notice of effects.notices) {
      if (notice.kind === 'log') node.logs.push(notice.line);
      else node.notices.push(notice);
    }
    for (const { reason } of effects.misbehaved) node.misbehaved.push(reason);
    node.wakeAt = effects.wakeAt;
    if (effects.halt) node.halted = effects.halt;
  }

  #send(from: TestNode, to: PublicKeyHex, packet: Uint8Array): void {
    const target = this.nodes.find((node) => node.networkKey === to);
    if (target === undefined || this.#isCut(from, target) || this.lose(from, target, packet)) return;
    const receiver = target.validator;
    this.#schedule(1 + (this.#rng.nextUint32() % 3), () => {
      if (target.validator === receiver && !this.#isCut(from, target)) {
        this.#deliver(target, { kind: 'packet', from: from.networkKey, bytes: packet });
      }
    });
  }

  #isCut(a: TestNode, b: TestNode): boolean {
    return this.#cut.has([a.name, b.name].sort().join('|'));
  }

  #instant(node: TestNode): Instant {
    return { monotonic: this.now, wall: START + this.now + node.clockOffset };
  }

  #schedule(ms: number, run: () => void): void {
    this.#queue.push({ at: this.now + ms, order: this.#order++, run });
  }

  #next(): Scheduled | undefined {
    let best: Scheduled | undefined;
    for (const item of this.#queue) {
      if (best === undefined || item.at < best.at || (item.at === best.at && item.order < best.order)) best = item;
    }
    return best;
  }

  #nextWake(): { readonly at: number; readonly node: TestNode } | undefined {
    let best: { at: number; node: TestNode } | undefined;
    for (const node of this.nodes) {
      if (node.validator === undefined || node.halted || node.wakeAt === undefined) continue;
      // At least a millisecond passes, so that a validator that asks for "now" cannot stop the clock.
      const at = Math.max(node.wakeAt, this.now + 1);
      if (best === undefined || at < best.at) best = { at, node };
    }
    return best;
  }
}
