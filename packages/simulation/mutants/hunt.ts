import { FAULT_KINDS, runSeed } from '../src/index.ts';

/** Faults last this long in each seed, virtual milliseconds. */
const DURATION_MS = 30_000;

/** Sizes of networks by seed, in turn. Of six, a quorum is more than 2f + 1. */
const SIZES = {
  raft: [5, 3, 3],
  paxos: [5, 3, 3],
  zab: [5, 3, 3],
  tendermint: [7, 4, 4, 6, 4],
  switch: [4, 4, 5],
} as const;

/** What the default plan does with one seed. */
const [first = 1, last = 1000] = process.argv.slice(3).map(Number);
const engine = process.argv[2] as keyof typeof SIZES;
const sizes = SIZES[engine];
/** Configurations change from Raft on. */
const changes = engine === 'switch';
const protocol = engine === 'switch' ? 'raft' : engine;
for (let seed = first; seed <= last; seed++) {
  const validators = sizes[seed % sizes.length] ?? sizes[0];
  const options = { protocol, validators, durationMs: DURATION_MS, kinds: FAULT_KINDS, changes };
  const { violations } = runSeed(seed, options);
  const [found] = violations;
  if (found === undefined) continue;
  process.stdout.write(`${JSON.stringify({ seed, validators, ...found })}\n`);
  process.exit(0);
}
process.stdout.write(`${JSON.stringify({ seed: null })}\n`);
