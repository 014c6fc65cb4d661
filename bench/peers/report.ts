import { median } from '../../apps/node/src/load/statistics.ts';
import { loadText, type MachineLoad } from '../machine-watch.ts';
import { ALONE, BATCHES, FEWER, FULL, SETS, SINGLE, SINGLE_SETS, type Throughput } from './system.ts';

/** The systems, in the order in which they take turns. */
export type SystemName = 'etcd' | 'zookeeper' | 'varve';

/** One measure of one system in one round. */
export interface PeerRun extends Throughput {
  readonly system: SystemName;
  readonly measure: string;
  readonly round: number;
  /** Processor time per write: of one server, and of the client. */
  readonly serverCpuMicros: number;
  readonly clientCpuMicros: number;
  /** Resident memory of the largest server. */
  readonly residentMiB: number;
  readonly load: MachineLoad;
}

/** Medians of the rounds. */
interface PeerSummary {
  readonly system: SystemName;
  readonly measure: string;
  readonly perSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly serverCpuMicros: number;
  readonly clientCpuMicros: number;
  readonly residentMiB: number;
}

/** How many times as many writes as another system, round by round: what slows one round slows both. */
interface Ratio {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Everything `npm run bench:peers` found. */
export interface PeersReport {
  readonly runs: readonly PeerRun[];
  readonly summaries: readonly PeerSummary[];
  readonly ratios: readonly Ratio[];
}

const NAME_WIDTH = 38;

type Side = readonly [SystemName, string];

const RATIOS: readonly (readonly [string, Side, Side])[] = [
  ['varve in batches / zookeeper', ['varve', BATCHES], ['zookeeper', FULL]],
  ['varve in batches / etcd', ['varve', BATCHES], ['etcd', FULL]],
  ['varve one per request / etcd', ['varve', SINGLE], ['etcd', FEWER]],
  ['varve setting in batches / zookeeper', ['varve', SETS], ['zookeeper', FULL]],
  ['varve setting in batches / etcd', ['varve', SETS], ['etcd', FULL]],
  ['varve setting one per request / etcd', ['varve', SINGLE_SETS], ['etcd', FEWER]],
  ['varve one at a time / etcd', ['varve', ALONE], ['etcd', ALONE]],
];

/** Medians and ratios of all runs. */
export function summarize(runs: readonly PeerRun[]): PeersReport {
  const sides = new Map(runs.map(({ system, measure }) => [`${system} ${measure}`, [system, measure] as const]));
  const summaries = [...sides.values()].map((side) => summaryOf(side, runs.filter(isOf(side))));
  return { runs, summaries, ratios: RATIOS.flatMap(([name, top, bottom]) => ratioOf(name, top, bottom, runs) ?? []) };
}

function summaryOf([system, measure]: Side, runs: readonly PeerRun[]): PeerSummary {
  const of = (value: (run: PeerRun) => number): number => median(runs.map(value));
  return {
    system,
    measure,
    perSecond: of((run) => run.perSecond),
    latencyMs: { p50: of((run) => run.latencyMs.p50), p99: of((run) => run.latencyMs.p99) },
    serverCpuMicros: of((run) => run.serverCpuMicros),
    clientCpuMicros: of((run) => run.clientCpuMicros),
    residentMiB: of((run) => run.residentMiB),
  };
}

/** `undefined` where no round has both. */
function ratioOf(name: string, top: Side, bottom: Side, runs: readonly PeerRun[]): Ratio | undefined {
  const values = runs.filter(isOf(top)).flatMap(({ round, perSecond }) => {
    const other = runs.filter(isOf(bottom)).find((run) => run.round === round);
    return other && other.perSecond > 0 ? [perSecond / other.perSecond] : [];
  });
  if (values.length === 0) return undefined;
  return { name, median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

function isOf([system, measure]: Side): (run: PeerRun) => boolean {
  return (run) => run.system === system && run.measure === measure;
}

/** One run, as it ends. */
export function runText({ round, system, measure, perSecond, latencyMs, load }: PeerRun): string {
  return `round ${round}, ${system}, ${measure}: ${perSecond.toFixed(0)}/s, p50 ${latencyMs.p50.toFixed(1)} ms; ${loadText(load)}`;
}

/** The report as a table for people. */
export function printPeers({ summaries, ratios }: PeersReport): void {
  console.log(`\n${'medians'.padEnd(NAME_WIDTH)}  writes/s      p50 / p99 ms  CPU µs server / client   MiB`);
  for (const { system, measure, perSecond, latencyMs, ...costs } of summaries) {
    const latency = `${latencyMs.p50.toFixed(1)} / ${latencyMs.p99.toFixed(1)}`;
    const cpu = `${costs.serverCpuMicros.toFixed(0)} / ${costs.clientCpuMicros.toFixed(0)}`;
    console.log(
      `${`${system}, ${measure}`.padEnd(NAME_WIDTH)} ${perSecond.toFixed(0).padStart(9)} ${latency.padStart(17)} ${cpu.padStart(23)} ${costs.residentMiB.toFixed(0).padStart(5)}`,
    );
  }
  console.log(`\n${'ratios of writes/s'.padEnd(NAME_WIDTH)}    median   lowest to highest round`);
  for (const { name, median: middle, min, max } of ratios)
    console.log(`${name.padEnd(NAME_WIDTH)} ${middle.toFixed(2).padStart(9)}   ${min.toFixed(2)} to ${max.toFixed(2)}`);
}
