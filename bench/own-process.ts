import { spawnSync } from 'node:child_process';
import { NODE_FLAGS } from '../apps/node/src/cli/devnet/processes.ts';

/**
 * Runs `file` with the flags of a validator in a process of its own, and gives what it writes to its standard output, as
 * JSON: memory and compiled code of one measurement must not serve the next.
 * @param flags - Further ones of Node's.
 */
export function inOwnProcess<T>(file: string, words: readonly string[], flags: readonly string[] = []): T {
  const all = [...process.execArgv, ...NODE_FLAGS, ...flags, file, ...words];
  const { stdout, stderr, status } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the measurement failed: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Processor time of all threads of this process, microseconds. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
