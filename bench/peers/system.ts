import { percentile } from '../../apps/node/src/load/statistics.ts';
import type { ServerGroup } from './server-group.ts';

/** One of the systems that are compared, running. */
export interface RunningSystem {
  readonly pids: readonly number[];
  /** What is measured of it: each name once, in this order, and how. */
  readonly measures: Readonly<Record<string, Measure>>;
  /** Runs what is measured until everything is compiled and warm. */
  warmUp(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Runs load for so many seconds. What can be made before is made before the clock starts. */
export type Measure = (seconds: number, onStart: () => void) => Promise<Throughput>;

export interface Throughput {
  readonly perSecond: number;
  readonly operations: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

/** One write, by a session of its own connection. */
export type Write = () => Promise<void>;

/** A closed loop: each session keeps so many writes in flight until the time is over. @throws at the first failure. */
export async function pipelined(sessions: readonly Write[], inFlight: number, seconds: number): Promise<Throughput> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const worker = async (write: Write): Promise<void> => {
    for (let from = performance.now(); from < end; from = performance.now()) {
      await write();
      latencies.push(performance.now() - from);
    }
  };
  const workers = Array.from({ length: inFlight }, (_, i) => worker(sessions[i % sessions.length] as Write));
  await Promise.all(workers);
  return {
    perSecond: (latencies.length * 1000) / (performance.now() - start),
    operations: latencies.length,
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
  };
}

/** What a system with pipelined connections is measured with: at both depths, and one write after another. */
function pipelinedMeasures(sessions: readonly Write[], inFlight: number): Record<string, Measure> {
  const measure =
    (chosen: readonly Write[], depth: number): Measure =>
    (seconds, onStart) => {
      onStart();
      return pipelined(chosen, depth, seconds);
    };
  return {
    [FULL]: measure(sessions, inFlight),
    [FEWER]: measure(sessions, fewerInFlight(inFlight)),
    [ALONE]: measure(sessions.slice(0, 1), 1),
  };
}

/** A group of servers with its clients, each of which is a session of writes. */
export function runningSystem(
  group: ServerGroup,
  clients: readonly { close(): void }[],
  sessions: readonly Write[],
  inFlight: number,
): RunningSystem {
  const measures = pipelinedMeasures(sessions, inFlight);
  return {
    pids: group.pids,
    measures,
    warmUp: async (seconds) => void (await measures[FULL]?.(seconds, () => undefined)),
    stop: async () => {
      for (const client of clients) client.close();
      await group.stop();
    },
  };
}

/** As many writes in flight as requests: each takes a connection of HTTP, and a validator accepts 256. */
export function fewerInFlight(inFlight: number): number {
  return Math.min(inFlight, REQUESTS_MAX);
}

const REQUESTS_MAX = 600;
/** Names of measures: everything in flight that may be, as much as with one write per request, and one client that waits each time. */
export const FULL = 'pipelined';
export const FEWER = 'pipelined, fewer in flight';
export const ALONE = 'one at a time';
/** Of Varve: transactions a request, and one a request. */
export const BATCHES = 'batches of 100';
export const SINGLE = 'one per request';
/** The same, where each sets a node that is there: one state record, as a put is, while a new node is four. */
export const SETS = 'batches of 100, setting';
export const SINGLE_SETS = 'one per request, setting';
