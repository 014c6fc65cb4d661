import type { Configuration, Parameters } from '@varve/consensus';
import {
  type ChainView,
  configurationHashOf,
  OPERATIONS_HARD_MAX,
  OperationFailed,
  TRANSACTION_BYTES_HARD_MAX,
} from '@varve/ledger';

/** How far a time floor may lie ahead: block time never goes back. */
export const TIME_FLOOR_AHEAD_MS_MAX = 86_400_000;

/**
 * Where a limit may be moved to. The lower ends leave room for another change of configuration; the upper ones keep
 * messages, and the replay window that is held in memory, within what a node can carry.
 */
const LIMITS = {
  transactionBytesMax: [32_768, TRANSACTION_BYTES_HARD_MAX],
  payloadBytesMax: [65_536, 4 * 1024 * 1024],
  operationsMax: [1, OPERATIONS_HARD_MAX],
  keyBytesMax: [128, 4_096],
  valueBytesMax: [16_384, 262_144],
  validityMs: [1_000, 86_400_000],
} as const satisfies Partial<Record<keyof Parameters, readonly [min: number, max: number]>>;

/** Whether `next` names the configuration of the block being made as the one before. */
export function isSuccessor(next: Configuration, { configuration }: ChainView): boolean {
  return next.number === configuration.number + 1 && next.parentHash === configurationHashOf(configuration);
}

/**
 * Checks what a proposed configuration says of itself, but for its seats.
 * @param time - Block time.
 * @throws {OperationFailed} `CONFIGURATION_STALE`, `PARAMETERS_UNFIT`.
 */
export function checkProposed(next: Configuration, chain: ChainView, time: number): void {
  if (!isSuccessor(next, chain)) throw new OperationFailed('CONFIGURATION_STALE');
  checkParameters(next.parameters, chain.configuration.parameters, time);
}

function checkParameters(next: Parameters, current: Parameters, time: number): void {
  if (next.rules < current.rules) throw unfit(`rules ${next.rules} are lower than ${current.rules}`);
  for (const name of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    const [min, max] = LIMITS[name];
    // What the genesis document set may stay.
    if (next[name] !== current[name] && (next[name] < min || next[name] > max))
      throw unfit(`${name} is not from ${min} to ${max}`);
  }
  const { timeFloor } = next;
  if (timeFloor !== null && timeFloor !== current.timeFloor && timeFloor > time + TIME_FLOOR_AHEAD_MS_MAX)
    throw unfit('timeFloor is more than a day ahead');
  if (JSON.stringify(next.policies) !== JSON.stringify(current.policies)) throw unfit('policies cannot be changed');
}

function unfit(message: string): OperationFailed {
  return new OperationFailed('PARAMETERS_UNFIT', message);
}
