import type { LoadOperation } from '../apps/node/src/load/transactions.ts';
import { loadText, type MachineLoad } from './machine-watch.ts';

/** What one measurement of throughput showed; medians of the runs. */
export interface ShapeReport {
  readonly transactionsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** CPU microseconds per transaction per validator: the whole process, and its stages on the main thread. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  readonly clientCpuMicros: number;
}

/** Everything `npm run bench` prints. */
export interface BenchReport {
  readonly machine: string;
  readonly date: string;
  readonly protocol: string;
  readonly validators: number;
  readonly transactionBytes: number;
  readonly operation: LoadOperation;
  readonly runs: number;
  readonly secondsPerRun: number;
  readonly transactionsPerSecond: number;
  readonly batches: ShapeReport;
  readonly single: ShapeReport;
  /** In an open loop of batches of 10, at half of the saturated load unless told otherwise; medians of the runs. */
  readonly halfLoad: {
    readonly transactionsPerSecond: number;
    readonly committedMs: { readonly p50: number; readonly p99: number };
    readonly finalMs: { readonly p50: number; readonly p99: number };
  };
  /** One client, one transaction after another, on a chain with nothing else to do; handed in to final. */
  readonly idle: { readonly latencyMs: { readonly p50: number; readonly p99: number }; readonly transactions: number };
  readonly residentMiB: number;
  /** In the open loop; of the validator that lagged most. */
  readonly loopLagP99Ms: number;
  /** Per transaction and validator: to peers and to disk while batches were measured, and what the folder grew by in all. */
  readonly bytesSent: number;
  readonly bytesWritten: number;
  readonly bytesOnDisk: number;
  /** While batches were measured. */
  readonly load: MachineLoad;
}

/** The report as a table for people. */
export function printTable(report: BenchReport): void {
  const line = (name: string, value: string): void => console.log(`${name.padEnd(44)} ${value}`);
  const ms = ({ p50, p99 }: { p50: number; p99: number }): string => `${p50.toFixed(1)} / ${p99.toFixed(1)} ms`;
  const stages = (cpu: Readonly<Record<string, number>>): string =>
    Object.entries(cpu)
      .map(([stage, micros]) => `${stage} ${micros.toFixed(1)}`)
      .join(', ');
  console.log(
    `\n${report.protocol}, ${report.validators} validators, ${report.transactionBytes}-byte signed transactions (${report.operation})`,
  );
  console.log(
    `${report.machine}; medians of ${report.runs} runs of ${report.secondsPerRun} s; client on the same machine\n`,
  );
  line('batches of 100, wait=final', `${report.batches.transactionsPerSecond.toFixed(0)} tx/s`);
  line('  latency of a batch, p50 / p99', ms(report.batches.latencyMs));
  line('  CPU µs per transaction per validator', stages(report.batches.cpuMicros));
  line('  CPU µs per transaction, client', report.batches.clientCpuMicros.toFixed(1));
  line('one per request, wait=final', `${report.single.transactionsPerSecond.toFixed(0)} tx/s`);
  line('  latency, p50 / p99', ms(report.single.latencyMs));
  line('  CPU µs per transaction per validator', stages(report.single.cpuMicros));
  line(
    `open loop, ${report.halfLoad.transactionsPerSecond.toFixed(0)} tx/s, to committed, p50 / p99`,
    ms(report.halfLoad.committedMs),
  );
  line('open loop, to final, p50 / p99', ms(report.halfLoad.finalMs));
  line('idle, one at a time, to final, p50 / p99', ms(report.idle.latencyMs));
  line('resident memory, largest validator', `${report.residentMiB.toFixed(0)} MiB`);
  line('open loop, event-loop lag p99, largest', `${report.loopLagP99Ms.toFixed(1)} ms`);
  line('bytes sent per transaction per validator', report.bytesSent.toFixed(0));
  line('bytes written per transaction per validator', report.bytesWritten.toFixed(0));
  line('growth on disk per transaction per validator', report.bytesOnDisk.toFixed(0));
  line('the machine', loadText(report.load));
}
