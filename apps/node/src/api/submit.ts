import type { BatchAnswer, Problem, TransactionResult } from '@varve/client';
import { type TransactionId, toHex } from '@varve/encoding';
import { encodeReceipt } from '@varve/ledger';
import { receiptAt } from '@varve/ledger/chain';
import type { Admission, TransactionState } from '@varve/validator';
import type { ApiContext } from './context.ts';
import { outcomeJson } from './json.ts';
import { ApiError, PROBLEMS, problem } from './problems.ts';
import type { Settled, Wanted } from './waiters.ts';

/** How far a submission is waited for, and how long. */
export interface Patience {
  readonly wait: 'none' | 'committed' | 'final';
  readonly timeoutMs: number;
}

type Admitted = Extract<Admission, { admitted: true }>;

type Submitted =
  | { readonly refused: false; readonly httpStatus: number; readonly result: TransactionResult }
  | { readonly refused: true; readonly httpStatus: number; readonly problem: Problem };

/**
 * Submits one transaction and waits as asked.
 * @returns The result or problem, and its HTTP status.
 * @throws {ApiError} `WAITERS_FULL`.
 */
export async function submitOne(context: ApiContext, bytes: Uint8Array, patience: Patience): Promise<Submitted> {
  requireRoom(context, 1, patience);
  const admissions = await context.service.submit([bytes]);
  const [settled] = (await settle(context, admissions, patience)) as [Submitted];
  if (settled.refused || patience.wait !== 'final' || settled.result.status !== 'final') return settled;
  const { height, index } = settled.result;
  const receipt = height !== null && index !== null && receiptAt(context.service.ledger, height, index);
  return receipt ? { ...settled, result: { ...settled.result, receipt: toHex(encodeReceipt(receipt)) } } : settled;
}

/** Submits many; the status is 207 where their results differ in it. */
export async function submitMany(
  context: ApiContext,
  transactions: readonly Uint8Array[],
  patience: Patience,
): Promise<{ readonly httpStatus: number; readonly answer: BatchAnswer }> {
  requireRoom(context, transactions.length, patience);
  const admissions = await context.service.submit(transactions);
  const settled = await settle(context, admissions, patience);
  const first = settled[0]?.httpStatus ?? 200;
  const results = settled.map((one) =>
    one.refused
      ? { transactionId: one.problem.transactionId ?? null, status: 'refused' as const, problem: one.problem }
      : one.result,
  );
  return { httpStatus: settled.every((one) => one.httpStatus === first) ? first : 207, answer: { results } };
}

function requireRoom(context: ApiContext, transactions: number, { wait }: Patience): void {
  if (wait !== 'none' && context.waiters.room < transactions) {
    throw new ApiError('WAITERS_FULL', 'the limit on waiting submissions is reached');
  }
}

/** Whether the state is what was waited for. */
function isReached(state: TransactionState, wait: Patience['wait']): boolean {
  if (state.state === 'pending' || state.state === 'unknown') return wait === 'none';
  return state.state !== 'committed' || wait !== 'final';
}

/** Resolves when each is as far as was asked, or can be waited for no longer. */
function settle(
  context: ApiContext,
  admissions: readonly Admission[],
  patience: Patience,
): readonly Submitted[] | Promise<readonly Submitted[]> {
  const { wait, timeoutMs } = patience;
  const submitted = new Array<Submitted>(admissions.length);
  const wanted: Wanted[] = [];
  for (const [position, admission] of admissions.entries()) {
    const settled = settledAtOnce(context, admission, position, patience);
    if ('refused' in settled) submitted[position] = settled;
    else wanted.push(settled);
  }
  if (wanted.length === 0) return submitted;
  return new Promise((resolve, reject) => {
    let left = wanted.length;
    const tell = (position: number, settled: Settled): void => {
      try {
        submitted[position] = settledLater(context, admissions[position] as Admitted, settled, wait);
      } catch (error) {
        // A record is damaged; others are to be told all the same.
        reject(error);
      }
      left -= 1;
      if (left === 0) resolve(submitted);
    };
    context.waiters.add({ until: wait === 'final' ? 'final' : 'committed', timeoutMs, tell }, wanted);
  });
}

/** The answer, or what is to be waited for. */
function settledAtOnce(
  context: ApiContext,
  admission: Admission,
  position: number,
  { wait }: Patience,
): Submitted | Wanted {
  if (!admission.admitted) {
    const { id, code, detail, retry } = admission;
    return refused(code, detail, retry, id);
  }
  const { id, known } = admission;
  // A new transaction is surely in no block: no need to ask.
  const state: TransactionState =
    known || wait !== 'none' ? context.service.transactionState(id) : { state: 'pending' };
  if (isReached(state, wait)) return answered(id, state, known, known ? 200 : undefined);
  if (state.state !== 'committed') return { id, position, executed: undefined };
  const { height, leafIndex, outcome } = state;
  return { id, position, executed: { kind: 'executed', height, leafIndex, outcome } };
}

function settledLater(
  context: ApiContext,
  { id, known }: Admitted,
  settled: Settled,
  wait: Patience['wait'],
): Submitted {
  if (settled.kind === 'executed') return executed(id, settled, known, wait);
  if (settled.kind === 'discarded') return discarded(context, id, settled.code, known, wait);
  const present = context.service.transactionState(id);
  return answered(id, present, known, isReached(present, wait) ? 200 : 202);
}

function executed(
  id: TransactionId,
  { height, leafIndex: index, outcome }: Extract<Settled, { kind: 'executed' }>,
  known: boolean,
  wait: Patience['wait'],
): Submitted {
  const status = wait === 'final' ? 'final' : 'committed';
  const result = { transactionId: id, status, height, index, outcome: outcomeJson(outcome), known } as const;
  return { refused: false, httpStatus: 200, result };
}

/** It left the pool: perhaps because it is in a block already, and perhaps into a block that is not here yet. */
function discarded(
  context: ApiContext,
  id: TransactionId,
  code: string,
  known: boolean,
  wait: Patience['wait'],
): Submitted {
  const state = context.service.transactionState(id);
  if (state.state === 'committed' || state.state === 'final') {
    return answered(id, state, known, isReached(state, wait) ? 200 : 202);
  }
  const isDoubtful = code === 'TRANSACTION_EXPIRED' && state.state !== 'expired';
  const detail = 'it was admitted, but can no longer be executed';
  return refused(code, detail, isDoubtful ? 'later' : 'never', id);
}

function answered(id: TransactionId, state: TransactionState, known: boolean, httpStatus?: number): Submitted {
  const executed = state.state === 'committed' || state.state === 'final';
  const result: TransactionResult = {
    transactionId: id,
    // Admitted a moment ago: whatever became of it, it is not unknown.
    status: state.state === 'unknown' ? 'pending' : state.state,
    height: executed ? state.height : null,
    index: executed ? state.leafIndex : null,
    outcome: executed ? outcomeJson(state.outcome) : null,
    known,
  };
  return { refused: false, httpStatus: httpStatus ?? (result.status === 'pending' ? 202 : 200), result };
}

function refused(
  code: string,
  detail: string,
  retry: 'never' | 'later' | 'elsewhere' | undefined,
  transactionId: TransactionId | undefined,
): Submitted {
  const body = problem(code, detail, { retry, transactionId });
  return { refused: true, httpStatus: PROBLEMS[code]?.status ?? body.status, problem: body };
}
