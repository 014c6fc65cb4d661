import { median } from '../apps/node/src/load/statistics.ts';

/** What becomes of the last validator. */
export type PhaseName = 'honest' | 'stopped' | 'hostile';

/** What one phase of one round showed. */
export interface HostilePhase {
  readonly name: PhaseName;
  /** Transactions handed in, and those of them that became final. */
  readonly offered: number;
  readonly final: number;
  readonly finalMs: { readonly p50: number; readonly p99: number };
  /** The longest time without a new final block, milliseconds. */
  readonly gapMs: number;
  readonly seconds: number;
  /** Of a processor, by each honest validator. */
  readonly honestCores: number;
  /** Resident memory of the largest honest validator. */
  readonly honestMiB: number;
  readonly hostile?: {
    /** Records of evidence against it that an honest validator serves; 0 where none was found. */
    readonly evidence: number;
    readonly lies: number;
    /** Links that it got again after it had been cut off. */
    readonly links: number;
    readonly garbageBytes: number;
    readonly cores: number;
  };
}

/** Everything `npm run bench -- --hostile` prints. */
export interface HostileBenchReport {
  readonly machine: string;
  readonly date: string;
  readonly protocol: string;
  readonly validators: number;
  readonly transactionBytes: number;
  readonly secondsPerPhase: number;
  /** Half of the saturated rate. */
  readonly offeredPerSecond: number;
  /** The phases of each round, in their order. */
  readonly rounds: readonly (readonly HostilePhase[])[];
}

const TITLES: Readonly<Record<PhaseName, string>> = {
  honest: 'all honest',
  stopped: 'one stopped',
  hostile: 'one hostile',
};

/** The report as a table for people: medians of the rounds, and of the gaps also the longest. */
export function printHostile(report: HostileBenchReport): void {
  const { protocol, validators, transactionBytes, offeredPerSecond, rounds, secondsPerPhase, machine } = report;
  console.log(
    `\n${protocol}, ${validators} validators, ${transactionBytes}-byte signed transactions, ${offeredPerSecond.toFixed(0)} offered a second`,
  );
  console.log(`${machine}; medians of ${rounds.length} rounds of ${secondsPerPhase} s; client on the same machine\n`);
  for (const name of Object.keys(TITLES) as PhaseName[]) {
    printPhase(
      TITLES[name],
      rounds.flatMap((phases) => phases.filter((phase) => phase.name === name)),
    );
  }
}

function printPhase(title: string, phases: readonly HostilePhase[]): void {
  const line = (what: string, value: string): void => console.log(`${what.padEnd(44)} ${value}`);
  const of = (value: (phase: HostilePhase) => number): number => median(phases.map(value));
  const gaps = phases.map(({ gapMs }) => gapMs);
  line(`${title}: offered / final`, `${of(({ offered }) => offered)} / ${of(({ final }) => final)}`);
  line('  share final, lowest', `${(100 * Math.min(...phases.map((one) => one.final / one.offered))).toFixed(2)} %`);
  line(
    '  to final, p50 / p99',
    `${of((one) => one.finalMs.p50).toFixed(0)} / ${of((one) => one.finalMs.p99).toFixed(0)} ms`,
  );
  line(
    '  longest without a final block, median / max',
    `${median(gaps).toFixed(0)} / ${Math.max(...gaps).toFixed(0)} ms`,
  );
  line('  processor, each honest validator', `${of(({ honestCores }) => honestCores).toFixed(2)} cores`);
  line('  resident memory, largest honest validator', `${of(({ honestMiB }) => honestMiB).toFixed(0)} MiB`);
  const hostile = phases.flatMap((phase) => phase.hostile ?? []);
  if (hostile.length === 0) return;
  const seconds = of((phase) => phase.seconds);
  line('  evidence found, lowest', String(Math.min(...hostile.map(({ evidence }) => evidence))));
  line('  lies', String(median(hostile.map(({ lies }) => lies))));
  const bytes = median(hostile.map(({ garbageBytes }) => garbageBytes));
  line('  garbage', `${(bytes / 1e6).toFixed(1)} MB, ${(bytes / 1e6 / seconds).toFixed(2)} MB/s`);
  line('  links after it was cut off', String(median(hostile.map(({ links }) => links))));
  line('  processor, hostile process', `${median(hostile.map(({ cores }) => cores)).toFixed(2)} cores`);
}
