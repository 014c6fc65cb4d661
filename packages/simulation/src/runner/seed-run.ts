import type { ProtocolName } from '@varve/consensus';
import type { FaultKind } from '../faults/fault.ts';
import type { SimulationResult } from '../simulation.ts';

/** What all seeds of a run have in common; crosses to worker threads. */
export interface SeedRunOptions {
  readonly protocol: ProtocolName;
  readonly validators: number;
  /** How long faults happen, virtual milliseconds. */
  readonly durationMs: number;
  readonly kinds: readonly FaultKind[];
  /** Configurations change: protocol, seats and keys. */
  readonly changes?: boolean;
}

/** The result of one seed without its plan and events: small enough to cross between threads. */
export type SeedResult = Omit<SimulationResult, 'plan' | 'events'> & Pick<SeedRunOptions, 'protocol' | 'validators'>;

/** What a worker is asked, and what it answers. */
export interface SeedQuestion {
  readonly seed: number;
  readonly options: SeedRunOptions;
}
