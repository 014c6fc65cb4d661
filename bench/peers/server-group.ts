import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the kernel end a process with the one that started it, also where that is killed (util-linux). */
const SETPRIV = '/usr/bin/setpriv';
const LOOK_MS = 50;
const OUTPUT_LINES = 20;

/** Servers of one system in a temporary folder. Nothing of them is left when the benchmark ends, however it ends. */
export class ServerGroup {
  static readonly #live: Set<ServerGroup> = new Set();
  readonly folder: string;
  readonly #children: ChildProcess[] = [];

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `varve-bench-${name}-`));
    ServerGroup.#live.add(this);
  }

  /** Stops everything that any group started. */
  static async stopAll(): Promise<void> {
    await Promise.all([...ServerGroup.#live].map((group) => group.stop()));
  }

  get pids(): readonly number[] {
    return this.#children.flatMap(({ pid }) => pid ?? []);
  }

  /** Its output goes to a file of the folder. */
  start(program: string, args: readonly string[]): void {
    const output = openSync(this.#outputFile(this.#children.length), 'a');
    const words = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', program, ...args] : [program, ...args];
    const [first = program, ...rest] = words;
    const child = spawn(first, rest, { stdio: ['ignore', output, output], cwd: this.folder });
    child.on('error', () => undefined);
    closeSync(output);
    this.#children.push(child);
  }

  /** Waits for a condition of all servers. @throws with the output of one that ended, or of the first when it is late. */
  async ready(isReady: () => Promise<boolean>, msMax: number): Promise<void> {
    const end = performance.now() + msMax;
    while (!(await isReady().catch(() => false))) {
      const ended = this.#children.findIndex(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      if (ended >= 0) throw new Error(`server ${ended + 1} ended:\n${this.#output(ended)}`);
      if (performance.now() > end) throw new Error(`not ready after ${msMax / 1000} s:\n${this.#output(0)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Ends the servers and removes the folder. */
  async stop(): Promise<void> {
    const ends = this.#children
      .filter(({ exitCode, signalCode, pid }) => exitCode === null && signalCode === null && pid !== undefined)
      .map(ended);
    await Promise.all(ends);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    ServerGroup.#live.delete(this);
  }

  #outputFile(index: number): string {
    return join(this.folder, `server-${index + 1}.log`);
  }

  #output(index: number): string {
    return readFileSync(this.#outputFile(index), 'utf8').trim().split('\n').slice(-OUTPUT_LINES).join('\n');
  }
}

/** What is in the folder goes with it, so nothing need be ended in order. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
