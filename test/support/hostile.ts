import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostileReport } from '../../apps/node/test/hostile/hostile-node.ts';
import { temporaryFolder } from './command.ts';
import { eventually, type TestDevnet } from './devnet.ts';

const CHILD = join(import.meta.dirname, '..', '..', 'apps', 'node', 'test', 'hostile', 'hostile-child.ts');
const FLAGS = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning', '--v8-pool-size=1'];
const running = new Set<HostileProcess>();

/** How a hostile process behaves; it has defaults for what is absent. */
export interface HostileBehaviour {
  readonly garbageBytesPerSecond?: number;
  readonly unreadableMs?: number;
}

/** A process in the seat of a validator that equivocates and sends garbage. */
export class HostileProcess {
  readonly #child: ChildProcess;
  readonly #folder = temporaryFolder();
  readonly #files: readonly [out: string, err: string];
  readonly #ended: Promise<void>;
  #isOver = false;

  private constructor(args: readonly string[]) {
    this.#files = [join(this.#folder.path, 'out'), join(this.#folder.path, 'err')];
    const streams = this.#files.map((file) => openSync(file, 'w')) as [number, number];
    this.#child = spawn(process.execPath, [...FLAGS, CHILD, ...args], { stdio: ['ignore', ...streams] });
    for (const stream of streams) closeSync(stream);
    running.add(this);
    this.#ended = new Promise((resolve) => {
      for (const event of ['error', 'exit'])
        this.#child.on(event, () => {
          this.#isOver = true;
          resolve();
        });
    });
  }

  /** Puts it in the place of a validator that does not run any more, by its number from 1, and waits until it is there. */
  static async replace(devnet: TestDevnet, which: number, behaviour: HostileBehaviour = {}): Promise<HostileProcess> {
    const { members } = devnet;
    const seat = members[which - 1];
    const other = members.find((member) => member !== seat);
    if (seat === undefined || other === undefined) throw new Error(`there is no validator ${which} beside others`);
    const { garbageBytesPerSecond, unreadableMs } = behaviour;
    const hostile = new HostileProcess([
      ...['--data', seat.dataDirectory, '--node', other.httpUrl],
      ...(garbageBytesPerSecond === undefined ? [] : ['--garbage', String(garbageBytesPerSecond)]),
      ...(unreadableMs === undefined ? [] : ['--unreadable', String(unreadableMs)]),
    ]);
    await eventually('the hostile process is connected', () => hostile.report.links > 0);
    return hostile;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it did so far, as it last said. @throws where it ended by itself. */
  get report(): HostileReport {
    if (this.#isOver) throw new Error(`the hostile process ended: ${readFileSync(this.#files[1], 'utf8')}`);
    return this.#lastReport();
  }

  #lastReport(): HostileReport {
    const lines = readFileSync(this.#files[0], 'utf8').split('\n');
    const last = lines.at(-2);
    if (last === undefined) return { garbageBytes: 0, lies: 0, links: 0, cpuMicros: 0 };
    return JSON.parse(last) as HostileReport;
  }

  /** Ends it and resolves with all that it did. */
  async stop(): Promise<HostileReport> {
    this.#child.kill('SIGTERM');
    await this.#ended;
    const report = this.#lastReport();
    running.delete(this);
    this.#folder.clean();
    return report;
  }
}

/** Ends whatever a test left running. */
export async function endHostile(): Promise<void> {
  await Promise.all([...running].map((one) => one.stop()));
}
