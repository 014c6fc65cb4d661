import { seedsOr } from '../long/options.ts';
import { histogram, quantile } from './distribution.ts';
import { ELECTION_MS } from './loaded-world.ts';
import { CUTS, measureFailover, measureStepDown, PROMISED, watchRejoining } from './measure.ts';

/** Width of a histogram's intervals, milliseconds. */
const BIN_MS = 50;
/** How often it says how far it is, seeds. */
const SHOW_EVERY = 100;

const USAGE = 'usage: npm run simulate:elections -- [--seeds 1000]\n';
const seeds = seedsOr(USAGE, 1000);
let isGood = true;

process.stdout.write(`${seeds.length} seeds, virtual time; T = ${ELECTION_MS} ms\n`);
for (const validators of [3, 5]) {
  const failovers = measure(`failover, ${validators} validators`, (seed) => measureFailover(validators, seed));
  show(`${validators} validators: from the leader's death to the next block`, failovers);
  isGood &&=
    quantile(failovers, 0.5) <= PROMISED.failoverMedianMs && quantile(failovers, 0.99) <= PROMISED.failoverP99Ms;
  const stepDowns = measure(`step down, ${validators} validators`, (seed) =>
    measureStepDown(validators, seed, CUTS[seed % CUTS.length] ?? 'isolated'),
  );
  show(`${validators} validators: from the loss of a quorum to the leader's end`, stepDowns);
  isGood &&= Math.max(...stepDowns) <= PROMISED.stepDownMs;
  const deposed = measure(`rejoin, ${validators} validators`, (seed) => {
    const { before, after } = watchRejoining(validators, seed, CUTS[seed % CUTS.length] ?? 'isolated');
    return before === after ? 0 : 1;
  }).reduce((sum, one) => sum + one, 0);
  process.stdout.write(
    `${validators} validators: ${deposed} of ${seeds.length} leaders deposed by a node that came back\n\n`,
  );
  isGood &&= deposed === 0;
}
process.exit(isGood ? 0 : 1);

function measure(what: string, one: (seed: number) => number): readonly number[] {
  return seeds.map((seed) => {
    if (seed % SHOW_EVERY === 0) process.stderr.write(`${what}: ${seed} of ${seeds.length}\n`);
    return one(seed);
  });
}

function show(title: string, times: readonly number[]): void {
  const told = (ms: number): string => `${ms} ms (${(ms / ELECTION_MS).toFixed(2)} T)`;
  const figures = `median ${told(quantile(times, 0.5))}, p99 ${told(quantile(times, 0.99))}, maximum ${told(Math.max(...times))}`;
  process.stdout.write(`${title}\n  ${figures}\n${histogram(times, BIN_MS).join('\n')}\n`);
}
