import { concatBytes } from '@varve/encoding';
import type { Transaction } from '@varve/ledger';
import type { BatchAnswer, RefusedResult, TransactionResult } from './answers.ts';
import { VarveError } from './errors.ts';
import type { Transport } from './transport.ts';

/** What became of one transaction, as far as a node says. */
export type Result = TransactionResult | RefusedResult;

/** What one request asks for. */
export interface Asked {
  readonly wait: 'none' | 'committed' | 'final';
  /** How long the node is to wait for that, milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** What one request may carry; the node takes no more. */
export const BATCH_TRANSACTIONS_MAX = 1_000;
export const BATCH_BYTES_MAX: number = 4 * 1024 * 1024;
/** How long an answer may take beyond the wait that was asked for; then the node counts as silent. */
const ANSWER_MS = 5_000;

/** Sends one transaction. @throws {VarveError} what the node says of the request, not of the transaction. */
export async function sendOne(transport: Transport, transaction: Transaction, asked: Asked): Promise<Result> {
  try {
    const headers = { 'content-type': 'application/cose' };
    return await transport.json<TransactionResult>(pathOf(asked), {
      ...callOf(asked),
      headers,
      body: transaction.bytes,
    });
  } catch (error) {
    return resultOfFailure(transaction, error);
  }
}

/** Sends many transactions in one request. @throws {VarveError} what the node says of the request. */
export async function sendMany(
  transport: Transport,
  transactions: readonly Transaction[],
  asked: Asked,
): Promise<readonly Result[]> {
  const body = concatBytes(...transactions.map(({ bytes }) => bytes));
  const headers = { 'content-type': 'application/cbor-seq' };
  const accept = (answer: unknown): boolean => typeof answer === 'object' && answer !== null && 'results' in answer;
  return (await transport.json<BatchAnswer>(pathOf(asked), { ...callOf(asked), headers, body, accept })).results;
}

/** The result that an error answer to `transaction` alone is; throws `error` where it says nothing of the transaction. */
export function resultOfFailure(transaction: Transaction, error: unknown): RefusedResult {
  if (!(error instanceof VarveError) || error.status === undefined || error.code === 'ANSWER_MALFORMED') throw error;
  if (error.retry === 'later' && error.transactionId === undefined) throw error;
  return refusal(transaction, error);
}

function refusal({ id }: Transaction, error: VarveError): RefusedResult {
  const { code, detail, hint = '', retry = 'never', status = 0 } = error;
  const problem = { type: `/errors#${code}`, title: code, status, code, detail, hint, retry, transactionId: id };
  return { transactionId: id, status: 'refused', problem };
}

function pathOf({ wait, timeout }: Asked): string {
  return `/v1/transactions?wait=${wait}&timeout=${timeout}`;
}

function callOf({ timeout, signal }: Asked): { method: 'POST'; signal: AbortSignal | undefined; silenceMs: number } {
  return { method: 'POST', signal, silenceMs: timeout + ANSWER_MS };
}
