import { describeFault, type Fault } from '../faults/fault.ts';
import { sequenceDiagramHtml } from '../report/sequence-diagram.ts';
import { timelineText } from '../report/timeline.ts';
import { type SimulationOptions, type SimulationResult, simulate } from '../simulation.ts';
import { validatorName } from '../world/genesis.ts';
import { seedOptions } from './run-seed.ts';
import type { SeedRunOptions } from './seed-run.ts';
import { shrinkPlan } from './shrink.ts';

/** Runs that making a failing plan shorter may take. */
const SHRINK_RUNS_MAX = 120;
/** Lines of a timeline: the end is what matters. */
const TIMELINE_LINES = 4000;

/** One seed, told at length. */
export interface Investigation {
  /** With as few faults as still fail in the same way; of a seed that passes, the whole plan. */
  readonly plan: readonly Fault[];
  readonly result: SimulationResult;
  readonly text: string;
  readonly html: string;
}

/** Runs a seed again with everything recorded; of one that fails, what it needs for failing. */
export function investigate(seed: number, options: SeedRunOptions): Investigation {
  const base = seedOptions(seed, options);
  const first = simulate(base);
  const [violation] = first.violations;
  const plan = violation ? shrinkFor(base, first.plan, violation.check) : first.plan;
  const result = simulate({ ...base, plan, isRecording: true });
  const title = `${options.protocol}, ${options.validators} validators, seed ${seed}`;
  const faults = plan.map((fault) => `${String(fault.at).padStart(8)} ms  ${describeFault(fault)}`);
  const violations = result.violations.map(({ check, text, at }) => `${at} ms: ${check}: ${text}`);
  const nodes = Array.from({ length: options.validators }, (_, i) => validatorName(i));
  const head = [title, '', 'faults:', ...faults, '', ...violations, ''].join('\n');
  return {
    plan,
    result,
    text: `${head}\n${timelineText(result.events, { last: TIMELINE_LINES })}`,
    html: sequenceDiagramHtml({
      title,
      subtitle: faults.map((line) => line.trim()).join('; '),
      nodes,
      events: result.events,
      violations,
    }),
  };
}

function shrinkFor(base: SimulationOptions, plan: readonly Fault[], check: string): readonly Fault[] {
  const fails = (shorter: readonly Fault[]): boolean =>
    simulate({ ...base, plan: shorter }).violations[0]?.check === check;
  return shrinkPlan(plan, fails, SHRINK_RUNS_MAX);
}
