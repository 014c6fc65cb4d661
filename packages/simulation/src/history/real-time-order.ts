import { describeOperation, describePosition } from './describe.ts';
import type { HistoryFault, Operation, Position, SubmitOperation, WitnessTransaction } from './history.ts';
import { comparePositions } from './position.ts';

/** An operation in the chain's order, with the two moments between which it must have taken effect. */
interface Standing {
  /** Its first invocation: a transaction that a client sends again may have stood since its first try. */
  readonly invoked: Operation;
  /** Its first definite answer; absent while open. */
  completed: Operation | undefined;
  /** A read at height h stands after every transaction of heights up to h: its leaf is infinite. */
  readonly position: Position;
}

/**
 * Whether the chain's order respects real time: what completed before an operation was invoked stands before it. A
 * sweep over the invocations keeps only the highest position that has completed, because whoever stands before any
 * completed operation stands before that one: O(n log n). Equal times count as overlapping.
 * @param places - Where each transaction stands, by its id; transactions without a place are left out.
 */
export function orderFaults(
  operations: readonly Operation[],
  places: ReadonlyMap<string, WitnessTransaction>,
): HistoryFault[] {
  const standings = standingsOf(operations, places);
  const invocations = standings.toSorted((a, b) => a.invoked.invokedAt - b.invoked.invokedAt);
  const completions = standings
    .filter(({ completed }) => completed !== undefined)
    .sort((a, b) => completedAt(a) - completedAt(b));
  const faults: HistoryFault[] = [];
  let highest: Standing | undefined;
  let next = 0;
  for (const standing of invocations) {
    for (; next < completions.length; next++) {
      const completion = completions[next] as Standing;
      if (completedAt(completion) >= standing.invoked.invokedAt) break;
      if (highest === undefined || comparePositions(completion.position, highest.position) > 0) highest = completion;
    }
    if (highest !== undefined && comparePositions(highest.position, standing.position) > 0) {
      faults.push(orderFault(highest, standing));
    }
  }
  return faults;
}

function completedAt({ completed }: Standing): number {
  return completed?.completedAt ?? Number.POSITIVE_INFINITY;
}

/** Every read that names its height, and every executed transaction of which a client knows. */
function standingsOf(operations: readonly Operation[], places: ReadonlyMap<string, WitnessTransaction>): Standing[] {
  const standings: Standing[] = [];
  const submits = new Map<string, Standing>();
  for (const operation of operations.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
    if (operation.kind === 'read') {
      if (operation.height === undefined) continue;
      const position = { height: operation.height, leafIndex: Number.POSITIVE_INFINITY };
      standings.push({ invoked: operation, completed: operation, position });
      continue;
    }
    const place = places.get(operation.transaction);
    if (place === undefined) continue;
    let standing = submits.get(operation.transaction);
    if (standing === undefined) {
      standing = { invoked: operation, completed: undefined, position: place.position };
      submits.set(operation.transaction, standing);
      standings.push(standing);
    }
    if (isEarlierAnswer(operation, standing)) standing.completed = operation;
  }
  return standings;
}

function isEarlierAnswer(operation: SubmitOperation, standing: Standing): boolean {
  if (operation.result.kind !== 'acknowledged' || operation.completedAt === undefined) return false;
  return operation.completedAt < completedAt(standing);
}

function orderFault(earlier: Standing, later: Standing): HistoryFault {
  const before = `${describeOperation(earlier.completed ?? earlier.invoked)} at ${describeStanding(earlier)}`;
  const name = describeOperation(later.invoked);
  if (later.invoked.kind === 'read') {
    const text = `${name} was answered at ${describeStanding(later)}, though before it ${before} had completed`;
    return { kind: 'stale-read', text };
  }
  const text = `${name} stands at ${describeStanding(later)}, though ${before} had completed before it was invoked`;
  return { kind: 'real-time-order', text };
}

function describeStanding({ position }: Standing): string {
  return position.leafIndex === Number.POSITIVE_INFINITY ? `height ${position.height}` : describePosition(position);
}
