import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { optionsOr } from '../long/options.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

/** What a hunt says on its last line. */
interface Hunt {
  readonly seed: number | null;
  readonly validators?: number;
  readonly check?: string;
}

const folder = import.meta.dirname;
const USAGE = 'usage: npm run simulate:mutants -- [--engine raft] [--seeds 1000] [--jobs N] [NAME...]\n';
const { values, positionals } = optionsOr(USAGE, {
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'raft' },
    seeds: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});
if (![values.seeds, values.jobs].every((value) => Number.isInteger(Number(value)) && Number(value) > 0)) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const engines: readonly string[] = [...new Set(MUTANTS.flatMap(({ engine }) => engine ?? []))];
const unknown = positionals.find((name) => !MUTANTS.some((mutant) => mutant.name === name));
if (unknown !== undefined || !engines.includes(values.engine)) {
  const reason = unknown === undefined ? `no engine "${values.engine}"` : `no planted bug "${unknown}"`;
  process.stderr.write(`${reason}; engines are ${engines.join(', ')}\n${USAGE}`);
  process.exit(2);
}
const wanted =
  positionals.length > 0 ? MUTANTS.filter(({ name }) => positionals.includes(name)) : mutantsOf(values.engine);
const hunts = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const child of hunts) child.kill();
    process.exit(130);
  });
}
const rows: { readonly mutant: Mutant; readonly hunt: Hunt }[] = [];
const queue = [...wanted];
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
rows.sort((a, b) => wanted.indexOf(a.mutant) - wanted.indexOf(b.mutant));
const lastSeed = Math.max(1, ...rows.map(({ hunt }) => hunt.seed ?? 0));
process.stderr.write(`the same seeds, 1 to ${lastSeed}, without a bug\n`);
const clean = await hunt(undefined, lastSeed);
process.stdout.write(`${tableOf()}\n\n`);
const survivors = rows.filter((row) => row.hunt.seed === null).map(({ mutant }) => mutant.name);
process.stdout.write(`${rows.length - survivors.length} of ${rows.length} found within ${values.seeds} seeds\n`);
if (survivors.length > 0) process.stdout.write(`not found: ${survivors.join(', ')}\n`);
process.stdout.write(
  clean.seed === null
    ? `without a bug, seeds 1 to ${lastSeed} pass\n`
    : `WITHOUT A BUG seed ${clean.seed} fails: ${clean.check}\n`,
);
process.exit(survivors.length > 0 || clean.seed !== null ? 1 : 0);

function mutantsOf(engine: string): readonly Mutant[] {
  // What shows only where configurations change is hunted by itself.
  return MUTANTS.filter((mutant) => mutant.engine === engine || (mutant.engine === undefined && engine !== 'switch'));
}

async function work(): Promise<void> {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const found = await hunt(mutant, Number(values.seeds));
    rows.push({ mutant, hunt: found });
    const result = found.seed === null ? 'NOT FOUND' : `seed ${found.seed}: ${found.check}`;
    process.stderr.write(`${rows.length}/${wanted.length} ${mutant.name}: ${result}\n`);
  }
}

/** Runs seeds in a process of their own, with the bug planted in it. */
function hunt(mutant: Mutant | undefined, seeds: number): Promise<Hunt> {
  const flags = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'];
  const plant = mutant ? ['--import', join(folder, 'register.ts')] : [];
  const args = [...flags, ...plant, join(folder, 'hunt.ts'), values.engine, '1', String(seeds)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, VARVE_MUTANT: mutant?.name ?? '' },
  });
  hunts.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      hunts.delete(child);
      if (code === 0) resolve(JSON.parse(output) as Hunt);
      else reject(new Error(`the hunt for ${mutant?.name ?? 'no bug'} ended with ${code}`));
    });
  });
}

function tableOf(): string {
  const lines = rows.map(({ mutant, hunt: { seed, validators, check } }) => {
    const found = seed === null ? 'not found | |' : `${seed} | ${validators} | ${check}`;
    return `| \`${mutant.name}\` | ${mutant.bug} | ${found} |`;
  });
  return [
    '| planted bug | what goes wrong | seed | validators | found by |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}
