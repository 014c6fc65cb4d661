import type {
  HistoryFault,
  Operation,
  Position,
  ReadOperation,
  SubmitOperation,
  WitnessTransaction,
} from '../../src/history/history.ts';

/** `[invokedAt, completedAt]`; an absent end stays open. */
type Times = readonly [number, number?];

export function at(height: number, leafIndex = 0): Position {
  return { height, leafIndex };
}

function submit(client: string, transaction: string, [invokedAt, completedAt]: Times): Omit<SubmitOperation, 'result'> {
  return { kind: 'submit', client, transaction, invokedAt, ...(completedAt === undefined ? {} : { completedAt }) };
}

export function acknowledged(
  client: string,
  transaction: string,
  times: Times,
  position: Position,
  outcome = 'OK',
): SubmitOperation {
  return { ...submit(client, transaction, times), result: { kind: 'acknowledged', position, outcome } };
}

export function refused(client: string, transaction: string, times: Times): SubmitOperation {
  return { ...submit(client, transaction, times), result: { kind: 'refused', code: 'EXPIRED' } };
}

export function unknown(client: string, transaction: string, times: Times): SubmitOperation {
  return { ...submit(client, transaction, times), result: { kind: 'unknown' } };
}

/** A read of `k`. */
export function read(
  client: string,
  [invokedAt, completedAt]: readonly [number, number],
  value: string | null,
  height?: number,
): ReadOperation {
  return { kind: 'read', client, key: 'k', invokedAt, completedAt, value, ...(height === undefined ? {} : { height }) };
}

/** A transaction that sets `k`; with `null`, one that deletes it. */
export function entry(
  transaction: string,
  position: Position,
  value: string | null = transaction,
  outcome = 'OK',
): WitnessTransaction {
  return { transaction, position, outcome, writes: outcome === 'OK' ? [{ key: 'k', value }] : [] };
}

export function kinds(faults: readonly HistoryFault[]): string[] {
  return faults.map(({ kind }) => kind);
}

/** Clients' view of a chain that all of them may have written to. */
export interface History {
  readonly operations: readonly Operation[];
  readonly chain: readonly WitnessTransaction[];
}
