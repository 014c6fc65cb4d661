import { availableParallelism } from 'node:os';
import { faultModelOf, PROTOCOL_NAMES } from '@varve/consensus';
import { FAULT_KINDS, runSeeds, type SeedQuestion, type SeedResult, type SeedRunOptions, Tally } from '../src/index.ts';
import { optionsOr } from './options.ts';

/** Faults last this long in each seed, virtual milliseconds. */
const DURATION_MS = 30_000;
/** How often it says how far it is, milliseconds. */
const SHOW_MS = 60_000;
/** Seeds start here, away from those that the tests run. */
const FIRST_SEED = 100_000;
/** `varve simulate` takes no greater one, and there is time for a million. */
const SEED_MAX = 998_999_999;

const USAGE =
  'usage: npm run simulate:long -- [--minutes 60] [--protocol raft] [--changes] [--first SEED] [--jobs N]\n';
const { values } = optionsOr(USAGE, {
  options: {
    minutes: { type: 'string', default: '60' },
    protocol: { type: 'string', default: 'raft' },
    first: { type: 'string', default: String(FIRST_SEED) },
    jobs: { type: 'string', default: String(availableParallelism()) },
    changes: { type: 'boolean', default: false },
  },
});
const [minutesWanted, firstSeed, jobs] = [values.minutes, values.first, values.jobs].map(Number) as [
  number,
  number,
  number,
];
if (
  !(
    minutesWanted > 0 &&
    Number.isSafeInteger(firstSeed) &&
    firstSeed >= 0 &&
    firstSeed <= SEED_MAX &&
    Number.isInteger(jobs) &&
    jobs > 0
  )
) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const started = performance.now();
const endAt = started + minutesWanted * 60_000;
const kinds = FAULT_KINDS;
const protocol = PROTOCOL_NAMES.find((name) => name === values.protocol);
if (protocol === undefined) {
  process.stderr.write(`no protocol "${values.protocol}"; there are ${PROTOCOL_NAMES.join(', ')}\n`);
  process.exit(2);
}
/**
 * Networks that tolerate one fault and two, in turn; where seats change, one under every protocol. Seven validators that
 * vote in three rounds of messages take four times as long as four.
 */
const sizes = values.changes ? [4, 5] : faultModelOf(protocol) === 'crash' ? [3, 5] : [4, 4, 4, 4, 7];
const runs: readonly SeedRunOptions[] = sizes.map((validators) => ({
  protocol,
  validators,
  durationMs: DURATION_MS,
  kinds,
  changes: values.changes,
}));
let asked = 0;
let shownAt = started;
const tally = new Tally();
const ofSize = new Map<number, number>();

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());
await runSeeds({ next, jobs, onResult, signal: interruption.signal });
const summary = tally.summary();
const minutes = (performance.now() - started) / 60_000;
const uncounted = summary.seeds - summary.counted;
const { failed, ...counts } = summary;
process.stdout.write(
  `${JSON.stringify({ minutes, uncounted, validators: Object.fromEntries(ofSize), ...counts, failed: failed.map(told) }, undefined, 2)}\n`,
);
process.stdout.write(
  `${summary.seeds} seeds in ${minutes.toFixed(1)} minutes, ${failed.length} with violations, ${uncounted} that do not count\n`,
);
if (interruption.signal.aborted) process.exit(130);
process.exit(failed.length > 0 || uncounted > 0 ? 1 : 0);

function next(): SeedQuestion | undefined {
  if (performance.now() >= endAt) return undefined;
  const options = runs[asked % runs.length];
  if (options === undefined) return undefined;
  const seed = firstSeed + asked;
  asked += 1;
  return { seed, options };
}

function onResult(result: SeedResult): void {
  tally.add(result);
  ofSize.set(result.validators, (ofSize.get(result.validators) ?? 0) + 1);
  if (result.violations.length > 0) process.stderr.write(`${told(result)}\n`);
  else if (!result.isCounted) process.stderr.write(`does not count: ${JSON.stringify(result)}\n`);
  if (performance.now() - shownAt < SHOW_MS) return;
  shownAt = performance.now();
  const left = Math.max(0, Math.round((endAt - shownAt) / 60_000));
  process.stderr.write(`${tally.seeds} seeds, ${tally.failures} failed, ${left} minutes left\n`);
}

function told({ seed, validators, violations: [violation], protocol }: SeedResult): string {
  const again = `npx varve simulate --protocol ${protocol} --validators ${validators} --seeds ${seed} --seconds ${DURATION_MS / 1000}`;
  return `${protocol}, ${validators} validators, seed ${seed} at ${violation?.at} ms: ${violation?.check}: ${violation?.text}; run it again: ${again}${values.changes ? ' --changes' : ''}`;
}
