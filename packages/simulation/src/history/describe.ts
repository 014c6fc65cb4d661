import { seconds } from '../report/seconds.ts';
import type { Operation, Position } from './history.ts';

/** One operation as faults name it: what, by whom, from when until when. */
export function describeOperation(operation: Operation): string {
  const what = operation.kind === 'submit' ? `submit ${operation.transaction}` : `read of ${operation.key}`;
  const until = operation.completedAt === undefined ? 'unanswered' : `${seconds(operation.completedAt)} s`;
  return `${what} by ${operation.client} (${seconds(operation.invokedAt)} s – ${until})`;
}

/** `height 7, leaf 2`. */
export function describePosition({ height, leafIndex }: Position): string {
  return `height ${height}, leaf ${leafIndex}`;
}

/** A value as it was read or written; `null` is a key that does not exist. */
export function describeValue(value: string | null): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}
