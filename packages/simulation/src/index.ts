export { FAULT_KINDS, type Fault, type FaultKind } from './faults/fault.ts';
export { COUNTED, LIVENESS_MS_MAX, type SimulationOptions, type SimulationResult, simulate } from './simulation.ts';
