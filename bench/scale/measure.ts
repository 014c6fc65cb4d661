import type { ChainId } from '@varve/encoding';
import { HttpLoad } from '../../apps/node/src/load/http-load.ts';
import { median } from '../../apps/node/src/load/statistics.ts';
import { closedLoop, type LoadResult, type LoadShape } from '../../apps/node/src/load/throughput.ts';
import { signedAhead, TransactionMaker } from '../../apps/node/src/load/transactions.ts';
import { type MachineLoad, MachineWatch } from '../machine-watch.ts';
import { cpuMicros, residentMiB } from '../processes.ts';
import type { PreparedNetwork } from './network.ts';
import type { Axis, ScaleOptions, ScalePoint } from './options.ts';

const TRANSACTION_BYTES = 300;
const BATCH = 100;
const BATCH_CONCURRENCY = 16;
/** Signed before the clock starts; whatever is needed beyond that is signed on the way. */
const SIGNED_PER_SECOND = 6_000;
/** A validator takes 256 connections; the figures are asked for through others. What is more waits in the client. */
const SOCKETS_MAX = 240;

/** What was measured at one point of one axis; medians of the runs. */
export interface ScaleReport extends ScalePoint {
  readonly axis: Axis;
  /** How transactions came: as many requests as clients, one transaction each, or batches. */
  readonly load: 'clients' | 'batches';
  readonly transactionsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Per transaction and validator, all threads. */
  readonly cpuMicros: number;
  /**
   * From the start of the processes until the last validator was ready, and until the median one was; and after the load, of one that
   * was stopped and started again while the others ran.
   */
  readonly readyMs: { readonly last: number; readonly median: number; readonly again: number };
  /** Of the largest validator: when it was ready, and after the load. */
  readonly residentMiB: { readonly ready: number; readonly loaded: number };
  /** Of the prepared store of one validator. */
  readonly storeBytes: number;
  readonly machine: MachineLoad;
}

interface Run extends LoadResult {
  /** Microseconds per transaction and validator. */
  readonly cpu: number;
  readonly machine: MachineLoad;
}

/** Starts a prepared network, puts load on it and stops it. */
export async function measurePoint(
  network: PreparedNetwork,
  axis: Axis,
  point: ScalePoint,
  { seconds, runs, warmUpSeconds }: ScaleOptions,
): Promise<ScaleReport> {
  const http = new HttpLoad(SOCKETS_MAX);
  try {
    const times = await network.start();
    const ready = largestMiB(network);
    const maker = new TransactionMaker(network.chainId as ChainId, network.signers(), TRANSACTION_BYTES);
    const load = axis === 'clients' ? 'clients' : 'batches';
    const shape: LoadShape = {
      urls: network.urls,
      wait: 'final',
      ...(load === 'clients'
        ? { batch: 1, concurrency: point.clients }
        : { batch: BATCH, concurrency: BATCH_CONCURRENCY }),
    };
    const run = async (length: number): Promise<Run> => {
      const source = await signedAhead(maker, length * SIGNED_PER_SECOND);
      const watch = new MachineWatch(network.pids);
      const before = totalMicros(network);
      const result = await closedLoop(http, shape, source, length);
      const cpu = (totalMicros(network) - before) / result.transactions / network.pids.length;
      return { ...result, cpu, machine: watch.stop() };
    };
    await run(warmUpSeconds);
    const results: Run[] = [];
    for (let i = 0; i < runs; i++) results.push(await run(seconds));
    const loaded = largestMiB(network);
    const of = (value: (result: Run) => number): number => median(results.map(value));
    return {
      axis,
      ...point,
      load,
      transactionsPerSecond: of((one) => one.transactionsPerSecond),
      latencyMs: { p50: of((one) => one.latencyMs.p50), p99: of((one) => one.latencyMs.p99) },
      cpuMicros: of(({ cpu }) => cpu),
      readyMs: { last: Math.max(...times), median: median(times), again: await network.restartOne() },
      residentMiB: { ready, loaded },
      storeBytes: network.storeBytes,
      machine: {
        loadAverage: of(({ machine }) => machine.loadAverage),
        busyCores: of(({ machine }) => machine.busyCores),
        otherCores: of(({ machine }) => machine.otherCores),
      },
    };
  } finally {
    http.close();
    await network.stop();
  }
}

function totalMicros({ pids }: PreparedNetwork): number {
  return pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
}

function largestMiB({ pids }: PreparedNetwork): number {
  return Math.max(...pids.map(residentMiB));
}
