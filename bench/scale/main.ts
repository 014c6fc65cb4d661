import { machineName } from '../../apps/node/src/load/machine.ts';
import { optionsOrExit } from '../arguments.ts';
import { interruptible } from '../interruption.ts';
import { loadText } from '../machine-watch.ts';
import { saveResult } from '../save.ts';
import { measurePoint, type ScaleReport } from './measure.ts';
import { PreparedNetwork, type PreparedSize } from './network.ts';
import { type Axis, BASE, readScaleOptions, SCALE_USAGE } from './options.ts';

const options = optionsOrExit(readScaleOptions, SCALE_USAGE);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const reports: ScaleReport[] = [];
let prepared: { readonly size: string; readonly network: PreparedNetwork } | undefined;

say(machineName());
await interruptible(() => PreparedNetwork.removeAll(), measureAll);
if (options.save) say(`kept in ${saveResult('scale', { base: BASE, ...options }, { points: reports })}`);
if (options.json) console.log(JSON.stringify({ machine: machineName(), base: BASE, points: reports }, undefined, 2));
else printPoints();

async function measureAll(): Promise<void> {
  try {
    for (const [axis, values] of Object.entries(options.axes) as [Axis, readonly number[]][]) {
      for (const value of values) {
        const point = { ...BASE, [axis]: value };
        const network = await networkOf(point);
        const report = await measurePoint(network, axis, point, options);
        reports.push(report);
        say(`${axis} ${value}: ${summary(report)}; ${loadText(report.machine)}`);
      }
    }
  } finally {
    await PreparedNetwork.removeAll();
  }
}

/** The network before serves again where only its clients differ; else it makes room. */
async function networkOf({ validators, keys, heights }: PreparedSize): Promise<PreparedNetwork> {
  const size = [validators, keys, heights].join(' ');
  if (prepared?.size === size) return prepared.network;
  await prepared?.network.remove();
  prepared = undefined;
  say(`preparing ${keys} keys in ${heights} blocks for ${validators} validators`);
  const from = performance.now();
  const network = await PreparedNetwork.create({ validators, keys, heights });
  say(`prepared up to height ${network.preparedHeight} in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  prepared = { size, network };
  return network;
}

function summary({ transactionsPerSecond, cpuMicros, residentMiB, readyMs }: ScaleReport): string {
  return `${transactionsPerSecond.toFixed(0)} tx/s, ${cpuMicros.toFixed(0)} µs each, ${residentMiB.loaded.toFixed(0)} MiB, all ready after ${(readyMs.last / 1000).toFixed(1)} s, one again after ${(readyMs.again / 1000).toFixed(1)} s`;
}

function printPoints(): void {
  console.log(
    `\nfrom ${Object.entries(BASE)
      .map(([axis, value]) => `${value} ${axis}`)
      .join(', ')}, one axis at a time`,
  );
  console.log(
    `medians of ${options.runs} runs of ${options.seconds} s; batches of 100, but one per request where clients vary`,
  );
  console.table(
    reports.map((report) => ({
      point: `${report[report.axis]} ${report.axis}`,
      'tx/s': Math.round(report.transactionsPerSecond),
      'p50 ms': rounded(report.latencyMs.p50),
      'p99 ms': rounded(report.latencyMs.p99),
      'CPU µs': Math.round(report.cpuMicros),
      'MiB ready': Math.round(report.residentMiB.ready),
      'MiB loaded': Math.round(report.residentMiB.loaded),
      'all ready s': rounded(report.readyMs.last / 1000),
      'one again s': rounded(report.readyMs.again / 1000),
      'store MB': rounded(report.storeBytes / 1e6),
      'others, cores': rounded(report.machine.otherCores),
    })),
  );
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
