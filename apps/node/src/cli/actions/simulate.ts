import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ProtocolName } from '@varve/consensus';
import {
  COUNTED,
  FAULT_KINDS,
  type FaultKind,
  investigate,
  runSeeds,
  type SeedResult,
  type SeedRunOptions,
  SIMULATED_PROTOCOLS,
  type Summary,
  seedQuestions,
  Tally,
} from '@varve/simulation';
import type { Action, Options } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { type Printer, pairs } from '../printer.ts';

/** How often progress is shown, milliseconds: on a terminal often, in a log rarely. */
const SHOW_MS = 200;
const SHOW_LOG_MS = 10_000;
const BAR_WIDTH = 24;
/** Failing seeds that are looked into: each takes many runs. */
const REPORTS_MAX = 3;

/** `simulate`. */
export const simulateSeeds: Action = async ({ printer }, _args, options) => {
  const { first, last } = seedsOption(options.text('seeds') ?? '');
  const run: SeedRunOptions = {
    protocol: protocolOption(options.text('protocol') ?? ''),
    validators: options.number('validators') ?? 4,
    durationMs: (options.number('seconds') ?? 60) * 1000,
    kinds: faultsOption(options.text('faults') ?? ''),
  };
  const trace = options.text('trace');
  if (trace !== undefined && first !== last) throw usage('--trace is for a single seed', 'write --seeds 17..17');
  const tally = new Tally();
  const started = performance.now();
  const progress = progressOf(printer, tally, last - first + 1, started);
  await runSeeds({
    next: seedQuestions(first, last, run),
    jobs: Math.min(options.number('jobs') ?? availableParallelism(), last - first + 1),
    onResult: (result) => {
      tally.add(result);
      progress();
    },
  });
  const elapsedMs = performance.now() - started;
  const summary = tally.summary();
  const failures = summary.failed.map((result, i) => reportFailure(printer, result, run, options, i < REPORTS_MAX));
  if (trace !== undefined) writeTrace(trace, first, run);
  const body = bodyOf(summary, run, { first, last }, elapsedMs, failures);
  printer.result(body, textOf(summary, body, failures));
  return failures.length > 0 ? EXIT.failed : undefined;
};

interface FailureReport {
  readonly seed: number;
  readonly check: string;
  readonly text: string;
  /** Virtual milliseconds. */
  readonly at: number;
  /** Replays it. */
  readonly command: string;
  readonly diagram?: string;
  readonly timeline?: string;
  /** Faults that it needs for failing. */
  readonly faults?: number;
}

function reportFailure(
  printer: Printer,
  { seed, violations }: SeedResult,
  run: SeedRunOptions,
  options: Options,
  isDetailed: boolean,
): FailureReport {
  const [violation] = violations;
  const failure = {
    seed,
    check: violation?.check ?? '',
    text: violation?.text ?? '',
    at: violation?.at ?? 0,
    command: commandOf(seed, run),
  };
  if (!isDetailed || failure.check === 'no exception') return failure;
  printer.progress(`seed ${seed} fails: looking for the faults it needs`);
  const { plan, text, html } = investigate(seed, run);
  const folder = options.text('reports') ?? '.';
  const name = `${run.protocol}-${run.validators}-seed-${seed}`;
  mkdirSync(folder, { recursive: true });
  const files = { timeline: join(folder, `${name}.txt`), diagram: join(folder, `${name}.html`) };
  writeFileSync(files.timeline, text);
  writeFileSync(files.diagram, html);
  return { ...failure, ...files, faults: plan.length };
}

function writeTrace(file: string, seed: number, run: SeedRunOptions): void {
  const { text, html } = investigate(seed, run);
  writeFileSync(file, file.endsWith('.html') ? html : text);
}

/** The one command that runs a seed again. */
function commandOf(seed: number, run: SeedRunOptions): string {
  const kinds = run.kinds.length === FAULT_KINDS.length ? 'all' : run.kinds.join(',') || 'none';
  const { protocol, validators, durationMs } = run;
  return `varve simulate --protocol ${protocol} --validators ${validators} --seeds ${seed}..${seed} --faults ${kinds} --seconds ${durationMs / 1000}`;
}

function bodyOf(
  summary: Summary,
  run: SeedRunOptions,
  seeds: { readonly first: number; readonly last: number },
  elapsedMs: number,
  violations: readonly FailureReport[],
): Record<string, unknown> & { seedsPerMinute: number; virtualSecondsPerSecond: number } {
  const { failed: _failed, ...counts } = summary;
  return {
    protocol: run.protocol,
    validators: run.validators,
    first: seeds.first,
    last: seeds.last,
    ...counts,
    violations,
    seedsPerMinute: Math.round((summary.seeds / elapsedMs) * 60_000),
    virtualSecondsPerSecond: Math.round(summary.virtualMs / elapsedMs),
  };
}

function textOf(
  summary: Summary,
  { seedsPerMinute, virtualSecondsPerSecond }: { seedsPerMinute: number; virtualSecondsPerSecond: number },
  failures: readonly FailureReport[],
): string {
  const faults = Object.entries(summary.faults).sort(([, a], [, b]) => b - a);
  const { virtualMs, transactions, faults: faultsMin, kinds } = COUNTED;
  const lines = pairs([
    ['seeds', `${summary.seeds}, at ${seedsPerMinute} a minute`],
    [
      'counted',
      `${summary.counted}, with at least ${virtualMs / 1000} virtual seconds, ${transactions} final transactions and ${faultsMin} faults of ${kinds} kinds`,
    ],
    ['virtual time', `${Math.round(summary.virtualMs / 1000)} s, ${virtualSecondsPerSecond} s per second`],
    ['transactions', `${summary.transactions} final`],
    [
      'liveness',
      `all final everywhere ${summary.livenessMs.median} ms after the last fault (median), ${summary.livenessMs.max} ms at most`,
    ],
    ['faults', faults.map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'],
    ['trace hash', summary.traceHash],
    ['violations', failures.length],
  ]);
  return [lines, ...failures.map(failureText)].join('\n\n');
}

function failureText(failure: FailureReport): string {
  const head = `seed ${failure.seed} at ${failure.at} ms: ${failure.check}: ${failure.text}`;
  const files =
    failure.diagram === undefined
      ? []
      : [`with ${failure.faults} faults: ${failure.timeline}`, `           ${failure.diagram}`];
  return [head, ...files, `run it again: ${failure.command}`].join('\n');
}

function progressOf(printer: Printer, tally: Tally, total: number, started: number): () => void {
  const interval = process.stderr.isTTY ? SHOW_MS : SHOW_LOG_MS;
  let shownAt = started;
  return () => {
    const now = performance.now();
    if (now - shownAt < interval) return;
    shownAt = now;
    const done = Math.round((tally.seeds / total) * BAR_WIDTH);
    const bar = `${'█'.repeat(done)}${'░'.repeat(BAR_WIDTH - done)}`;
    const minutes = (now - started) / 60_000;
    const speed = Math.round(tally.virtualMs / (now - started));
    printer.progress(
      `${bar} ${tally.seeds}/${total} seeds, ${Math.round(tally.seeds / minutes)} a minute, ${speed} virtual seconds per second, ${tally.failures} failed`,
    );
  };
}

function seedsOption(text: string): { readonly first: number; readonly last: number } {
  const [, a, b] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  const first = Number(a);
  const last = Number(b ?? a);
  if (a === undefined || last < first) throw usage(`"${text}" are no seeds`, 'write 1..100, or one number');
  return { first, last };
}

function protocolOption(text: string): ProtocolName {
  const known = SIMULATED_PROTOCOLS.find((name) => name === text);
  if (known === undefined) throw usage(`no protocol "${text}"`, `there are: ${SIMULATED_PROTOCOLS.join(', ')}`);
  return known;
}

function faultsOption(text: string): readonly FaultKind[] {
  if (text === 'all') return FAULT_KINDS;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = FAULT_KINDS.find((kind) => kind === name);
    if (known === undefined) throw usage(`no fault "${name}"`, `there are: ${FAULT_KINDS.join(', ')}`);
    return known;
  });
}
