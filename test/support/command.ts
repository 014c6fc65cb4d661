import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The command line as a user runs it. */
export const VARVE: string = join(import.meta.dirname, '..', '..', 'apps', 'node', 'bin', 'varve.js');

/** How a command ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A new folder that `clean` removes. */
export function temporaryFolder(): { readonly path: string; clean(): void } {
  const path = mkdtempSync(join(tmpdir(), 'varve-test-'));
  return { path, clean: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}

/** Runs the command line to its end. Its streams go to files: a child that keeps a pipe open would hang the caller. */
export function varve(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  return run(process.execPath, [VARVE, ...args], options);
}

/** Runs any program to its end, as `varve` does. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const folder = temporaryFolder();
  const [outFile, errFile] = [join(folder.path, 'out'), join(folder.path, 'err')];
  const [out, err] = [openSync(outFile, 'w'), openSync(errFile, 'w')];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      stdio: ['ignore', out, err],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      env: { ...process.env, NO_COLOR: '1', ...options.env },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      closeSync(out);
      closeSync(err);
      const finished = { code, stdout: readFileSync(outFile, 'utf8'), stderr: readFileSync(errFile, 'utf8') };
      folder.clean();
      resolve(finished);
    });
  });
}
