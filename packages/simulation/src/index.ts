export { SEATS_MAX, SEATS_MIN } from './clients/governor.ts';
export { FAULT_KINDS, type Fault, type FaultKind } from './faults/fault.ts';
export type { Investigation } from './runner/investigate.ts';
export { investigateApart } from './runner/investigate-apart.ts';
export { runSeed } from './runner/run-seed.ts';
export { type RunSeedsOptions, runSeeds, seedQuestions } from './runner/run-seeds.ts';
export type { SeedQuestion, SeedResult, SeedRunOptions } from './runner/seed-run.ts';
export { type Summary, Tally } from './runner/summary.ts';
export { COUNTED, LIVENESS_MS_MAX, type SimulationOptions, type SimulationResult, simulate } from './simulation.ts';
