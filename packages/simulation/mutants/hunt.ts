import { raft } from '@varve/raft';
import { simulate } from '../src/index.ts';

/** Runs seeds until one finds the planted bug, and prints what it found as a line of JSON. */
const [first = 1, last = 1000] = process.argv.slice(2).map(Number);
for (let seed = first; seed <= last; seed++) {
  const validators = seed % 3 === 0 ? 5 : 3;
  let found: { check: string; text: string; at: number } | undefined;
  try {
    found = simulate({ protocol: raft as never, validators, seed, durationMs: 30_000 }).violations[0];
  } catch (error) {
    found = { check: 'no exception', text: String(error), at: 0 };
  }
  if (found === undefined) continue;
  process.stdout.write(`${JSON.stringify({ seed, ...found })}\n`);
  process.exit(0);
}
process.stdout.write(`${JSON.stringify({ seed: null })}\n`);
