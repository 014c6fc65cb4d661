import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Height, PublicKeyHex, TransactionId } from '@varve/encoding';
import type { Ledger, RecordDamaged } from '@varve/ledger/chain';
import {
  type Admission,
  type Answer,
  clockOffset,
  type Notice,
  type TransactionState,
  type Validator,
} from '@varve/validator';
import type { Network } from '../network/index.ts';
import { NodeError } from './errors.ts';
import { type EventLoop, instant } from './event-loop.ts';
import type { NodeService, NodeView, PeerView } from './service.ts';
import { Submissions } from './submissions.ts';

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** How often event-loop lag is read and started anew, milliseconds. */
const LAG_WINDOW_MS = 5000;
/** While leaders change or one engine hands over to the next nobody confirms a read: it is asked for again, milliseconds. */
const BARRIER_PATIENCE_MS = 2000;
const BARRIER_AGAIN_MS = 50;

/** The running node as others see it: turns calls into events and answers back into results. */
export class ServiceHost implements NodeService {
  readonly ledger: Ledger;
  readonly #validator: Validator;
  readonly #loop: EventLoop;
  readonly #network: () => Network | undefined;
  readonly #identity: { readonly networkKey: PublicKeyHex; readonly bootId: string };
  readonly #diskLow: () => boolean;
  readonly #waiting = new Map<number, Waiting>();
  readonly #submissions: Submissions;
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #lag: IntervalHistogram;
  readonly #lagTimer: NodeJS.Timeout;
  #lagP99Ms = 0;
  #request = 1;
  #stopping = false;

  constructor(
    validator: Validator,
    loop: EventLoop,
    network: () => Network | undefined,
    identity: { readonly networkKey: PublicKeyHex; readonly bootId: string },
    diskLow: () => boolean,
  ) {
    this.ledger = validator.ledger;
    this.#validator = validator;
    this.#loop = loop;
    this.#network = network;
    this.#identity = identity;
    this.#diskLow = diskLow;
    this.#submissions = new Submissions(
      (event) => loop.deliver(event),
      () => this.#request++,
    );
    this.#lag = monitorEventLoopDelay({ resolution: 10 });
    this.#lag.enable();
    this.#lagTimer = setInterval(() => {
      // The histogram measures the whole interval of its own timer, not only what comes on top.
      this.#lagP99Ms = Math.max(0, this.#lag.percentile(99) / 1e6 - 10);
      this.#lag.reset();
    }, LAG_WINDOW_MS);
    this.#lagTimer.unref();
  }

  view(): NodeView {
    const status = this.#validator.status();
    const network = this.#network();
    const cpu = process.cpuUsage();
    const conditions = [...status.conditions];
    if (this.#diskLow())
      conditions.push({ code: 'DISK_LOW', detail: 'too little free disk space to take transactions', nodes: [] });
    return {
      name: status.member?.name,
      networkKey: this.#identity.networkKey,
      bootId: this.#identity.bootId,
      mode: status.mode,
      observerOnly: status.observerOnly,
      height: status.durableHeight,
      finalHeight: status.finalHeight,
      engine: status.engine,
      pool: status.pool,
      peers: this.#peers(status),
      conditions,
      leaving: status.leaving,
      sealsMissing: status.sealsMissing,
      evidence: status.evidence,
      loopLagP99Ms: this.#lagP99Ms,
      bytesSent: network?.bytesSent ?? 0,
      bytesReceived: network?.bytesReceived ?? 0,
      packetsSent: network?.packetsSent ?? 0,
      packetsReceived: network?.packetsReceived ?? 0,
      cpuMicros: {
        total: cpu.user + cpu.system,
        verify: Math.round(this.#loop.verifyMicros),
        step: Math.round(this.#loop.stepMicros),
        send: Math.round(this.#loop.sendMicros),
      },
    };
  }

  async submit(transactions: readonly Uint8Array[]): Promise<readonly Admission[]> {
    if (this.#diskLow()) return transactions.map(() => DISK_LOW);
    if (this.#stopping) throw stopping();
    return this.#submissions.add(transactions);
  }

  async barrier(): Promise<Height> {
    const end = performance.now() + BARRIER_PATIENCE_MS;
    for (;;) {
      const answer = await this.#ask((request) => this.#loop.deliver({ kind: 'barrier', request }));
      if (answer.kind === 'barrier') return answer.height;
      if (performance.now() > end) break;
      await new Promise((resolve) => setTimeout(resolve, BARRIER_AGAIN_MS));
    }
    throw new NodeError('BARRIER_UNAVAILABLE', { reason: 'too few validators confirm what is newest' });
  }

  transactionState(id: TransactionId): TransactionState {
    return this.#validator.transactionState(id);
  }

  reportDamage(error: RecordDamaged): void {
    this.#validator.reportDamage(error);
    this.#loop.deliver({ kind: 'timer' });
  }

  watch(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The loop's answers come here. */
  answered(answer: Answer): void {
    if (answer.kind === 'submitted') {
      this.#submissions.answered(answer.request, answer.admissions);
      return;
    }
    const waiting = this.#waiting.get(answer.request);
    this.#waiting.delete(answer.request);
    waiting?.resolve(answer);
  }

  /** The loop's notices come here. */
  noticed(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }

  /** Refuses what waits and what comes. */
  stop(): void {
    this.#stopping = true;
    clearInterval(this.#lagTimer);
    this.#lag.disable();
    for (const { reject } of this.#waiting.values()) reject(stopping());
    this.#waiting.clear();
    this.#submissions.fail(stopping);
  }

  #ask(deliver: (request: number) => void): Promise<Answer> {
    if (this.#stopping) return Promise.reject(stopping());
    const request = this.#request++;
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      deliver(request);
    });
  }

  #peers(status: ReturnType<Validator['status']>): PeerView[] {
    const now = instant();
    const connected = new Map(status.peers.map((peer) => [peer.networkKey, peer]));
    const members = this.ledger.configuration.validators.filter(
      (member) => member.networkKey !== this.#identity.networkKey,
    );
    const keys = new Set([...members.map((member) => member.networkKey), ...connected.keys()]);
    return [...keys].map((networkKey) => {
      const peer = connected.get(networkKey);
      return {
        networkKey,
        name: members.find((member) => member.networkKey === networkKey)?.name,
        connected: peer !== undefined,
        height: peer?.hello?.height,
        finalHeight: peer?.hello?.finalHeight,
        heardMs: peer?.hello && now.monotonic - peer.heardAt,
        clockOffsetMs: peer?.hello && clockOffset({ hello: peer.hello, heardAt: peer.heardAt }, now),
      };
    });
  }
}

const DISK_LOW: Admission = {
  admitted: false,
  id: undefined,
  code: 'DISK_LOW',
  retry: 'elsewhere',
  detail: 'this node has too little free disk space',
};

function stopping(): NodeError {
  return new NodeError('NODE_STOPPING', { reason: 'the node is stopping' });
}
