import { FAULT_KINDS, runSeed } from '../src/index.ts';

/** Faults last this long in each seed, virtual milliseconds. */
const DURATION_MS = 30_000;

/** What the default plan does with one seed: networks of three, and of five now and then. */
const [first = 1, last = 1000] = process.argv.slice(3).map(Number);
const protocol = process.argv[2] as 'raft';
for (let seed = first; seed <= last; seed++) {
  const validators = seed % 3 === 0 ? 5 : 3;
  const { violations } = runSeed(seed, { protocol, validators, durationMs: DURATION_MS, kinds: FAULT_KINDS });
  const [found] = violations;
  if (found === undefined) continue;
  process.stdout.write(`${JSON.stringify({ seed, validators, ...found })}\n`);
  process.exit(0);
}
process.stdout.write(`${JSON.stringify({ seed: null })}\n`);
