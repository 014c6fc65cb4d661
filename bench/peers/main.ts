import { machineName } from '../../apps/node/src/load/machine.ts';
import { TestDevnet } from '../../test/support/devnet.ts';
import { optionsOrExit } from '../arguments.ts';
import { interruptible } from '../interruption.ts';
import { MachineWatch } from '../machine-watch.ts';
import { ownCpuMicros } from '../own-process.ts';
import { cpuMicros, residentMiB } from '../processes.ts';
import { saveResult } from '../save.ts';
import { startEtcd } from './etcd.ts';
import { PEERS_USAGE, readPeersOptions } from './options.ts';
import { missingPackages } from './packages.ts';
import { type PeerRun, printPeers, runText, type SystemName, summarize } from './report.ts';
import { ServerGroup } from './server-group.ts';
import { ALONE, type Measure, type RunningSystem, type Throughput } from './system.ts';
import { startVarve } from './varve.ts';
import { startZooKeeper } from './zookeeper.ts';

const EXIT_MISSING = 2;
/** One write after another needs no long run. */
const ALONE_SECONDS_MAX = 3;
const STARTS: Readonly<Record<SystemName, (inFlight: number, bytes: number) => Promise<RunningSystem>>> = {
  etcd: startEtcd,
  zookeeper: startZooKeeper,
  varve: startVarve,
};

const options = optionsOrExit(readPeersOptions, PEERS_USAGE);
const missing = missingPackages();
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exit(EXIT_MISSING);
}
const say = (text: string): void => void process.stderr.write(`${text}\n`);
say(`${machineName()}; ${options.bytes} bytes a write, ${options.inFlight} in flight`);
const runs: PeerRun[] = [];
await interruptible(
  () => Promise.allSettled([ServerGroup.stopAll(), TestDevnet.stopAll()]),
  async () => {
    for (let round = 1; round <= options.rounds; round++) {
      for (const system of Object.keys(STARTS) as SystemName[]) await measureSystem(system, round);
    }
  },
);
const report = summarize(runs);
if (options.save) say(`kept in ${saveResult('peers', options, report)}`);
if (options.json) console.log(JSON.stringify({ machine: machineName(), options, ...report }, undefined, 2));
else printPeers(report);

/** Only one system runs at a time. */
async function measureSystem(name: SystemName, round: number): Promise<void> {
  say(`round ${round} of ${options.rounds}: starting ${name}`);
  const system = await STARTS[name](options.inFlight, options.bytes);
  try {
    await system.warmUp(options.warmUpSeconds);
    for (const [measure, run] of Object.entries(system.measures)) {
      const seconds = measure === ALONE ? Math.min(options.seconds, ALONE_SECONDS_MAX) : options.seconds;
      const result = { system: name, measure, round, ...(await measured(system, run, seconds)) };
      runs.push(result);
      say(runText(result));
    }
  } finally {
    await system.stop();
  }
}

async function measured(
  { pids }: RunningSystem,
  run: Measure,
  seconds: number,
): Promise<Omit<PeerRun, 'system' | 'measure' | 'round'>> {
  const started: { watch: MachineWatch; servers: number; client: number }[] = [];
  const throughput: Throughput = await run(seconds, () => {
    started.push({ watch: new MachineWatch(pids), servers: serverMicros(pids), client: ownCpuMicros() });
  });
  const [start] = started;
  if (start === undefined) throw new TypeError('a measurement that never began');
  const { operations } = throughput;
  return {
    ...throughput,
    serverCpuMicros: (serverMicros(pids) - start.servers) / operations / pids.length,
    clientCpuMicros: (ownCpuMicros() - start.client) / operations,
    residentMiB: Math.max(...pids.map(residentMiB)),
    load: start.watch.stop(),
  };
}

function serverMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
}
