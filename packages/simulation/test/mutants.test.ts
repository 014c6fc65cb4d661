import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../mutants/mutants.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const FLAGS = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'];
/** Bugs that fall early; long runs hunt for all of them. */
const EARLY = ['append-before-durable', 'quorum-of-half', 'seal-before-durable', 'no-wait-for-disk', 'checksums-off'];

/** The hunt, as `npm run simulate:mutants` starts it. */
function hunt(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = join(root, 'packages', 'simulation', 'mutants', 'main.ts');
  return spawnSync(process.execPath, [...FLAGS, main, ...args], { encoding: 'utf8' });
}

describe('planted bugs', () => {
  it('are found, and nothing is where there is none', () => {
    const { status, stdout, stderr } = hunt(...EARLY, '--seeds', '40', '--jobs', '2');
    expect(status, stdout + stderr).toBe(0);
    for (const name of EARLY)
      expect(stdout).toMatch(new RegExp(`^\\| \`${name}\` \\| .+ \\| \\d+ \\| [35] \\| .+ \\|$`, 'm'));
    expect(stdout).toContain('5 of 5 found within 40 seeds');
    expect(stdout).toMatch(/^without a bug, seeds 1 to \d+ pass$/m);
  });

  it('that no seed finds make the hunt fail', () => {
    const { status, stdout } = hunt('term-not-stored', '--seeds', '1');
    expect(status).toBe(1);
    expect(stdout).toContain('0 of 1 found within 1 seeds');
    expect(stdout).toContain('not found: term-not-stored');
  });

  it('that nobody knows are refused', () => {
    const { status, stderr } = hunt('no-such-bug');
    expect(status).toBe(2);
    expect(stderr).toContain('no planted bug "no-such-bug"');
  });

  it('have names of their own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it.each(MUTANTS)('$name has its places exactly once, and changes them', ({ edits }) => {
    expect(edits.length).toBeGreaterThan(0);
    for (const { file, find, replace } of edits) {
      const parts = readFileSync(join(root, file), 'utf8').split(find);
      expect(parts.length - 1, `${find} in ${file}`).toBe(1);
      expect(replace).not.toBe(find);
    }
  });
});
