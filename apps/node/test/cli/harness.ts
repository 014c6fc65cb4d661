import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { runCli } from '../../src/cli/run.ts';

/** What one command line did. */
export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as if from a shell with nothing but `environment` set. */
export async function varve(
  args: readonly string[],
  environment: Record<string, string> = {},
  isTTY = false,
): Promise<CliRun> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const output = {
    stdout: { write: (text: string) => stdout.push(text) },
    stderr: { write: (text: string) => stderr.push(text), isTTY },
  };
  for (const name of Object.keys(process.env)) if (name.startsWith('VARVE_')) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    const exitCode = await runCli(args, output);
    return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** A new empty folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'varve-cli-'));
}
