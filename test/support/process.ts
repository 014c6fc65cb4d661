import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { freePorts as freePairs } from '../../apps/node/src/setup/ports.ts';
import { type Finished, temporaryFolder, VARVE } from './command.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'node', 'src', 'main.ts');
const FLAGS = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'];
const started = new Set<CliProcess>();

/** What `varve node start --json` prints when it serves. */
export interface Ready {
  readonly name: string;
  readonly chainId: string;
  readonly httpUrl: string;
  readonly addresses: readonly string[];
  readonly pid: number;
}

/** A command that goes on running, as one process without a launcher above it: a signal reaches it alone. */
export class CliProcess {
  /** How it ended. */
  readonly ended: Promise<Finished>;
  readonly #child: ChildProcess;
  readonly #files: readonly [out: string, err: string];
  #over = false;

  /**
   * @param shell - Run in this shell line in front of the command, such as `ulimit -f 64`.
   * @param launched - With the launcher above it, as users run it.
   */
  constructor(args: readonly string[], shell?: string, launched = false) {
    const folder = temporaryFolder();
    this.#files = [join(folder.path, 'out'), join(folder.path, 'err')];
    const streams = this.#files.map((file) => openSync(file, 'w')) as [number, number];
    const words = launched ? [VARVE, ...args] : [...FLAGS, MAIN, ...args];
    const [program, all] =
      shell === undefined
        ? [process.execPath, words]
        : ['bash', ['-c', `${shell}; exec "$@"`, 'bash', process.execPath, ...words]];
    this.#child = spawn(program, all, { stdio: ['ignore', ...streams], env: { ...process.env, NO_COLOR: '1' } });
    for (const stream of streams) closeSync(stream);
    started.add(this);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (code) => {
        const finished = { code, stdout: this.stdout, stderr: this.stderr };
        this.#over = true;
        started.delete(this);
        folder.clean();
        resolve(finished);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return readFileSync(this.#files[0], 'utf8');
  }

  get stderr(): string {
    return readFileSync(this.#files[1], 'utf8');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end and waits for it. */
  async stop(): Promise<Finished> {
    if (!this.#over) this.#child.kill('SIGTERM');
    return this.ended;
  }

  /** The first line of its standard output, once it is whole. */
  async firstLine(msMax = 60_000): Promise<string> {
    const end = performance.now() + msMax;
    for (;;) {
      if (this.#over) {
        const { code, stdout, stderr } = await this.ended;
        throw new Error(`it ended with ${code}: ${stdout}${stderr}`);
      }
      const text = this.stdout;
      if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
      if (performance.now() > end) throw new Error(`no line within ${msMax} ms: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What it printed as its first line, which is JSON. */
  async ready(): Promise<Ready> {
    return JSON.parse(await this.firstLine()) as Ready;
  }
}

/** Ends whatever a test left running. */
export async function endAll(): Promise<void> {
  const left = [...started];
  for (const one of left) one.signal('SIGKILL');
  await Promise.all(left.map((one) => one.ended));
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

/** Ports that nobody uses now, as a network of this machine gets them. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const pairs = await freePairs(Math.ceil(count / 2));
  return pairs.flatMap(({ http, network }) => [http, network]).slice(0, count);
}

/** A server that only takes a port of this machine, and closes every connection. */
export function listen(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}
