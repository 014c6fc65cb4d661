import { execFileSync, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { DevnetValidator } from '../../setup/devnet-folder.ts';
import { STOP_WITH_PARENT } from '../lifetime.ts';

/** What a validator's process writes to its standard streams, in its folder. */
const OUTPUT_FILE = 'output.log';
/**
 * A young generation of 32 MiB, since most of a validator's garbage dies within a second under load; and one helper thread for
 * collection and compilation: several validators share few cores, where four helpers each only wait for one another.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=32', '--v8-pool-size=1'];
/** Names a folder where each validator writes a profile of its processor time when it stops. */
export const PROFILE_FOLDER = 'VARVE_PROFILE';
/** Where a node's signatures are judged: by default as the machine suggests, which knows nothing of the others on it. */
const SIGNATURE_THREAD = 'VARVE_SIGNATURE_THREAD';
const POLL_MS = 25;

/** A process that was just started. */
export interface StartedProcess {
  readonly pid: number;
  /** Length of its output file before: what follows is its own. */
  readonly outputFrom: number;
}

/**
 * Starts a validator as a process of its own group, so that Ctrl-C reaches only the devnet, which then stops it.
 * Its streams go to files: no pipe keeps anybody waiting.
 * @param isBound - It stops by itself when this process is gone.
 * @param validators - How many share this machine.
 */
export function startProcess(
  validator: DevnetValidator,
  passphraseFile: string,
  isBound: boolean,
  validators: number,
): StartedProcess {
  const output = openSync(join(validator.dataDirectory, OUTPUT_FILE), 'a', 0o600);
  try {
    const outputFrom = fstatSync(output).size;
    const args = ['node', 'start', '--data', validator.dataDirectory, '--passphrase-file', passphraseFile];
    const environment: NodeJS.ProcessEnv = { ...process.env };
    // What is set for the devnet's own command line must not reach its nodes.
    for (const name of ['VARVE_DATA', 'VARVE_KEY', 'VARVE_HTTP', 'VARVE_PASSPHRASE_FILE', STOP_WITH_PARENT])
      delete environment[name];
    if (isBound) environment[STOP_WITH_PARENT] = '1';
    if (availableParallelism() < 2 * validators) environment[SIGNATURE_THREAD] ??= 'main';
    const child = spawn(
      process.execPath,
      [...profileFlags(process.env[PROFILE_FOLDER]), ...programArguments(), ...args],
      {
        detached: true,
        stdio: ['ignore', output, output],
        env: environment,
      },
    );
    // Its end is seen by its pid; a failed start too.
    child.on('error', () => undefined);
    child.unref();
    return { pid: child.pid ?? 0, outputFrom };
  } finally {
    closeSync(output);
  }
}

/** The engine names each file after the process, and makes the folder. */
function profileFlags(folder: string | undefined): readonly string[] {
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${resolve(folder)}`] : [];
}

/** How this program is run: from its sources, or built. */
function programArguments(): readonly string[] {
  const main = (name: string): string => join(import.meta.dirname, '..', '..', name);
  return import.meta.filename.endsWith('.ts')
    ? [...NODE_FLAGS, '--conditions=varve-source', '--disable-warning=ExperimentalWarning', main('main.ts')]
    : [...NODE_FLAGS, main('main.js')];
}

/** Whether the recorded process runs and is a node on this data directory: a pid alone may be somebody else's by now. */
export function isRunning({ pid, dataDirectory }: DevnetValidator): boolean {
  if (pid <= 1) return false;
  const words = commandLine(pid);
  return words.includes(dataDirectory) && words.includes('start');
}

function commandLine(pid: number): readonly string[] {
  try {
    if (process.platform === 'linux') {
      // A zombie has an empty command line: it runs no more.
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    }
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .split(' ');
  } catch {
    return [];
  }
}

/** Sends a signal to the process of a validator, if it is still that. */
export function signalValidator(validator: DevnetValidator, signal: NodeJS.Signals): void {
  if (!isRunning(validator)) return;
  try {
    process.kill(validator.pid, signal);
  } catch {
    // It ended in between.
  }
}

/** Waits until none of the processes runs; resolves with those that still do when the time is up. */
export async function waitForEnd(
  validators: readonly DevnetValidator[],
  msMax: number,
): Promise<readonly DevnetValidator[]> {
  const end = performance.now() + msMax;
  for (;;) {
    const left = validators.filter(isRunning);
    if (left.length === 0 || performance.now() >= end) return left;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The last lines that a process wrote since it started. */
export function lastOutput(validator: DevnetValidator, from: number, linesMax: number): string {
  try {
    const bytes = readFileSync(join(validator.dataDirectory, OUTPUT_FILE)).subarray(from);
    return bytes.toString('utf8').trim().split('\n').slice(-linesMax).join('\n');
  } catch {
    return '';
  }
}
