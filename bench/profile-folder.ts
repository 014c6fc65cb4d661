import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseProfile, type ShareRow, selfTimes, shareRows, summed } from './profile.ts';

/** A validator that saw much load writes tens of megabytes when it stops. */
const WRITE_MS_MAX = 60_000;
const LOOK_MS = 100;
const FUNCTIONS_SHOWN = 25;
const PACKAGES_SHOWN = 15;

/** What the profiles of one run show: self time of the busiest thread of all, and of all threads together. */
export interface ProfileReport {
  readonly folder: string;
  readonly busiest: { readonly file: string; readonly busySeconds: number };
  readonly all: { readonly files: number; readonly busySeconds: number };
  readonly packages: readonly ShareRow[];
  readonly functions: readonly ShareRow[];
}

/** The profiles that processes write into a folder when they stop. */
export class ProfileFolder {
  readonly path: string;
  readonly #earlier: ReadonlySet<string>;

  /** Makes the folder; files that are there already are left alone. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    this.#earlier = new Set(readdirSync(path));
  }

  /** Asks processes to stop and waits until they have: a devnet would kill those that write for long. */
  async stop(pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    const end = performance.now() + WRITE_MS_MAX;
    while (performance.now() < end && pids.some((pid) => existsSync(`/proc/${pid}`)))
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** @throws {TypeError} where nothing new is in the folder. */
  report(): ProfileReport {
    const files = readdirSync(this.path).filter((name) => name.endsWith('.cpuprofile') && !this.#earlier.has(name));
    const profiles = files.map((file) => ({
      file,
      times: selfTimes(parseProfile(readFileSync(join(this.path, file), 'utf8'))),
    }));
    const [busiest] = profiles.sort((a, b) => b.times.busyMicros - a.times.busyMicros);
    if (busiest === undefined) throw new TypeError(`no profile was written to ${this.path}`);
    const all = summed(profiles.map(({ times }) => times));
    return {
      folder: this.path,
      busiest: { file: busiest.file, busySeconds: busiest.times.busyMicros / 1e6 },
      all: { files: files.length, busySeconds: all.busyMicros / 1e6 },
      packages: shareRows(busiest.times, all, 'packages', PACKAGES_SHOWN),
      functions: shareRows(busiest.times, all, 'functions', FUNCTIONS_SHOWN),
    };
  }
}

/** The report as tables for people. */
export function printProfile({ folder, busiest, all, packages, functions }: ProfileReport): void {
  console.log(`\nself time, share of busy time; files for a browser's developer tools: ${folder}`);
  console.log(
    `busiest: ${busiest.file}, ${busiest.busySeconds.toFixed(1)} s; all: ${all.files} files, ${all.busySeconds.toFixed(1)} s`,
  );
  printRows('package', packages);
  printRows('function', functions);
}

function printRows(title: string, rows: readonly ShareRow[]): void {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8);
  console.log(`\n busiest      all  ${title}`);
  for (const { name, busiest, all } of rows) console.log(`${percent(busiest)} ${percent(all)}  ${name}`);
}
