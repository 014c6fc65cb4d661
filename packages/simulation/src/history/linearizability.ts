import { describeOperation, describeValue } from './describe.ts';
import type { HistoryFault, Operation, SubmitOperation, WitnessTransaction } from './history.ts';
import { type RegisterAction, registerModel } from './register.ts';
import { type Interval, type SearchVerdict, searchLinearization } from './search.ts';

/**
 * Steps of one key's search before it gives up: seconds. Ten clients that never rest need some 50 an operation to find
 * an order, and 700 to prove that there is none.
 */
export const SEARCH_STEPS_MAX = 5_000_000;

/** How many of the operations at which the search stuck a fault names. */
const NAMED_MAX = 4;

export interface RegisterOptions {
  /** What a transaction writes when its outcome is `OK`; a client knows it of its own, executed or not. */
  writesOf(transaction: string): WitnessTransaction['writes'];
  /** A key's value before the history. By default no key exists. */
  initial?(key: string): string | null;
  /** Steps for each key; by default `SEARCH_STEPS_MAX`. */
  readonly stepsMax?: number;
}

/** An operation as it touches one key. */
interface Access extends Interval<RegisterAction> {
  readonly operation: Operation;
}

/**
 * Whether each key, taken alone, behaved as a linearizable register towards its readers and writers. Needs no chain and
 * no heights. Writes that are unanswered or unknown may take effect at any later time, or never. A history of several
 * keys is linearizable exactly when each key's is, so keys are searched one by one; a transaction that writes several
 * keys counts as one write to each, and whether these happen together is for `witnessFaults` to say.
 * @param operations - In any order; reads with a height take part like those without.
 * @returns At most one fault a key: `not-linearizable`, or `unknown` when its search reached the limit of steps.
 * @see Horn & Kroening 2015, Faster Linearizability Checking via P-Compositionality; `searchLinearization`.
 */
export function registerFaults(operations: readonly Operation[], options: RegisterOptions): HistoryFault[] {
  const faults: HistoryFault[] = [];
  for (const [key, accesses] of accessesByKey(operations, options)) {
    const initial = options.initial?.(key) ?? null;
    const history = withoutUnseenWrites(accesses);
    const verdict = searchLinearization(registerModel(initial), history, options.stepsMax ?? SEARCH_STEPS_MAX);
    if (verdict.kind !== 'linearizable') faults.push({ kind: verdict.kind, text: describe(key, history, verdict) });
  }
  return faults;
}

function accessesByKey(operations: readonly Operation[], options: RegisterOptions): Map<string, Access[]> {
  const accesses = new Map<string, Access[]>();
  const add = (key: string, access: Access): void => {
    const known = accesses.get(key);
    if (known === undefined) accesses.set(key, [access]);
    else known.push(access);
  };
  for (const operation of operations) {
    if (operation.kind !== 'read') continue;
    const { key, value, invokedAt, completedAt } = operation;
    add(key, { action: { kind: 'read', value }, invokedAt, completedAt, operation });
  }
  for (const [transaction, tries] of triesByTransaction(operations)) {
    const interval = intervalOf(tries);
    if (interval === undefined) continue;
    const last = new Map(options.writesOf(transaction).map(({ key, value }) => [key, value]));
    for (const [key, value] of last) add(key, { action: { kind: 'write', value }, ...interval });
  }
  return accesses;
}

function triesByTransaction(operations: readonly Operation[]): Map<string, SubmitOperation[]> {
  const tries = new Map<string, SubmitOperation[]>();
  for (const operation of operations) {
    if (operation.kind !== 'submit') continue;
    const known = tries.get(operation.transaction);
    if (known === undefined) tries.set(operation.transaction, [operation]);
    else known.push(operation);
  }
  return tries;
}

/** From the first try until the first acknowledgement; `undefined` when the transaction wrote nothing. */
function intervalOf(tries: readonly SubmitOperation[]): Omit<Access, 'action'> | undefined {
  const [first] = tries.toSorted((a, b) => a.invokedAt - b.invokedAt);
  if (first === undefined) return undefined;
  const { invokedAt } = first;
  const [acknowledged] = tries
    .filter(({ result }) => result.kind === 'acknowledged')
    .sort((a, b) => (a.completedAt ?? Number.POSITIVE_INFINITY) - (b.completedAt ?? Number.POSITIVE_INFINITY));
  if (acknowledged?.result.kind === 'acknowledged') {
    if (acknowledged.result.outcome !== 'OK') return undefined;
    return { invokedAt, completedAt: acknowledged.completedAt, operation: acknowledged };
  }
  if (tries.some(({ result }) => result.kind === 'refused')) return undefined;
  return { invokedAt, completedAt: undefined, operation: first };
}

/** An open write whose value nobody read may as well not have happened, and would double the work of the search. */
function withoutUnseenWrites(accesses: readonly Access[]): Access[] {
  const seen = new Set(accesses.filter(({ action }) => action.kind === 'read').map(({ action }) => action.value));
  return accesses.filter(({ action, completedAt }) => completedAt !== undefined || seen.has(action.value));
}

function describe(key: string, history: readonly Access[], verdict: SearchVerdict): string {
  const name = `${key}: ${history.length} operations`;
  switch (verdict.kind) {
    case 'linearizable':
      return `${name} have an order`;
    case 'unknown':
      return `${name}, nothing proven within ${verdict.steps} steps of the search`;
    case 'not-linearizable': {
      const named = verdict.stuck.slice(0, NAMED_MAX).map((index) => describeAccess(history[index] as Access));
      const more = verdict.stuck.length > NAMED_MAX ? `, or ${verdict.stuck.length - NAMED_MAX} more` : '';
      const stuck = named.join(', or ') + more;
      return `${name} have no order; after ${verdict.taken} of them, none of these can come next: ${stuck}`;
    }
  }
}

function describeAccess({ operation, action }: Access): string {
  const what = action.kind === 'read' ? 'returned' : 'wrote';
  return `${describeOperation(operation)} ${what} ${describeValue(action.value)}`;
}
