import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder, varve } from './support/command.ts';
import { CliProcess, endAll } from './support/process.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const folder = temporaryFolder();
const SMALL = ['devnet', 'compare', '--protocols', 'raft', '--validators', '3', '--seconds', '1', '--json'];

afterAll(async () => {
  await endAll();
  folder.clean();
});

/** A new folder for a command's temporary files. */
function temporaryFiles(name: string): string {
  const path = join(folder.path, name);
  mkdirSync(path);
  return path;
}

/** Processes that name this folder on their command lines. */
function processesOn(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.some((word) => word.startsWith(path)) ? [words.join(' ')] : [];
      } catch {
        return [];
      }
    });
}

/** Neither a process nor a file is left. */
function expectNothing(path: string): void {
  expect(processesOn(path)).toEqual([]);
  expect(readdirSync(path)).toEqual([]);
}

describe('varve devnet compare', () => {
  it('measures a network of real processes, and leaves nothing behind', async () => {
    const files = temporaryFiles('whole');
    const { code, stdout, stderr } = await varve(SMALL, { env: { TMPDIR: files }, timeoutMs: 500_000 });
    expect(code, stdout + stderr).toBe(0);
    expectNothing(files);
    const comparison = JSON.parse(stdout);
    expect(comparison).toMatchObject({ validators: 3, transactionBytes: 300, seconds: 1 });
    expect(comparison.protocols).toHaveLength(1);
    const [{ saturated, paced, leaderKill, down, ...rest }] = comparison.protocols;
    expect(rest).toEqual({ protocol: 'raft', faultModel: 'crash', faultsTolerated: 1 });
    expect(saturated.transactions).toBeGreaterThan(0);
    expect(saturated.transactionsPerSecond).toBeGreaterThan(0);
    expect(comparison.offeredPerSecond).toBeCloseTo(saturated.transactionsPerSecond / 2);
    for (const load of [paced, leaderKill, down]) {
      expect(load.offered).toBeGreaterThan(0);
      expect(load.final).toBeGreaterThan(0);
      expect(load.final).toBeLessThanOrEqual(load.offered);
      expect(load.latencyMs.p50).toBeGreaterThan(0);
      expect(load.latencyMs.p99).toBeGreaterThanOrEqual(load.latencyMs.p50);
    }
    expect(paced.packets).toBeGreaterThan(0);
    // Whatever a protocol does, the transactions themselves reach the others.
    expect(paced.bytes).toBeGreaterThan(2 * 300 * paced.final);
    // One of two must first time out, and then both go on.
    expect(leaderKill.gapMs).toBeGreaterThan(100);
    expect(leaderKill.recoveryMs).toBeGreaterThan(0);
    expect(down.validators).toEqual([leaderKill.killed]);
    // Every step was told, and nothing but steps.
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(8);
    for (const [i, line] of lines.entries()) expect(line).toMatch(new RegExp(`^[█░]{24} ${i}/8 raft: `));
  });

  it.each([
    { signal: 'SIGINT', during: 'starting', exit: 130 },
    { signal: 'SIGTERM', during: 'warming up', exit: 143 },
  ] as const)(
    'ends with $exit on $signal while $during, and leaves nothing behind',
    async ({ signal, during, exit }) => {
      const files = temporaryFiles(signal);
      const command = new CliProcess(SMALL, `export TMPDIR=${files}`);
      await expect.poll(() => command.stderr, { timeout: 120_000 }).toContain(during);
      // A start is interrupted when its processes are there.
      await expect.poll(() => processesOn(files), { timeout: 120_000 }).toHaveLength(3);
      command.signal(signal);
      const { code, stdout, stderr } = await command.ended;
      expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
      expect(stderr.trim().split('\n').at(-1)).toBe(`${signal}: stopped, and the network removed`);
      expectNothing(files);
    },
  );

  it('tells why a network did not start, of which protocol it was, and leaves nothing behind', async () => {
    const files = temporaryFiles('failing');
    const env = { TMPDIR: files, VARVE_LOG_LEVEL: 'loud' };
    const { code, stdout } = await varve(SMALL, { env, timeoutMs: 120_000 });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'DEVNET_NOT_READY',
      message: expect.stringMatching(/^raft: validator-\d ended\n[\s\S]*loud/),
      hint: expect.stringContaining('varve devnet --protocol raft --validators 3 --data DIR'),
    });
    expectNothing(files);
  });

  it('says that there is no room for a network', async () => {
    const { code, stdout } = await varve(SMALL, { env: { TMPDIR: join(folder.path, 'missing') } });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'FILE_FAILED',
      message: expect.stringMatching(/^raft: no folder/),
    });
  });
});
