import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, runSeed, runSeeds, type SeedResult, seedQuestions } from '../src/index.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const options = { protocol: 'raft', validators: 3, durationMs: 10_000, kinds: FAULT_KINDS } as const;

/** Prints the trace hash of seed 5, with the packages as they are published. */
const PROGRAM = `
import { runSeed, FAULT_KINDS } from '${join(root, 'packages/simulation/dist/index.js')}';
const options = { protocol: 'raft', validators: 3, durationMs: 10000, kinds: FAULT_KINDS };
process.stdout.write(runSeed(5, options).traceHash);
`;

function run(node: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(node, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) throw new Error(`${node} ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

describe('the same seed', () => {
  it('gives the same trace hash again, another seed another', () => {
    const [first, second] = [runSeed(5, options), runSeed(5, options)];
    expect(first.traceHash).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toEqual(first);
    expect(runSeed(6, options).traceHash).not.toBe(first.traceHash);
    expect(runSeed(5, { ...options, validators: 4 }).traceHash).not.toBe(first.traceHash);
  });

  it('gives the same trace hash on threads, whatever else they ran', async () => {
    const results: SeedResult[] = [];
    await runSeeds({ next: seedQuestions(3, 6, options), jobs: 2, onResult: (result) => results.push(result) });
    results.sort((a, b) => a.seed - b.seed);
    expect(results).toEqual([3, 4, 5, 6].map((seed) => runSeed(seed, options)));
  });

  it('gives the same trace hash in other processes and under another Node', () => {
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/simulation']);
    const { traceHash } = runSeed(5, options);
    // The Node that runs the tests, and the one that started them, which may be older.
    for (const node of new Set([process.execPath, process.env.npm_node_execpath ?? process.execPath])) {
      expect(run(node, ['--input-type=module', '-e', PROGRAM]), node).toBe(traceHash);
    }
  });
});
