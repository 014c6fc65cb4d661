import { availableParallelism } from 'node:os';
import { FAULT_KINDS, runSeeds, type SeedRunOptions, seedQuestions, Tally } from '@varve/simulation';
import { machineName } from '../apps/node/src/load/machine.ts';
import { median } from '../apps/node/src/load/statistics.ts';
import type { BenchOptions } from './options.ts';

/** Seeds of one run, and how long faults last in each, virtual milliseconds. */
const SEEDS = 30;
const DURATION_MS = 60_000;

/** How many seeds the simulator runs in a minute, with all faults and every check. */
export async function measureSimulation({ protocol, validators, runs, json }: BenchOptions): Promise<void> {
  const jobs = availableParallelism();
  const perMinute: number[] = [];
  const speed: number[] = [];
  let failed = 0;
  for (let run = 0; run < runs; run++) {
    const tally = new Tally();
    const options = {
      protocol: protocol as SeedRunOptions['protocol'],
      validators,
      durationMs: DURATION_MS,
      kinds: FAULT_KINDS,
    };
    const first = 1 + run * SEEDS;
    const started = performance.now();
    const next = seedQuestions(first, first + SEEDS - 1, options);
    await runSeeds({ next, jobs, onResult: (result) => tally.add(result) });
    const elapsedMs = performance.now() - started;
    perMinute.push((SEEDS / elapsedMs) * 60_000);
    speed.push(tally.virtualMs / elapsedMs);
    failed += tally.failures;
    process.stderr.write(`run ${run + 1} of ${runs}: ${perMinute.at(-1)?.toFixed(0)} seeds a minute\n`);
  }
  const result = {
    machine: machineName(),
    protocol,
    validators,
    virtualSeconds: DURATION_MS / 1000,
    jobs,
    seeds: SEEDS * runs,
    failed,
    seedsPerMinute: median(perMinute),
    virtualSecondsPerSecond: median(speed),
  };
  if (json) console.log(JSON.stringify(result, undefined, 2));
  else
    console.log(
      `${protocol}, ${validators} validators, ${result.virtualSeconds} virtual seconds of all faults, ${jobs} threads: ${result.seedsPerMinute.toFixed(0)} seeds a minute, ${result.virtualSecondsPerSecond.toFixed(0)} virtual seconds per second (medians of ${runs} runs of ${SEEDS} seeds; ${failed} failed)`,
    );
}
