import { resolve } from 'node:path';
import type { ChainId } from '@varve/encoding';
import { PROFILE_FOLDER } from '../apps/node/src/cli/devnet/processes.ts';
import { HttpLoad } from '../apps/node/src/load/http-load.ts';
import { machineName } from '../apps/node/src/load/machine.ts';
import { type NodeMetrics, readNodeMetrics } from '../apps/node/src/load/node-metrics.ts';
import { median } from '../apps/node/src/load/statistics.ts';
import { closedLoop, type LoadResult, type LoadShape, openLoop } from '../apps/node/src/load/throughput.ts';
import { signedAhead, TransactionMaker, type TransactionSource } from '../apps/node/src/load/transactions.ts';
import { TestDevnet } from '../test/support/devnet.ts';
import { endHostile } from '../test/support/hostile.ts';
import { optionsOrExit } from './arguments.ts';
import { measureAudit } from './audit.ts';
import { measureHostile } from './hostile.ts';
import { idleLatency } from './idle.ts';
import { loadText, MachineWatch } from './machine-watch.ts';
import { BENCH_USAGE, type BenchOptions, readOptions } from './options.ts';
import { ownCpuMicros } from './own-process.ts';
import { cpuMicros, folderBytes, residentMiB, writtenBytes } from './processes.ts';
import { ProfileFolder, printProfile } from './profile-folder.ts';
import { recoveryMs } from './recovery.ts';
import { type BenchReport, printTable, type ShapeReport } from './report.ts';
import { saveResult } from './save.ts';
import { measureSimulation } from './simulation.ts';
import { measureStages } from './stages.ts';
import { measureStateTree } from './state-tree.ts';
import { measureSwitch, type SwitchResult } from './switching.ts';

const BATCH = 100;
const BATCH_CONCURRENCY = 16;
/** As many as the benchmark beside the peers has: a validator accepts 256 connections. */
const SINGLE_CONCURRENCY = 600;
const HALF_LOAD_BATCH = 10;
/** As many transactions as were made final in a second, and so many times more, are signed before the clock of a run starts. */
const SIGNED_AHEAD = 1.4;
/** Before anything was measured. */
const SIGNED_PER_SECOND = 6000;
const RECOVERY_KILLS = 5;
/** Raft to Tendermint and back. */
const SWITCH_ROUNDS = 5;

interface Snapshot {
  readonly cpu: readonly number[];
  readonly nodes: readonly NodeMetrics[];
  readonly client: number;
  /** To disk, by all validators. */
  readonly written: number;
}

/** Of an open loop at a fixed rate; medians of the runs. */
interface PacedReport {
  readonly transactions: number;
  readonly latencyMs: LoadResult['latencyMs'];
  /** Of the validator that lagged most, in the last 5 s window of each run. */
  readonly loopLagP99Ms: number;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
for (const [signal, code] of Object.entries(EXIT_CODES)) {
  process.once(signal, () => {
    void Promise.allSettled([endHostile(), TestDevnet.stopAll()]).then(() => process.exit(code));
  });
}

let signedPerSecond = SIGNED_PER_SECOND;
const options: BenchOptions = optionsOrExit(readOptions, BENCH_USAGE);
const http = new HttpLoad();
if (options.simulation) {
  await measureSimulation(options);
  process.exit(0);
}
if (options.stateTree) {
  measureStateTree(options);
  process.exit(0);
}
if (options.stages) {
  measureStages(options);
  process.exit(0);
}
if (options.audit) {
  await measureAudit(options);
  process.exit(0);
}
if (options.hostile) {
  await measureHostile(options);
  process.exit(0);
}
const profiles = options.profile === undefined ? undefined : new ProfileFolder(resolve(options.profile));
if (profiles) process.env[PROFILE_FOLDER] = profiles.path;
const say = (text: string): void => void process.stderr.write(`${text}\n`);
say(`starting ${options.validators} validators`);
const devnet = await TestDevnet.start(options.validators, options.protocol);
try {
  const signers = Array.from({ length: options.validators }, (_, i) => devnet.signer(i));
  const { transactionBytes, operation } = options;
  const maker = new TransactionMaker(devnet.file.chainId as ChainId, signers, transactionBytes, operation);
  await makeNodes(maker);
  if (options.switching) await measureSwitches(maker);
  else if (profiles) await measureProfile(maker, profiles);
  else if (options.recovery) await measureRecovery(maker);
  else await measureLoad(maker);
} finally {
  http.close();
  await devnet.stop();
}

/** Batches alone: what is idle, starts or comes one by one would only dilute it. The profiler itself costs time too. */
async function measureProfile(maker: TransactionMaker, folder: ProfileFolder): Promise<void> {
  say('batches, profiled');
  const watch = new MachineWatch(devnet.members.map(({ pid }) => pid));
  const { transactionsPerSecond } = await saturate(maker, batchShape(), options.seconds * options.runs);
  const load = watch.stop();
  say('stopping the validators, which write their profiles');
  await folder.stop(devnet.members.map(({ pid }) => pid));
  const report = folder.report();
  if (options.save) say(`kept in ${saveResult('profile', options, { transactionsPerSecond, load, ...report })}`);
  if (options.json) {
    console.log(JSON.stringify({ machine: machineName(), transactionsPerSecond, load, ...report }, undefined, 2));
    return;
  }
  console.log(`${transactionsPerSecond.toFixed(0)} tx/s in batches while profiled; ${loadText(load)}`);
  printProfile(report);
}

async function measureRecovery(maker: TransactionMaker): Promise<void> {
  const { transactionsPerSecond } = await saturate(maker, { ...batchShape(), wait: 'committed' }, 3);
  const times: number[] = [];
  for (let kill = 1; kill <= RECOVERY_KILLS; kill++) {
    times.push(await recoveryMs(devnet, maker, transactionsPerSecond / 2));
    say(`kill ${kill} of ${RECOVERY_KILLS}: final again after ${times.at(-1)?.toFixed(0)} ms`);
  }
  const result = {
    machine: machineName(),
    loadPerSecond: transactionsPerSecond / 2,
    recoveryMs: times,
    medianMs: median(times),
  };
  if (options.json) console.log(JSON.stringify(result, undefined, 2));
  else console.log(`median of ${RECOVERY_KILLS} leader kills at half load: ${result.medianMs.toFixed(0)} ms`);
}

async function measureSwitches(maker: TransactionMaker): Promise<void> {
  say('warming up');
  const { transactionsPerSecond } = await saturate(maker, batchShape(), options.warmUpSeconds);
  const half = transactionsPerSecond / 2;
  const results: SwitchResult[] = [];
  for (let round = 1; round <= SWITCH_ROUNDS; round++) {
    for (const change of [
      { from: 'raft', to: 'tendermint' },
      { from: 'tendermint', to: 'raft' },
    ] as const) {
      const result = await measureSwitch(devnet, maker, change, half);
      results.push(result);
      const { from, to, gapMs, transactions } = result;
      say(
        `round ${round}: ${from} to ${to}: at most ${gapMs.toFixed(0)} ms without a final block, ${transactions} final`,
      );
    }
  }
  const medianMs = (to: string): number => median(results.filter((one) => one.to === to).map(({ gapMs }) => gapMs));
  const medians = { toTendermintMs: medianMs('tendermint'), toRaftMs: medianMs('raft') };
  if (options.json) {
    console.log(
      JSON.stringify({ machine: machineName(), loadPerSecond: half, switches: results, ...medians }, undefined, 2),
    );
  } else {
    console.log(
      `longest time without a final block, ${half.toFixed(0)} transactions/s, medians of ${SWITCH_ROUNDS}: ${medians.toTendermintMs.toFixed(0)} ms to tendermint, ${medians.toRaftMs.toFixed(0)} ms to raft`,
    );
  }
}

async function measureLoad(maker: TransactionMaker): Promise<void> {
  say('warming up');
  await saturate(maker, batchShape(), options.warmUpSeconds);
  const diskBefore = snapshotDisk();
  const before = await snapshot();
  const watch = new MachineWatch(devnet.members.map(({ pid }) => pid));
  const batches = await measureShape(maker, batchShape(), 'batches');
  const load = watch.stop();
  const after = await snapshot();
  const counted = batches.transactions;
  const single = await measureShape(
    maker,
    { urls: urls(), wait: 'final', batch: 1, concurrency: SINGLE_CONCURRENCY },
    'one per request',
  );
  const half = options.pacedPerSecond ?? batches.report.transactionsPerSecond / 2;
  say(`${half.toFixed(0)} per second`);
  const committed = await measurePaced(maker, half, 'committed');
  const final = await measurePaced(maker, half, 'final');
  say('idle, one transaction after another');
  const idle = await idleLatency(http, urls(), maker, options.seconds);
  const report: BenchReport = {
    machine: machineName(),
    date: new Date().toISOString().slice(0, 10),
    protocol: options.protocol,
    validators: options.validators,
    transactionBytes: options.transactionBytes,
    operation: options.operation,
    runs: options.runs,
    secondsPerRun: options.seconds,
    transactionsPerSecond: batches.report.transactionsPerSecond,
    batches: batches.report,
    single: single.report,
    halfLoad: { transactionsPerSecond: half, committedMs: committed.latencyMs, finalMs: final.latencyMs },
    idle,
    residentMiB: Math.max(...devnet.members.map(({ pid }) => residentMiB(pid))),
    loopLagP99Ms: final.loopLagP99Ms,
    bytesSent: (sentBytes(after) - sentBytes(before)) / counted / options.validators,
    bytesWritten: (after.written - before.written) / counted / options.validators,
    bytesOnDisk:
      (snapshotDisk() - diskBefore) /
      (counted + single.transactions + committed.transactions + final.transactions + idle.transactions) /
      options.validators,
    load,
  };
  if (options.save) say(`kept in ${saveResult('load', options, report)}`);
  if (options.json) console.log(JSON.stringify(report, undefined, 2));
  else printTable(report);
}

/** Runs one shape as often as asked, and gives medians. */
async function measureShape(
  maker: TransactionMaker,
  shape: LoadShape,
  name: string,
): Promise<{ readonly report: ShapeReport; readonly transactions: number }> {
  const runs: { result: LoadResult; cpu: Record<string, number>; client: number }[] = [];
  for (let run = 1; run <= options.runs; run++) {
    say(`${name}: run ${run} of ${options.runs}`);
    const prepared = await prepare(maker, options.seconds);
    const before = await snapshot();
    const result = await closedLoop(http, shape, prepared, options.seconds);
    const after = await snapshot();
    runs.push({ result, ...costs(before, after, result.transactions) });
  }
  const stages = Object.keys(runs[0]?.cpu ?? {});
  return {
    transactions: runs.reduce((sum, { result }) => sum + result.transactions, 0),
    report: {
      transactionsPerSecond: median(runs.map(({ result }) => result.transactionsPerSecond)),
      latencyMs: {
        p50: median(runs.map(({ result }) => result.latencyMs.p50)),
        p99: median(runs.map(({ result }) => result.latencyMs.p99)),
      },
      cpuMicros: Object.fromEntries(stages.map((stage) => [stage, median(runs.map(({ cpu }) => cpu[stage] ?? 0))])),
      clientCpuMicros: median(runs.map(({ client }) => client)),
    },
  };
}

function costs(
  before: Snapshot,
  after: Snapshot,
  transactions: number,
): { cpu: Record<string, number>; client: number } {
  const per = (total: number): number => total / transactions / options.validators;
  const cpu: Record<string, number> = { total: per(sum(after.cpu) - sum(before.cpu)) };
  for (const stage of ['verify', 'step', 'send']) {
    const total = (snapshotOf: Snapshot): number => sum(snapshotOf.nodes.map(({ cpuMicros }) => cpuMicros[stage] ?? 0));
    cpu[stage] = per(total(after) - total(before));
  }
  return { cpu, client: (after.client - before.client) / transactions };
}

async function saturate(maker: TransactionMaker, shape: LoadShape, seconds: number): Promise<LoadResult> {
  const result = await closedLoop(http, shape, await prepare(maker, seconds), seconds);
  signedPerSecond = Math.max(SIGNED_PER_SECOND, SIGNED_AHEAD * result.transactionsPerSecond);
  return result;
}

/** Nodes that are to be set must be there. */
async function makeNodes(maker: TransactionMaker): Promise<void> {
  const nodes = maker.makeNodes();
  const source: TransactionSource = (count) => (nodes.length === 0 ? undefined : nodes.splice(0, count));
  if (nodes.length > 0) await closedLoop(http, { ...batchShape(), batch: 10, concurrency: 1 }, source, 60);
}

/** Runs of an open loop, one right after the other; medians of them. */
async function measurePaced(
  maker: TransactionMaker,
  perSecond: number,
  wait: 'committed' | 'final',
): Promise<PacedReport> {
  const shape = { urls: urls(), wait, batch: HALF_LOAD_BATCH, concurrency: 0 };
  const prepared: TransactionSource[] = [];
  for (let run = 1; run <= options.runs; run++)
    prepared.push(await signedAhead(maker, Math.ceil(perSecond * options.seconds)));
  const results: LoadResult[] = [];
  const lags: number[] = [];
  for (const source of prepared) {
    results.push(await openLoop(http, shape, source, perSecond, options.seconds));
    lags.push(Math.max(...(await Promise.all(urls().map(loopLag)))));
  }
  return {
    transactions: sum(results.map(({ transactions }) => transactions)),
    latencyMs: {
      p50: median(results.map(({ latencyMs }) => latencyMs.p50)),
      p99: median(results.map(({ latencyMs }) => latencyMs.p99)),
    },
    loopLagP99Ms: median(lags),
  };
}

function prepare(maker: TransactionMaker, seconds: number): Promise<TransactionSource> {
  return signedAhead(maker, Math.ceil(seconds * signedPerSecond));
}

async function snapshot(): Promise<Snapshot> {
  const nodes = await Promise.all(urls().map(readNodeMetrics));
  return {
    cpu: devnet.members.map(({ pid }) => cpuMicros(pid)),
    nodes,
    client: ownCpuMicros(),
    written: sum(devnet.members.map(({ pid }) => writtenBytes(pid))),
  };
}

function snapshotDisk(): number {
  return devnet.members.reduce((sum, { dataDirectory }) => sum + folderBytes(dataDirectory), 0);
}

/** Of all validators. */
function sentBytes({ nodes }: Snapshot): number {
  return sum(nodes.map((node) => node.sentBytes));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

async function loopLag(url: string): Promise<number> {
  const status = (await (await fetch(`${url}/v1/status`)).json()) as { loopLagP99Ms: number };
  return status.loopLagP99Ms;
}

function urls(): readonly string[] {
  return devnet.members.map(({ httpUrl }) => httpUrl);
}

function batchShape(): LoadShape {
  return { urls: urls(), wait: 'final', batch: BATCH, concurrency: BATCH_CONCURRENCY };
}
