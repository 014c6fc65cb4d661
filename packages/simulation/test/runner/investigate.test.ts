import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Violation } from '../../src/checks/violation.ts';
import { describeFault, FAULT_KINDS, type Fault } from '../../src/faults/fault.ts';
import { investigate } from '../../src/runner/investigate.ts';
import { runSeed } from '../../src/runner/run-seed.ts';

const folder = join(import.meta.dirname, '..', '..');
const options = { protocol: 'raft', validators: 3, durationMs: 10_000, kinds: FAULT_KINDS } as const;

/** What a process with a planted bug tells of a seed. */
interface Told {
  readonly seed: number;
  /** Of the whole plan. */
  readonly faults: number;
  readonly first: Violation;
  readonly plan: readonly Fault[];
  readonly violations: readonly Violation[];
  readonly text: string;
  readonly html: string;
}

/** Looks into the first seed that fails with the bug. */
const PROGRAM = `
import { investigate } from '${folder}/src/runner/investigate.ts';
import { seedOptions } from '${folder}/src/runner/run-seed.ts';
import { simulate } from '${folder}/src/simulation.ts';
const options = ${JSON.stringify(options)};
for (let seed = 1; ; seed++) {
  const { violations: [first], plan: whole } = simulate(seedOptions(seed, options));
  if (first === undefined) continue;
  const { plan, result, text, html } = investigate(seed, options);
  console.log(JSON.stringify({ seed, faults: whole.length, first, plan, violations: result.violations, text, html }));
  break;
}
`;

function investigateWith(mutant: string): Told {
  const flags = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning', '--input-type=module'];
  const plant = ['--import', join(folder, 'mutants', 'register.ts')];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...plant, '-e', PROGRAM], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, VARVE_MUTANT: mutant },
    maxBuffer: 2 ** 30,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Told;
}

describe('looking into a seed', () => {
  it('that passes gives its run again with its whole plan, as text and as a page', () => {
    const { plan, result, text, html } = investigate(2, options);
    expect(result.violations).toEqual([]);
    expect(result.traceHash).toBe(runSeed(2, options).traceHash);
    expect(plan.length).toBeGreaterThan(5);
    expect(text).toMatch(/^raft, 3 validators, seed 2\n\nfaults:\n/);
    for (const fault of plan) {
      expect(text).toContain(`${fault.at} ms  ${describeFault(fault)}\n`);
      expect(html).toContain(describeFault(fault));
    }
    expect(text).toContain('validator-3');
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain('raft, 3 validators, seed 2');
  });

  it('that fails leaves only faults that it needs for failing in the same way', () => {
    const { seed, faults, first, plan, violations, text, html } = investigateWith('seal-before-durable');
    expect(plan.length).toBeLessThan(faults / 2);
    expect(violations[0]?.check).toBe(first.check);
    expect(text).toContain(`seed ${seed}\n`);
    expect(
      text.split('\n').filter((line) => / ms {2}/.test(line) && line.includes(' until ')).length,
    ).toBeGreaterThanOrEqual(plan.length);
    for (const { check, text: told, at } of violations) {
      expect(text).toContain(`${at} ms: ${check}: ${told}`);
      expect(html).toContain(check);
    }
  });
});
