import { type SimulationOptions, simulate } from '../simulation.ts';
import { simulatedProtocol } from './protocols.ts';
import type { SeedResult, SeedRunOptions } from './seed-run.ts';

/** The options of one seed. */
export function seedOptions(seed: number, options: SeedRunOptions): SimulationOptions {
  const protocol = simulatedProtocol(options.protocol);
  const { validators, durationMs, kinds, changes = false } = options;
  return { protocol, validators, seed, durationMs, kinds, changes };
}

/** Runs one seed. An exception is a violation too: no input may make the code throw. */
export function runSeed(seed: number, options: SeedRunOptions): SeedResult {
  const { protocol, validators } = options;
  try {
    const { plan: _plan, events: _events, ...result } = simulate(seedOptions(seed, options));
    return { ...result, protocol, validators };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      seed,
      protocol,
      validators,
      traceHash: '',
      violations: [{ check: 'no exception', text, at: 0 }],
      virtualMs: 0,
      transactions: 0,
      height: 0,
      faults: {},
      isCounted: false,
      steps: 0,
      packets: 0,
    };
  }
}
