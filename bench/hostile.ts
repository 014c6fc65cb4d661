import type { ChainId } from '@varve/encoding';
import { FinalWatch } from '../apps/node/src/load/final-watch.ts';
import { HttpLoad } from '../apps/node/src/load/http-load.ts';
import { machineName } from '../apps/node/src/load/machine.ts';
import { median } from '../apps/node/src/load/statistics.ts';
import { closedLoop, offeredLoop } from '../apps/node/src/load/throughput.ts';
import { signedAhead, TransactionMaker } from '../apps/node/src/load/transactions.ts';
import { eventually, TestDevnet } from '../test/support/devnet.ts';
import { HostileProcess } from '../test/support/hostile.ts';
import { type HostileBenchReport, type HostilePhase, type PhaseName, printHostile } from './hostile-report.ts';
import type { BenchOptions } from './options.ts';
import { cpuMicros, residentMiB } from './processes.ts';

const WARM_UP_SECONDS = 8;
const SATURATED_SECONDS = 6;
const SATURATED = { wait: 'final', batch: 100, concurrency: 16 } as const;
const BATCH = 10;
/** Let what the change of a validator set off pass before the clock starts. */
const SETTLE_MS = 2_000;
const PHASES: readonly PhaseName[] = ['honest', 'stopped', 'hostile'];

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * At half of the saturated load: all honest, one stopped, one replaced by a process that equivocates and sends garbage.
 * Each round has a network of its own: whose seat a liar took must not vote again with what its store holds.
 */
export async function measureHostile(options: BenchOptions): Promise<void> {
  const rounds: HostilePhase[][] = [];
  const half: number[] = [];
  for (let round = 1; round <= options.runs; round++) {
    const bench = await HostileBench.start(options);
    try {
      half.push(await bench.findHalf());
      const phases: HostilePhase[] = [];
      for (const name of PHASES) {
        say(`round ${round} of ${options.runs}: ${name}, ${half.at(-1)?.toFixed(0)} transactions a second`);
        phases.push(await bench.measure(name, half.at(-1) ?? 0));
      }
      rounds.push(phases);
    } finally {
      await bench.stop();
    }
  }
  const report: HostileBenchReport = {
    machine: machineName(),
    date: new Date().toISOString().slice(0, 10),
    protocol: options.protocol,
    validators: options.validators,
    transactionBytes: options.transactionBytes,
    secondsPerPhase: options.seconds,
    offeredPerSecond: median(half),
    rounds,
  };
  if (options.json) console.log(JSON.stringify(report, undefined, 2));
  else printHostile(report);
}

class HostileBench {
  readonly #options: BenchOptions;
  readonly #devnet: TestDevnet;
  readonly #maker: TransactionMaker;
  readonly #http = new HttpLoad();
  #hostile: HostileProcess | undefined;

  private constructor(options: BenchOptions, devnet: TestDevnet) {
    this.#options = options;
    this.#devnet = devnet;
    const signers = devnet.members.map((_, i) => devnet.signer(i));
    this.#maker = new TransactionMaker(devnet.file.chainId as ChainId, signers, options.transactionBytes);
  }

  static async start(options: BenchOptions): Promise<HostileBench> {
    say(`starting ${options.validators} validators`);
    return new HostileBench(options, await TestDevnet.start(options.validators, options.protocol));
  }

  async stop(): Promise<void> {
    await this.#hostile?.stop();
    this.#http.close();
    await this.#devnet.stop();
  }

  /** Half of what a closed loop reaches, transactions a second. */
  async findHalf(): Promise<number> {
    const shape = { ...SATURATED, urls: this.#members('honest').map(({ httpUrl }) => httpUrl) };
    const next = (count: number): readonly Uint8Array[] => this.#maker.make(count);
    say('warming up');
    await closedLoop(this.#http, shape, next, WARM_UP_SECONDS);
    say('saturated load');
    const { transactionsPerSecond } = await closedLoop(this.#http, shape, next, SATURATED_SECONDS);
    return transactionsPerSecond / 2;
  }

  async measure(phase: PhaseName, perSecond: number): Promise<HostilePhase> {
    const { seconds, validators } = this.#options;
    if (phase === 'stopped') await this.#devnet.kill(validators);
    if (phase === 'hostile') this.#hostile = await HostileProcess.replace(this.#devnet, validators);
    const members = this.#members(phase);
    const urls = members.map(({ httpUrl }) => httpUrl);
    const next = await signedAhead(this.#maker, Math.ceil(perSecond * seconds) + BATCH);
    await pause(SETTLE_MS);
    const cpu = (): number => members.reduce((sum, { pid }) => sum + cpuMicros(pid), 0);
    const [cpuBefore, before, started] = [cpu(), this.#hostile?.report, performance.now()];
    const watch = new FinalWatch(urls[0] ?? '');
    const shape = { urls, wait: 'final', batch: BATCH, concurrency: 0 } as const;
    const load = await offeredLoop(this.#http, shape, next, perSecond, seconds);
    const gapMs = await watch.stop();
    const elapsed = performance.now() - started;
    for (const failure of load.failures.slice(0, 1)) say(`a request failed: ${String(failure)}`);
    const after = this.#hostile?.report;
    return {
      name: phase,
      offered: load.offered,
      final: load.transactions,
      finalMs: load.latencyMs,
      gapMs,
      seconds: elapsed / 1000,
      honestCores: (cpu() - cpuBefore) / 1000 / elapsed / members.length,
      honestMiB: Math.max(...members.map(({ pid }) => residentMiB(pid))),
      ...(before && after && { hostile: await this.#hostileReport(before, after, elapsed, urls) }),
    };
  }

  async #hostileReport(
    before: HostileProcess['report'],
    after: HostileProcess['report'],
    elapsedMs: number,
    urls: readonly string[],
  ): Promise<NonNullable<HostilePhase['hostile']>> {
    const name = this.#devnet.members[this.#options.validators - 1]?.name ?? '';
    let evidence = 0;
    await eventually('evidence', async () => {
      const answer = await fetch(`${urls[0]}/v1/evidence`);
      const { evidence: found } = (await answer.json()) as { evidence: readonly { readonly validator: string }[] };
      evidence = found.filter(({ validator }) => validator === name).length;
      return evidence > 0;
    }).catch(() => undefined);
    return {
      evidence,
      lies: after.lies - before.lies,
      links: after.links - before.links,
      garbageBytes: after.garbageBytes - before.garbageBytes,
      cores: (after.cpuMicros - before.cpuMicros) / 1000 / elapsedMs,
    };
  }

  /** Who is honest in a phase: all, or all but the last. */
  #members(phase: PhaseName): TestDevnet['members'] {
    const { members } = this.#devnet;
    return phase === 'honest' ? members : members.slice(0, -1);
  }
}
