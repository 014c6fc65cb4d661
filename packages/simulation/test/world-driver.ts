import type { Configuration, Protocol, ValidatorMember } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { configurationHashOf, type Transaction } from '@varve/ledger';
import { headerAt, type Ledger } from '@varve/ledger/chain';
import { readySignBytes } from '@varve/modules';
import { raft } from '@varve/raft';
import {
  type Admission,
  type Answer,
  decodePacket,
  type TransactionState,
  type ValidatorStatus,
} from '@varve/validator';
import { expect } from 'vitest';
import type { Request } from '../src/clients/model.ts';
import { realSignatures, standInSignatures } from '../src/world/keys.ts';
import type { LinkRule } from '../src/world/network.ts';
import type { SimulatedNode } from '../src/world/node.ts';
import { World } from '../src/world/world.ts';

/** Between two looks at a condition, virtual milliseconds. */
const LOOK_MS = 1;
/** How long a condition may take that names no bound, virtual milliseconds. */
const PATIENCE_MS = 20_000;

/** A world with a leader, all links open and one final block, in the hands of a test. */
export class WorldDriver {
  readonly world: World;
  #paths = 0;
  /** Of keys that replaced the first ones, by name. */
  readonly #labels = new Map<string, string>();

  constructor(
    validators: number,
    seed: number,
    { protocol = raft as Protocol<unknown>, spares = 0 }: { protocol?: Protocol<unknown>; spares?: number } = {},
  ) {
    this.world = new World({
      seed,
      validators,
      spares,
      clients: 1,
      protocol,
      signatures: standInSignatures,
      isRecording: false,
    }).start();
    const seated = this.nodes.slice(0, validators);
    this.until('a leader', () => seated.every((node) => node.validator?.status().engine?.leader !== undefined));
    this.grow(this.node(0), 1);
  }

  get nodes(): readonly SimulatedNode[] {
    return this.world.nodes;
  }

  node(i: number): SimulatedNode {
    return found(this.nodes[i], `node ${i}`);
  }

  /** Whoever leads the latest term. */
  get leader(): SimulatedNode {
    const leaders = this.nodes.filter((node) => node.isUp && statusOf(node).engine?.role === 'leader');
    leaders.sort((a, b) => termOf(b) - termOf(a));
    return found(leaders[0], 'leader');
  }

  get followers(): readonly SimulatedNode[] {
    const { leader } = this;
    return this.nodes.filter((node) => node !== leader);
  }

  /** Lets virtual time pass; nothing may go wrong meanwhile. */
  run(ms: number): this {
    this.world.run(ms);
    expect(this.world.violations).toEqual([]);
    return this;
  }

  /** Lets virtual time pass until `isSo`, and no longer than `msMax`. */
  until(what: string, isSo: () => boolean, msMax: number = PATIENCE_MS): this {
    const end = this.world.scheduler.now + msMax;
    while (!isSo()) {
      if (this.world.scheduler.now >= end) throw new Error(`no ${what} within ${msMax} ms: ${this.describe()}`);
      this.run(LOOK_MS);
    }
    return this;
  }

  /** A transaction that creates a path of its own, or does what is asked. */
  make(requests?: readonly Request[]): Transaction {
    const path = `/t${++this.#paths}`;
    return found(this.world.clients[0], 'client').make(requests ?? [{ kind: 'create', path, value: path }]);
  }

  /** The next configuration with something changed. */
  next(change: Partial<Pick<Configuration, 'protocol' | 'validators'>>): Configuration {
    const { current } = this.world.model.configurations;
    return { ...current, ...change, number: current.number + 1, parentHash: configurationHashOf(current) };
  }

  /** A transaction that changes the configuration. */
  change(change: Partial<Pick<Configuration, 'protocol' | 'validators'>>): Transaction {
    return this.world.admin.make([{ kind: 'propose', configuration: this.next(change) }]);
  }

  /** Changes the configuration and waits until every node that is up is in the next. */
  switchTo(change: Partial<Pick<Configuration, 'protocol' | 'validators'>>): Transaction {
    const transaction = this.change(change);
    const up = this.nodes.filter((node) => node.isUp);
    for (const node of up) this.hand(node, transaction);
    const { number } = this.next({});
    const seats = new Set(this.next(change).validators.map(({ name }) => `${name}`));
    this.until('next configuration', () =>
      up.every((node) => {
        const { mode, engine } = statusOf(node);
        const isIn = !seats.has(node.name) || mode !== 'starting';
        return ledgerOf(node).configuration.number === number && isIn && engine?.role !== 'draining';
      }),
    );
    return transaction;
  }

  /** Until every validator knows who leads. */
  untilLed(): this {
    const seated = this.nodes.filter((node) => node.isUp && statusOf(node).mode === 'validator');
    return this.until('a leader', () => seated.every((node) => statusOf(node).engine?.leader !== undefined));
  }

  /** The seat that a node can take with the key it came with. */
  seat(node: SimulatedNode, label: string = `signing ${node.name}`): ValidatorMember {
    const signingKey = standInSignatures.key(label).hex;
    return { name: nodeId(node.name), organization: 'org1', signingKey, networkKey: node.networkKey };
  }

  /** Gives a node another signing key and starts it again; the seat that it can take then. */
  rotate(node: SimulatedNode): ValidatorMember {
    const label = `another ${node.name}`;
    node.addSigningKey(standInSignatures.key(label));
    this.#labels.set(node.name, label);
    node.crash(false);
    this.world.operator.start(node, 1);
    this.until('restart', () => node.isUp);
    return this.seat(node, label);
  }

  /** Makes the proof that a seat is ready final. */
  ready(seat: ValidatorMember): void {
    const node = found(
      this.nodes.find(({ name }) => name === seat.name),
      seat.name,
    );
    const { chainId, tip } = ledgerOf(node);
    const height = tip.header.height;
    const blockHash = tip.hash;
    const signed = readySignBytes({ chainId, validator: seat, rules: 1, height, blockHash });
    const label = this.#labels.get(node.name) ?? `signing ${node.name}`;
    // Modules know no stand-in for signatures.
    const signature = realSignatures.key(label).sign(signed);
    const transaction = this.world.admin.make([{ kind: 'ready', seat, proof: { height, blockHash, signature } }]);
    this.hand(this.node(0), transaction);
    this.until('final proof', () => stateOf(this.node(0), transaction).state === 'final');
    expect(stateOf(this.node(0), transaction)).toMatchObject({ outcome: { code: 'OK' } });
  }

  /** Hears every packet until the returned function is called. */
  listen(hear: (from: SimulatedNode, to: SimulatedNode, packet: Uint8Array) => void): () => void {
    let pair: [number, number] = [0, 0];
    return this.disturb({
      covers: (from, to) => {
        pair = [from, to];
        return true;
      },
      concerns: (packet) => {
        hear(this.node(pair[0]), this.node(pair[1]), packet);
        return false;
      },
    });
  }

  /** Hands transactions in, and forgets the answer. */
  hand(node: SimulatedNode, ...transactions: readonly Transaction[]): void {
    const bytes = transactions.map((transaction) => transaction.bytes);
    node.call(
      (request) => ({ kind: 'submit', request, transactions: bytes }),
      () => undefined,
    );
  }

  /** Hands bytes in and waits for the verdicts. */
  submit(node: SimulatedNode, ...transactions: readonly Uint8Array[]): readonly Admission[] {
    let answer: Answer | undefined;
    node.call(
      (request) => ({ kind: 'submit', request, transactions }),
      (given) => {
        answer = given;
      },
    );
    this.until('answer', () => answer !== undefined);
    return answer?.kind === 'submitted' ? answer.admissions : [];
  }

  /** Asks for a read barrier and waits for what comes of it. */
  barrier(node: SimulatedNode): Answer {
    let answer: Answer | undefined;
    node.call(
      (request) => ({ kind: 'barrier', request }),
      (given) => {
        answer = given;
      },
    );
    this.until('answer', () => answer !== undefined);
    return found(answer, 'answer');
  }

  /** Blocks of one transaction each, handed in at `node` and final there. */
  grow(node: SimulatedNode, blocks: number): Transaction[] {
    return Array.from({ length: blocks }, () => {
      const transaction = this.make();
      this.hand(node, transaction);
      this.until('final transaction', () => stateOf(node, transaction).state === 'final');
      return transaction;
    });
  }

  /** Until all nodes that are up have the whole chain, final, with equal state. */
  settle(nodes: readonly SimulatedNode[] = this.nodes.filter((node) => node.isUp)): this {
    const { chain } = this.world;
    this.until('settled chain', () =>
      nodes.every(({ validator }) => {
        const status = validator?.status();
        return status?.durableHeight === chain.height && status.finalHeight === chain.height;
      }),
    );
    const tips = nodes.map((node) => ledgerOf(node).tip);
    expect(new Set(tips.map((tip) => tip.hash)).size).toBe(1);
    expect(new Set(tips.map((tip) => Buffer.from(tip.header.stateRoot).toString('hex'))).size).toBe(1);
    return this;
  }

  /** Disturbs links until the returned function is called. */
  disturb(rule: Omit<LinkRule, 'hits'>): () => void {
    const added: LinkRule = { ...rule, hits: 0 };
    this.world.network.rules.add(added);
    return () => this.world.network.rules.delete(added);
  }

  /** Nothing passes from `from` to `to`. */
  block(from: SimulatedNode, to: SimulatedNode): () => void {
    return this.disturb({ blocked: true, covers: (a, b) => a === from.index && b === to.index });
  }

  /** Counts packets of `node` that hold a message of one of `kinds`. */
  count(node: SimulatedNode, ...kinds: readonly string[]): () => number {
    let count = 0;
    this.disturb({
      covers: (from) => from === node.index,
      concerns: (packet) => {
        if (kindsIn(packet).some((kind) => kinds.includes(kind))) count += 1;
        return false;
      },
    });
    return () => count;
  }

  /** The power fails, `spoil` happens to the disk, and the process starts again. */
  strike(node: SimulatedNode, spoil: (node: SimulatedNode) => void): void {
    this.world.forgetful.add(node);
    node.crash(true);
    spoil(node);
    this.world.operator.start(node, 100);
  }

  describe(): string {
    const nodes = this.nodes.map((node) => {
      const status = node.validator?.status();
      const engine = status?.engine;
      return `${node.name} ${status?.mode ?? 'down'} ${engine?.role} ${engine?.epoch.number} height ${status?.durableHeight} final ${status?.finalHeight} pool ${status?.pool.transactions} ${codesOf(node)}`;
    });
    return nodes.join('; ');
  }
}

/** @throws where there is nothing. */
function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}

export function statusOf(node: SimulatedNode): ValidatorStatus {
  return found(node.validator, `process of ${node.name}`).status();
}

export function ledgerOf(node: SimulatedNode): Ledger {
  return found(node.validator, `process of ${node.name}`).ledger;
}

export function termOf(node: SimulatedNode): number {
  return statusOf(node).engine?.epoch.number ?? 0;
}

/** Codes of what holds the node up. */
export function codesOf(node: SimulatedNode): readonly string[] {
  return node.validator?.status().conditions.map(({ code }) => code) ?? [];
}

export function stateOf(node: SimulatedNode, transaction: Transaction): TransactionState {
  return found(node.validator, `process of ${node.name}`).transactionState(transaction.id);
}

/** Blocks of `node` from height 1 on: who ordered them, and what. */
export function ordersOf(node: SimulatedNode): readonly { readonly term: number; readonly payload: string }[] {
  const ledger = ledgerOf(node);
  return Array.from({ length: ledger.tip.header.height }, (_, i) => {
    const { header } = found(headerAt(ledger, i + 1), `block ${i + 1}`);
    return { term: header.epoch.number, payload: header.payloadHash };
  });
}

export function kindsIn(packet: Uint8Array): readonly string[] {
  return decodePacket(packet).map(({ kind }) => kind);
}

/** Whether a packet carries entries of a log with what is ordered in them. */
export function carriesPayloads(packet: Uint8Array): boolean {
  return decodePacket(packet).some((message) => message.kind === 'frame' && message.frame.payloads.length > 0);
}
