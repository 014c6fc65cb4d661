import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { cpuMicros, TICKS_PER_SECOND } from './processes.ts';

/** How busy the machine was while something was measured: what others did makes a measurement worth less. */
export interface MachineLoad {
  /** Processes that ran or wanted to, mean of the minute before. */
  readonly loadAverage: number;
  /** Of all processors together. */
  readonly busyCores: number;
  /** Of that, by processes that are no part of the measurement. */
  readonly otherCores: number;
}

/** Watches the machine from now on until it is stopped. Linux. */
export class MachineWatch {
  readonly #pids: readonly number[];
  readonly #loadAverage = loadavg()[0] ?? 0;
  readonly #start = performance.now();
  readonly #busy: number = busyMicros();
  readonly #own: number;

  /** @param pids - The measured processes, beside this one; they run until the end. */
  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#own = ownMicros(pids);
  }

  stop(): MachineLoad {
    const micros = (performance.now() - this.#start) * 1000;
    const busyCores = (busyMicros() - this.#busy) / micros;
    // Clocks tick in hundredths: the difference of the two may be a little below nothing.
    const otherCores = Math.max(0, busyCores - (ownMicros(this.#pids) - this.#own) / micros);
    return { loadAverage: this.#loadAverage, busyCores, otherCores };
  }
}

/** One line for people. */
export function loadText({ loadAverage, otherCores }: MachineLoad): string {
  return `load average before ${loadAverage.toFixed(1)}, others meanwhile ${otherCores.toFixed(2)} cores`;
}

function ownMicros(pids: readonly number[]): number {
  return [process.pid, ...pids].reduce((sum, pid) => sum + cpuMicros(pid), 0);
}

/** Time of all processors in which something ran, since the machine started. */
function busyMicros(): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0] =
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  return ((user + nice + system + interrupts + soft) * 1e6) / TICKS_PER_SECOND;
}
