import { setTimeout as pause } from 'node:timers/promises';
import type { ProtocolName } from '@varve/consensus';
import { chainId } from '@varve/encoding';
import { FinalWatch } from '../../load/final-watch.ts';
import { HttpLoad } from '../../load/http-load.ts';
import { readNodeMetrics } from '../../load/node-metrics.ts';
import { closedLoop, type LoadResult, type LoadShape, type OfferedResult, offeredLoop } from '../../load/throughput.ts';
import { signedAhead, TransactionMaker } from '../../load/transactions.ts';
import { TemporaryNetwork } from './network.ts';
import type { ComparePlan } from './plan.ts';

/** How the closed loop hands in: transactions a request, requests in flight; a slow machine has time for its first ones. */
export const SATURATING = { batch: 100, concurrency: 16, timeoutMs: 50_000 } as const;
const PACED_BATCH = 10;
/** What is offered counts when it is final after so long at most. */
export const FINAL_MS_MAX = 10_000;
/** Load runs so long before a validator is killed, and after the first new transaction is final. */
const AROUND_MS = 1_000;
/** A network that orders nothing for so long after the death of its leader is given up. */
export const RECOVERY_MS_MAX = 30_000;
/** More is signed ahead than the warm-up suggests: what is missing is signed while time is taken. */
const STOCK_MARGIN = 1.5;

/** What became of load that was offered at a fixed rate. */
export interface OfferedLoad {
  readonly offered: number;
  /** Of `offered`. */
  readonly final: number;
  /** From the start until everything was answered. */
  readonly seconds: number;
  /** To final; `null` where nothing became final. */
  readonly latencyMs: LoadResult['latencyMs'] | null;
}

/** Load on all validators, and what they sent to each other meanwhile, all of them together. */
export interface PacedLoad extends OfferedLoad {
  readonly packets: number;
  readonly bytes: number;
}

/** Load while the leader was killed. */
export interface LeaderKill extends OfferedLoad {
  readonly killed: string;
  /** The longest time from the kill on without a new final block; to the end of the measurement, if there was none. */
  readonly gapMs: number;
  /** From the kill until a transaction that was handed in after it was final; `null` if none within 30 s. */
  readonly recoveryMs: number | null;
}

/** Load while as many validators are down as the protocol tolerates. */
export interface DownLoad extends OfferedLoad {
  readonly validators: readonly string[];
}

/** Load on a network of its own, one measurement after the other. */
export class Measurement {
  readonly #network: TemporaryNetwork;
  readonly #maker: TransactionMaker;
  readonly #seconds: number;
  readonly #signal: AbortSignal;
  readonly #http = new HttpLoad();
  readonly #killed: string[] = [];

  private constructor(network: TemporaryNetwork, maker: TransactionMaker, seconds: number, signal: AbortSignal) {
    this.#network = network;
    this.#maker = maker;
    this.#seconds = seconds;
    this.#signal = signal;
  }

  /** Starts a network; all that `TemporaryNetwork.start` throws. Whoever gets it closes it. */
  static async start(protocol: ProtocolName, plan: ComparePlan, signal: AbortSignal): Promise<Measurement> {
    const network = await TemporaryNetwork.start(protocol, plan.validators, signal);
    try {
      const maker = new TransactionMaker(chainId(network.chainId), await network.signers(), plan.transactionBytes);
      return new Measurement(network, maker, plan.seconds, signal);
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#http.close();
    await this.#network.close();
  }

  /**
   * A closed loop.
   * @param expectedPerSecond - For so many a second is signed ahead, and for the first round at least.
   * @throws {LoadError} where anything does not become final.
   */
  async saturate(expectedPerSecond: number): Promise<LoadResult> {
    const round = SATURATING.batch * SATURATING.concurrency;
    const stock = Math.max(round, Math.ceil(STOCK_MARGIN * expectedPerSecond * this.#seconds));
    const next = await signedAhead(this.#maker, stock, this.#signal);
    const shape: LoadShape = { urls: this.#urls(), wait: 'final', ...SATURATING };
    const result = await closedLoop(this.#http, shape, next, this.#seconds);
    this.#signal.throwIfAborted();
    return result;
  }

  /**
   * An open loop.
   * @throws {LoadError} where nothing at all becomes final.
   */
  async pace(perSecond: number): Promise<PacedLoad> {
    const before = await this.#sent();
    const result = await this.#offer(perSecond);
    const after = await this.#sent();
    if (result.transactions === 0 && result.failures[0] !== undefined) throw result.failures[0];
    return { ...told(result), packets: after.packets - before.packets, bytes: after.bytes - before.bytes };
  }

  /** Kills the leader while load runs, and lets it run on the others until they have recovered. */
  async killLeader(perSecond: number): Promise<LeaderKill> {
    const urls = [...this.#urls()];
    const stop = new AbortController();
    const seconds = this.#seconds + (AROUND_MS + FINAL_MS_MAX + RECOVERY_MS_MAX) / 1000;
    const next = (count: number): readonly Uint8Array[] | undefined =>
      stop.signal.aborted || this.#signal.aborted ? undefined : this.#maker.make(count);
    const load = offeredLoop(this.#http, pacedShape(urls), next, perSecond, seconds);
    let watch: FinalWatch | undefined;
    try {
      await pause(AROUND_MS, undefined, { signal: this.#signal });
      const leader = await this.#network.leader();
      const survivor = urls.find((url) => url !== leader.httpUrl) ?? '';
      watch = new FinalWatch(survivor);
      this.#kill(leader);
      urls.splice(urls.indexOf(leader.httpUrl), 1);
      const died = performance.now();
      const recoveryMs = await this.#recovery(survivor, died);
      const left = this.#seconds * 1000 - (performance.now() - died);
      await pause(Math.max(AROUND_MS, left), undefined, { signal: this.#signal });
      stop.abort();
      const gapMs = await watch.stop();
      return { killed: leader.name, gapMs, recoveryMs, ...told(await load) };
    } finally {
      stop.abort();
      await watch?.stop();
    }
  }

  /** Kills others until so many are down, and offers load to those that are left. */
  async killMore(perSecond: number, down: number): Promise<DownLoad> {
    const { running } = this.#network;
    // Another death of a leader would be measured again.
    const leader = await this.#network.leader().catch(() => undefined);
    const others = running.filter(({ name }) => name !== leader?.name);
    const missing = down - this.#killed.length;
    for (const validator of others.slice(others.length - missing)) this.#kill(validator);
    await pause(AROUND_MS, undefined, { signal: this.#signal });
    return { validators: [...this.#killed], ...told(await this.#offer(perSecond)) };
  }

  async #offer(perSecond: number): Promise<OfferedResult> {
    const stock = Math.ceil(perSecond * this.#seconds) + PACED_BATCH;
    const next = await signedAhead(this.#maker, stock, this.#signal);
    const result = await offeredLoop(this.#http, pacedShape(this.#urls()), next, perSecond, this.#seconds);
    this.#signal.throwIfAborted();
    return result;
  }

  /** Until a fresh transaction is final, in milliseconds since `died`. */
  async #recovery(url: string, died: number): Promise<number | null> {
    const [probe = new Uint8Array()] = this.#maker.make(1);
    const address = `${url}/v1/transactions?wait=final&timeout=${RECOVERY_MS_MAX}`;
    const { status } = await this.#http.post(address, 'application/cose', probe);
    return status === 200 ? performance.now() - died : null;
  }

  #kill(validator: TemporaryNetwork['running'][number]): void {
    this.#network.kill(validator);
    this.#killed.push(validator.name);
  }

  async #sent(): Promise<{ readonly packets: number; readonly bytes: number }> {
    const all = await Promise.all(this.#urls().map(readNodeMetrics));
    return {
      packets: all.reduce((sum, { sentPackets }) => sum + sentPackets, 0),
      bytes: all.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    };
  }

  #urls(): readonly string[] {
    return this.#network.running.map(({ httpUrl }) => httpUrl);
  }
}

function pacedShape(urls: readonly string[]): LoadShape {
  return { urls, wait: 'final', timeoutMs: FINAL_MS_MAX, batch: PACED_BATCH, concurrency: 0 };
}

function told({ offered, transactions, seconds, latencyMs }: OfferedResult): OfferedLoad {
  return { offered, final: transactions, seconds, latencyMs: transactions === 0 ? null : latencyMs };
}
