import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import {
  COUNTED,
  FAULT_KINDS,
  type FaultKind,
  type Investigation,
  investigateApart,
  runSeeds,
  SEATS_MAX,
  SEATS_MIN,
  type SeedResult,
  type SeedRunOptions,
  type Summary,
  seedQuestions,
  Tally,
} from '@varve/simulation';
import { SetupError } from '../../setup/errors.ts';
import { demandNoFolder, demandReportFolder, writeReport } from '../../setup/files.ts';
import type { Action } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { type Printer, pairs, progressBar } from '../printer.ts';
import { protocolArgument } from '../protocols.ts';

/** How often progress is shown, milliseconds: on a terminal often, in a log rarely. */
const SHOW_MS = 200;
const SHOW_LOG_MS = 10_000;
/** Failing seeds that are looked into: each takes many runs. */
const REPORTS_MAX = 3;

/** The check of a run that threw: there is nothing to look into but the exception. */
const EXCEPTION = 'no exception';

/** `simulate`. */
export const simulateSeeds: Action = async ({ printer }, _args, options) => {
  const { first, last } = seedsOption(options.text('seeds') ?? '');
  const run: SeedRunOptions = {
    protocol: protocolArgument(options.text('protocol') ?? ''),
    validators: options.number('validators') ?? 4,
    durationMs: (options.number('seconds') ?? 60) * 1000,
    kinds: faultsOption(options.text('faults') ?? ''),
    changes: options.flag('changes'),
  };
  if (run.changes && (run.validators < SEATS_MIN || run.validators > SEATS_MAX)) {
    throw usage(
      `--changes is for networks of ${SEATS_MIN} to ${SEATS_MAX} validators`,
      `write --validators ${SEATS_MIN}`,
    );
  }
  const trace = options.text('trace');
  if (trace !== undefined && first !== last) throw usage('--trace is for a single seed', 'write --seeds 17..17');
  const reports = options.text('reports') ?? '.';
  for (const folder of [reports, dirname(trace ?? reports)]) demandReportFolder(folder);
  if (trace !== undefined) demandNoFolder(trace);
  const total = last - first + 1;
  const tally = new Tally();
  const started = performance.now();
  const progress = progressOf(printer, tally, total, started);
  const isInterrupted = await untilInterrupted((signal) =>
    runSeeds({
      next: seedQuestions(first, last, run),
      jobs: Math.min(options.number('jobs') ?? availableParallelism(), total),
      onResult: (result) => {
        tally.add(result);
        progress();
      },
      signal,
    }),
  );
  const elapsedMs = performance.now() - started;
  if (isInterrupted) printer.talk(`interrupted after ${tally.seeds} of ${total} seeds`);
  const summary = tally.summary();
  const failures = summary.failed.map((result) => failureReport(run, result));
  let untold: SetupError | undefined;
  const isCutShort =
    !isInterrupted &&
    (await untilInterrupted(async (signal) => {
      const looking = { printer, run, reports, signal, investigations: new Map<number, Investigation>() };
      await addReports(looking, failures);
      if (trace !== undefined) untold = await writeTrace(looking, trace, first, failures[0]);
    }));
  const body = bodyOf(summary, run, { first, last }, elapsedMs, failures);
  if (printer.json || tally.seeds > 0) printer.result(body, textOf(summary, body, failures));
  // What was found is worth more than the file that could not be written.
  if (untold) printer.talk(`error ${untold.code}: ${untold.message}`);
  if (isInterrupted || isCutShort) return EXIT.interrupted;
  if (failures.length > 0) return EXIT.failed;
  return untold && EXIT.configuration;
};

/** Ctrl-C ends `work`, but not the process: what was found until then is told. Any other time it ends the process. */
async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const interruption = new AbortController();
  const onSignal = (): void => interruption.abort();
  process.on('SIGINT', onSignal);
  await work(interruption.signal);
  // One Ctrl-C may arrive twice: the second must not cut off what is being told.
  if (!interruption.signal.aborted) process.off('SIGINT', onSignal);
  return interruption.signal.aborted;
}

/** What looking into seeds needs. */
interface Looking {
  readonly printer: Printer;
  readonly run: SeedRunOptions;
  readonly reports: string;
  readonly signal: AbortSignal;
  readonly investigations: Map<number, Investigation>;
}

interface FailureReport {
  readonly seed: number;
  /** Of the seed as it ran among the others: its replay must have the same. */
  readonly traceHash: string;
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

function failureReport(run: SeedRunOptions, { seed, violations: [violation], traceHash }: SeedResult): FailureReport {
  const { check = '', text = '', at = 0 } = violation ?? {};
  return { seed, traceHash, check, text, at, command: commandOf(seed, run) };
}

/** Looks into the first failures. All are told before: the search takes a while, and may be ended. */
async function addReports(looking: Looking, failures: FailureReport[]): Promise<void> {
  for (const failure of failures) looking.printer.talk(failureText(failure));
  for (const [i, failure] of failures.slice(0, REPORTS_MAX).entries()) {
    if (failure.check === EXCEPTION || looking.signal.aborted) continue;
    looking.printer.talk(`looking for the faults that seed ${failure.seed} needs for failing`);
    failures[i] = await withReports(looking, failure);
  }
}

async function withReports(looking: Looking, failure: FailureReport): Promise<FailureReport> {
  const { printer, run, reports } = looking;
  const found = await investigated(looking, failure.seed);
  if (found === undefined) return failure;
  const name = `${run.protocol}-${run.validators}-seed-${failure.seed}`;
  const files = { timeline: join(reports, `${name}.txt`), diagram: join(reports, `${name}.html`) };
  try {
    writeReport(files.timeline, found.text);
    writeReport(files.diagram, found.html);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    printer.talk(`no report of seed ${failure.seed}: ${error.message}`);
    return failure;
  }
  return { ...failure, ...files, faults: found.plan.length };
}

/** Returns why the file could not be written. */
async function writeTrace(
  looking: Looking,
  file: string,
  seed: number,
  failure: FailureReport | undefined,
): Promise<SetupError | undefined> {
  if (failure?.check === EXCEPTION) {
    looking.printer.talk(`${file} is not written: the run has no end`);
    return undefined;
  }
  const found = await investigated(looking, seed);
  try {
    if (found) writeReport(file, file.endsWith('.html') ? found.html : found.text);
    return undefined;
  } catch (error) {
    if (error instanceof SetupError) return error;
    throw error;
  }
}

/** A seed is looked into once: it takes many runs. */
async function investigated(
  { run, signal, investigations }: Looking,
  seed: number,
): Promise<Investigation | undefined> {
  const known = investigations.get(seed) ?? (await investigateApart(seed, run, signal));
  if (known) investigations.set(seed, known);
  return known;
}

/** The one command that runs a seed again. */
function commandOf(seed: number, run: SeedRunOptions): string {
  const kinds = run.kinds.length === FAULT_KINDS.length ? 'all' : run.kinds.join(',') || 'none';
  const { protocol, validators, durationMs } = run;
  const changes = run.changes ? ' --changes' : '';
  return `npx varve simulate --protocol ${protocol} --validators ${validators} --seeds ${seed}..${seed} --faults ${kinds} --seconds ${durationMs / 1000}${changes}`;
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
  const { virtualMs, transactions, reads, faults: faultsMin, kinds } = COUNTED;
  const lines = pairs([
    ['seeds', `${summary.seeds}, at ${seedsPerMinute} a minute`],
    [
      'counted',
      `${summary.counted}, with at least ${virtualMs / 1000} virtual seconds, ${transactions} final transactions, ${reads} reads and ${faultsMin} faults of ${kinds} kinds`,
    ],
    ['virtual time', `${Math.round(summary.virtualMs / 1000)} s, ${virtualSecondsPerSecond} s per second`],
    ['transactions', `${summary.transactions} final`],
    [
      'liveness',
      summary.failed.length === summary.seeds
        ? 'no seed came that far'
        : `all final everywhere ${summary.livenessMs.median} ms after the last fault (median), ${summary.livenessMs.max} ms at most`,
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
  const again = `run it again: ${failure.command}\nits trace hash: ${failure.traceHash}`;
  return [head, ...files, again].join('\n');
}

function progressOf(printer: Printer, tally: Tally, total: number, started: number): () => void {
  const interval = process.stderr.isTTY ? SHOW_MS : SHOW_LOG_MS;
  let shownAt = started;
  return () => {
    const now = performance.now();
    if (now - shownAt < interval) return;
    shownAt = now;
    const minutes = (now - started) / 60_000;
    const speed = Math.round(tally.virtualMs / (now - started));
    printer.progress(
      `${progressBar(tally.seeds, total)} seeds, ${Math.round(tally.seeds / minutes)} a minute, ${speed} virtual seconds per second, ${tally.failures} failed`,
    );
  };
}

function seedsOption(text: string): { readonly first: number; readonly last: number } {
  const [, a, b] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  const first = Number(a);
  const last = Number(b ?? a);
  if (a === undefined || last < first)
    throw usage(`"${text}" are no seeds of 0 to 999999999`, 'write 1..100, or one number');
  return { first, last };
}

function faultsOption(text: string): readonly FaultKind[] {
  if (text === 'all') return FAULT_KINDS;
  if (text === 'none') return [];
  const named = text.split(',').map((name) => {
    const known = FAULT_KINDS.find((kind) => kind === name);
    if (known === undefined) throw usage(`no fault "${name}"`, `there are: ${FAULT_KINDS.join(', ')}`);
    return known;
  });
  // Plans are drawn from the list: in whatever order it is written, it is the same list.
  return FAULT_KINDS.filter((kind) => named.includes(kind));
}
