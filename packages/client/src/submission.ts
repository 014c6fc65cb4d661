import { concatBytes } from '@varve/encoding';
import type { Transaction } from '@varve/ledger';
import type { BatchAnswer, RefusedResult, StatusAnswer, TransactionAnswer, TransactionResult } from './answers.ts';
import { backoffMs, delay } from './delay.ts';
import { VarveError } from './errors.ts';
import type { Transport } from './transport.ts';

/** How far a submission is waited for. */
export interface WaitOptions {
  /** Default `final`. */
  readonly wait?: 'none' | 'committed' | 'final' | undefined;
  /** Default: until the transaction can no longer be executed, and some time to learn of it. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one request may carry; the node takes no more. */
const BATCH_TRANSACTIONS_MAX = 1_000;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** The longest wait asked of the node at once: proxies cut what is silent for long. */
const REQUEST_WAIT_MS = 25_000;
/** How long an answer may take beyond the wait that was asked for; then the node counts as silent. */
const ANSWER_MS = 5_000;
/** After a transaction's validity has ended: how long the chain may take to say what became of it. */
const AFTERMATH_MS = 30_000;
const EXPIRED = 'TRANSACTION_EXPIRED';

type Result = TransactionResult | RefusedResult;

/**
 * Sends transactions and resends the same bytes, which is harmless, until each is as far as `wait` says, refused for
 * good, or the time is up; then the result says how far it came.
 * @throws {NodeUnreachable} when the time is up and the node never answered since; or the reason of `signal`.
 */
export async function sendAll(
  transport: Transport,
  transactions: readonly Transaction[],
  options: WaitOptions,
): Promise<Result[]> {
  const wait = options.wait ?? 'final';
  const last = Math.max(0, ...transactions.map(({ validUntil }) => validUntil)) + AFTERMATH_MS;
  const deadline = options.timeoutMs === undefined ? last : Date.now() + options.timeoutMs;
  const results = new Map<Transaction, Result>();
  let open: readonly Transaction[] = transactions;
  let failures = 0;
  for (let attempt = 0; open.length > 0; attempt++) {
    options.signal?.throwIfAborted();
    let isPaused = false;
    try {
      for (const part of parts(open)) {
        const timeout = Math.max(0, Math.min(REQUEST_WAIT_MS, deadline - Date.now()));
        const answers = await sendPart(transport, part, wait, timeout, options.signal);
        for (const [i, answer] of answers.entries()) {
          const transaction = part[i] as Transaction;
          // Expired after it had been admitted, now or by an earlier sending: it may be in a block.
          const isExpired = answer.status === 'refused' && answer.problem.code === EXPIRED;
          const isDoubtful = isExpired && (attempt > 0 || answer.problem.retry === 'later');
          const settled = isDoubtful ? await aftermath(transport, transaction, answer, options.signal) : answer;
          results.set(transaction, settled);
          isPaused ||= settled.status === 'refused' || isDoubtful;
        }
      }
      failures = isPaused ? failures + 1 : 0;
    } catch (error) {
      if (!(error instanceof VarveError) || error.retry !== 'later' || Date.now() >= deadline) throw error;
      failures += 1;
    }
    open = open.filter((transaction) => !isSettled(results.get(transaction), wait));
    if (Date.now() >= deadline || (wait === 'none' && failures === 0)) break;
    if (open.length > 0) await delay(Math.min(backoffMs(Math.max(1, failures)), deadline - Date.now()), options.signal);
  }
  return transactions.map((transaction) => results.get(transaction) ?? pending(transaction));
}

function isSettled(result: Result | undefined, wait: 'none' | 'committed' | 'final'): boolean {
  if (result === undefined) return false;
  if (result.status === 'refused') return result.problem.retry !== 'later';
  if (result.status === 'pending') return wait === 'none';
  return result.status !== 'committed' || wait !== 'final';
}

async function sendPart(
  transport: Transport,
  part: readonly Transaction[],
  wait: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<readonly Result[]> {
  const path = `/v1/transactions?wait=${wait}&timeout=${timeout}`;
  const call = { method: 'POST', signal, silenceMs: timeout + ANSWER_MS } as const;
  const [first] = part;
  if (part.length !== 1 || first === undefined) {
    const body = concatBytes(...part.map(({ bytes }) => bytes));
    const headers = { 'content-type': 'application/cbor-seq' };
    const accept = (answer: unknown): boolean => typeof answer === 'object' && answer !== null && 'results' in answer;
    return (await transport.json<BatchAnswer>(path, { ...call, headers, body, accept })).results;
  }
  try {
    const headers = { 'content-type': 'application/cose' };
    return [await transport.json<TransactionResult>(path, { ...call, headers, body: first.bytes })];
  } catch (error) {
    // What the node says of this transaction is its result; what it says of the request is not.
    if (!(error instanceof VarveError) || error.status === undefined || error.code === 'ANSWER_MALFORMED') throw error;
    if (error.retry === 'later' && error.transactionId === undefined) throw error;
    return [refusal(first, error)];
  }
}

/** What became of a transaction that the node now calls expired: known only once a final block is past its validity. */
async function aftermath(
  transport: Transport,
  transaction: Transaction,
  refused: Result,
  signal: AbortSignal | undefined,
): Promise<Result> {
  // In this order: what is unknown after that final block will stay so.
  const status = await transport.json<StatusAnswer>('/v1/status', { signal });
  try {
    const answer = await transport.json<TransactionAnswer>(`/v1/transactions/${transaction.id}`, { signal });
    if (answer.status === 'expired') return refused;
    const { height = null, index = null, outcome = null } = answer.execution ?? {};
    return { transactionId: transaction.id, status: answer.status, height, index, outcome, known: true };
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'TRANSACTION_UNKNOWN') throw error;
    return Date.parse(status.finalBlockTime) > transaction.validUntil ? refused : pending(transaction);
  }
}

function* parts(transactions: readonly Transaction[]): Iterable<readonly Transaction[]> {
  let part: Transaction[] = [];
  let size = 0;
  for (const transaction of transactions) {
    if (part.length === BATCH_TRANSACTIONS_MAX || size + transaction.bytes.length > BATCH_BYTES_MAX) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(transaction);
    size += transaction.bytes.length;
  }
  if (part.length > 0) yield part;
}

function pending({ id }: Transaction): TransactionResult {
  return { transactionId: id, status: 'pending', height: null, index: null, outcome: null, known: false };
}

function refusal({ id }: Transaction, error: VarveError): RefusedResult {
  const { code, detail, hint = '', retry = 'never', status = 0 } = error;
  const problem = { type: `/errors#${code}`, title: code, status, code, detail, hint, retry, transactionId: id };
  return { transactionId: id, status: 'refused', problem };
}
