import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { run, temporaryFolder, VARVE } from '../../../../test/support/command.ts';
import { varve } from './harness.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
const SHORT = ['--validators', '3', '--seconds', '5', '--reports', at('reports')];
/** Plants a bug into what the command loads: see packages/simulation/mutants. */
const REGISTER = join(import.meta.dirname, '../../../../packages/simulation/mutants/register.ts');

afterAll(() => folder.clean());

/** The real command line, in a process of its own. */
function simulate(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return run(process.execPath, [VARVE, 'simulate', ...args], { cwd: folder.path, env, timeoutMs: 120_000 });
}

describe('varve simulate', () => {
  it('tells what many seeds showed, with the same trace hash again and on one thread', async () => {
    const args = ['--seeds', '1..3', ...SHORT, '--json'];
    const { code, stdout } = await simulate(args);
    expect(code).toBe(0);
    const { traceHash, faults, seedsPerMinute, virtualSecondsPerSecond, ...body } = JSON.parse(stdout);
    expect(body).toMatchObject({ protocol: 'raft', validators: 3, first: 1, last: 3, seeds: 3, violations: [] });
    expect(traceHash).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(faults).length).toBeGreaterThanOrEqual(3);
    for (const count of [seedsPerMinute, virtualSecondsPerSecond, body.transactions, body.packets, body.steps]) {
      expect(count).toBeGreaterThan(0);
    }
    expect(body.virtualMs).toBeGreaterThanOrEqual(3 * 5000);
    // Five seconds are too short to prove something.
    expect(body.counted).toBe(0);
    for (const again of [args, [...args, '--jobs', '1']]) {
      expect(JSON.parse((await simulate(again)).stdout)).toMatchObject({ traceHash, faults, ...body });
    }
    // Nothing failed, so nothing is reported.
    expect(existsSync(at('reports'))).toBe(false);
  });

  it('tells people the same, and without faults there are none', async () => {
    const { exitCode, stdout } = await varve(['simulate', '--seeds', '4', '--faults', 'none', ...SHORT]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^seeds {9}1, at \d+ a minute$/m);
    expect(stdout).toMatch(/^faults {8}none$/m);
    expect(stdout).toMatch(/^trace hash {4}[0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^violations {4}0$/m);
  });

  it('runs the shortest and smallest there is', async () => {
    const args = ['--seeds', '0..1', '--seconds', '1', '--validators', '1', '--json'];
    const { exitCode, stdout } = await varve(['simulate', ...args]);
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 2, violations: [] });
  });

  it.each([
    { args: ['--seeds', 'x'], hint: 'write 1..100, or one number' },
    { args: ['--seeds', '5..1'], hint: 'write 1..100, or one number' },
    { args: ['--seeds', '1..2..3'], hint: 'write 1..100, or one number' },
    { args: ['--protocol', 'pbft'], hint: /^there are: raft/ },
    { args: ['--faults', 'loss,quake'], hint: /^there are: loss, .*, backup, .*, odd-seal$/ },
    { args: ['--faults', ''], hint: /^there are: loss/ },
    { args: ['--seeds', '1..2', '--trace', 'trace.html'], hint: 'write --seeds 17..17' },
    { args: ['--validators', '8'], hint: /--help/ },
    { args: ['--seconds', '0'], hint: /--help/ },
    { args: ['--jobs', 'many'], hint: /--help/ },
  ])('refuses $args', async ({ args, hint }) => {
    const told = await varve(['simulate', ...args, '--json']);
    expect(told.exitCode).toBe(2);
    const failure = JSON.parse(told.stdout);
    expect(failure).toMatchObject({ code: 'USAGE', hint: expect.stringMatching(hint) });
    expect(failure.message).not.toBe('');
  });

  it('writes the diagram or the timeline of one seed, over what is there', async () => {
    for (const name of ['trace.html', 'trace.txt']) {
      writeFileSync(at(name), 'old');
      const { exitCode } = await varve(['simulate', '--seeds', '2..2', '--trace', at(name), ...SHORT]);
      expect(exitCode).toBe(0);
    }
    expect(readFileSync(at('trace.html'), 'utf8')).toMatch(
      /^<!doctype html>[\s\S]*raft, 3 validators, seed 2[\s\S]*<svg/i,
    );
    const timeline = readFileSync(at('trace.txt'), 'utf8');
    expect(timeline).toMatch(/^raft, 3 validators, seed 2\n\nfaults:\n +\d+ ms {2}[a-z-]+ /);
    expect(timeline).toContain('validator-3');
    expect(timeline).not.toContain('<svg');
  });

  it('says that its result cannot be written', async () => {
    const launched = await run(
      '/bin/sh',
      ['-c', `${process.execPath} ${VARVE} simulate --seeds 1 --seconds 1 > /dev/full`],
      {
        cwd: folder.path,
        timeoutMs: 60_000,
      },
    );
    expect(launched.code).toBe(3);
    expect(launched.stderr).toMatch(/^error FILE_FAILED: the result cannot be written: /m);
  });

  it.each([['--trace'], ['--reports']])('says that %s cannot be written', async (option) => {
    writeFileSync(at('file'), '');
    const path = join(at('file'), 'below', 'x.txt');
    const { exitCode, stdout } = await varve(['simulate', '--seeds', '1', ...SHORT, option, path, '--json']);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'FILE_FAILED',
      message: expect.stringContaining('cannot be written'),
    });
    const folderAsFile = await varve(['simulate', '--seeds', '1', ...SHORT, '--trace', folder.path]);
    expect(folderAsFile.exitCode).toBe(3);
    expect(folderAsFile.stderr).toMatch(/^error FILE_FAILED: .*\nhint: .*\n$/m);
  });
});

describe('varve simulate with a bug', () => {
  const bug = { VARVE_MUTANT: 'certificate-below-quorum', NODE_OPTIONS: `--import ${REGISTER}` };

  it('fails, leaves reports, and names a command that fails in the same way', async () => {
    const args = ['--seeds', '1..2', '--validators', '3', '--seconds', '10', '--reports', at('failing'), '--json'];
    const { code, stdout, stderr } = await simulate(args, bug);
    expect(code).toBe(1);
    const { violations } = JSON.parse(stdout);
    const [failure] = violations;
    expect(failure).toMatchObject({ check: expect.any(String), at: expect.any(Number), faults: expect.any(Number) });
    expect(stderr).toContain(`seed ${failure.seed} at ${failure.at} ms: ${failure.check}: `);
    expect(readdirSync(at('failing'))).toContain(`raft-3-seed-${failure.seed}.html`);
    expect(readFileSync(failure.timeline, 'utf8')).toContain(`${failure.check}: `);
    expect(readFileSync(failure.diagram, 'utf8')).toContain('<svg');
    expect(failure.command).toMatch(/^npx varve simulate /);
    const again = await simulate([...failure.command.split(' ').slice(3), '--reports', at('again')], bug);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain(`seed ${failure.seed} at ${failure.at} ms: ${failure.check}: ${failure.text}`);
    expect(again.stdout).toContain(`run it again: ${failure.command}`);
  });
});

describe('Ctrl-C', () => {
  /** The processes that a process started, by their ids. */
  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

  /** Waits until the threads of the command run seeds; gives the command's process. */
  async function runningSeeds(launcher: number): Promise<number[]> {
    for (let tries = 0; tries < 600; tries++) {
      await sleep(100);
      const children = childrenOf(launcher);
      const threads = children.flatMap((child) => readdirSync(`/proc/${child}/task`).map((task) => [child, task]));
      const names = threads.map(([child, task]) => readFileSync(`/proc/${child}/task/${task}/comm`, 'utf8').trim());
      if (names.includes('WorkerThread')) return children;
    }
    throw new Error('no seed runs after a minute');
  }

  it.each([
    ['the launcher', false],
    ['the whole group, as from a terminal', true],
  ])('to %s ends a long run within 3 s with 130 and leaves no process', async (_, isGroup) => {
    const args = ['simulate', '--seeds', '1..100000', ...SHORT, '--json'];
    const child = spawn(process.execPath, [VARVE, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const pid = child.pid ?? 0;
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    try {
      const started = await runningSeeds(pid);
      const asked = performance.now();
      process.kill(isGroup ? -pid : pid, 'SIGINT');
      expect(await Promise.race([closed, sleep(10_000, 'still running')])).toBe(130);
      expect(performance.now() - asked).toBeLessThan(3000);
      expect(started).toHaveLength(1);
      for (const one of started) expect(() => process.kill(one, 0)).toThrow('ESRCH');
    } finally {
      // Nothing of a failed test may run on.
      for (const one of existsSync(`/proc/${pid}`) ? [...childrenOf(pid), pid] : []) process.kill(one, 'SIGKILL');
    }
    expect(stderr).toMatch(/^interrupted after \d+ of 100000 seeds$/m);
    expect(JSON.parse(stdout)).toMatchObject({ first: 1, last: 100_000, violations: [] });
  });
});

describe('completion and help', () => {
  it.each(['bash', 'zsh', 'fish'])('of %s know the command and its options', async (shell) => {
    const { stdout } = await varve(['completion', shell]);
    expect(stdout).toContain('simulate');
    for (const option of ['seeds', 'faults', 'reports', 'trace', 'jobs', 'seconds']) expect(stdout).toContain(option);
  });

  it('explain every option', async () => {
    const { stdout, exitCode } = await varve(['simulate', '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}varve simulate /);
    const options = ['protocol', 'validators', 'seeds', 'faults', 'seconds', 'jobs', 'reports', 'trace', 'json'];
    for (const option of options) expect(stdout).toMatch(new RegExp(`^  --${option}( <\\S+>)? +\\w`, 'm'));
  });
});
