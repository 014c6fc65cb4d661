import { type FaultModel, faultModelOf, faultsTolerated, type ProtocolName } from '@varve/consensus';
import { machineName } from '../../load/machine.ts';
import type { LoadResult } from '../../load/throughput.ts';
import { CliError, failureOf } from '../failure.ts';
import { type DownLoad, type LeaderKill, Measurement, type PacedLoad } from './measure.ts';
import type { ComparePlan } from './plan.ts';

/** Steps that are told of one protocol: those of its first network, and of its second one without and with a kill. */
const STEPS_SATURATED = 3;
const STEPS_PACED = 3;
const STEPS_KILLED = 2;

/** What one protocol showed. */
export interface ProtocolReport {
  readonly protocol: ProtocolName;
  readonly faultModel: FaultModel;
  /** Validators that may be down. */
  readonly faultsTolerated: number;
  /** As fast as it goes. */
  readonly saturated: LoadResult;
  /** At the rate that all protocols get. */
  readonly paced: PacedLoad;
  /** `null` where no validator may be down. */
  readonly leaderKill: LeaderKill | null;
  readonly down: DownLoad | null;
}

/** All that `devnet compare` found out. */
export interface Comparison {
  readonly machine: string;
  readonly validators: number;
  readonly transactionBytes: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** The rate of every open loop, transactions: half of what the slowest protocol reached. */
  readonly offeredPerSecond: number;
  readonly protocols: readonly ProtocolReport[];
}

/** Told before each step: which of how many, counted from 0, and what it is. */
export type OnStep = (done: number, total: number, text: string) => void;

/**
 * Measures one protocol after the other, each on networks of its own: first all of them saturated, from which follows
 * the one rate that they are compared at, then the rest.
 * @throws {CliError} whatever went wrong, with the protocol's name; the reason of `signal` when it is aborted.
 */
export async function compareProtocols(plan: ComparePlan, signal: AbortSignal, onStep: OnStep): Promise<Comparison> {
  const { protocols, validators, transactionBytes, seconds } = plan;
  const tolerated = (protocol: ProtocolName): number => faultsTolerated(validators, faultModelOf(protocol));
  const total = protocols.reduce(
    (sum, protocol) => sum + STEPS_SATURATED + STEPS_PACED + (tolerated(protocol) > 0 ? STEPS_KILLED : 0),
    0,
  );
  let done = 0;
  const run: Run = {
    plan,
    signal,
    step: (protocol, text) => onStep(done++, total, `${protocol}: ${text}`),
  };
  const saturated = new Map<ProtocolName, LoadResult>();
  for (const protocol of protocols) saturated.set(protocol, await named(run, protocol, () => saturate(run, protocol)));
  const offeredPerSecond = Math.min(...[...saturated.values()].map((result) => result.transactionsPerSecond)) / 2;
  const reports: ProtocolReport[] = [];
  for (const [protocol, result] of saturated) {
    const faults = tolerated(protocol);
    const rest = await named(run, protocol, () => measureRest(run, protocol, offeredPerSecond, faults));
    const faultModel = faultModelOf(protocol);
    reports.push({ protocol, faultModel, faultsTolerated: faults, saturated: result, ...rest });
  }
  return { machine: machineName(), validators, transactionBytes, seconds, offeredPerSecond, protocols: reports };
}

interface Run {
  readonly plan: ComparePlan;
  readonly signal: AbortSignal;
  readonly step: (protocol: ProtocolName, text: string) => void;
}

/** The first network of a protocol. */
function saturate({ plan, signal, step }: Run, protocol: ProtocolName): Promise<LoadResult> {
  step(protocol, `starting ${plan.validators} validators`);
  return on(Measurement.start(protocol, plan, signal), async (measurement) => {
    step(protocol, 'warming up');
    const warm = await measurement.saturate(0);
    step(protocol, 'saturated load');
    return measurement.saturate(warm.transactionsPerSecond);
  });
}

/** The second one: a fresh one, so that all protocols come to the same load with the same state. */
function measureRest(
  { plan, signal, step }: Run,
  protocol: ProtocolName,
  perSecond: number,
  faults: number,
): Promise<Pick<ProtocolReport, 'paced' | 'leaderKill' | 'down'>> {
  const rate = `${perSecond.toFixed(0)} transactions a second`;
  step(protocol, `starting ${plan.validators} validators`);
  return on(Measurement.start(protocol, plan, signal), async (measurement) => {
    step(protocol, 'warming up');
    await measurement.pace(perSecond);
    step(protocol, rate);
    const paced = await measurement.pace(perSecond);
    if (faults === 0) return { paced, leaderKill: null, down: null };
    step(protocol, `${rate}, killing the leader`);
    const leaderKill = await measurement.killLeader(perSecond);
    step(protocol, `${rate}, ${faults} of ${plan.validators} validators down`);
    return { paced, leaderKill, down: await measurement.killMore(perSecond, faults) };
  });
}

async function on<T>(starting: Promise<Measurement>, measure: (measurement: Measurement) => Promise<T>): Promise<T> {
  const measurement = await starting;
  try {
    return await measure(measurement);
  } finally {
    await measurement.close();
  }
}

/** Says of which protocol an error is; one that an abort brought about is that abort. */
async function named<T>({ signal }: Run, protocol: ProtocolName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, hint, exitCode } = failureOf(error);
    throw new CliError(code, `${protocol}: ${message}`, { hint, exitCode, cause: error });
  }
}
