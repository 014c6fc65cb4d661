import type { Transaction } from '@varve/ledger';
import type { StatusAnswer, TransactionAnswer, TransactionResult } from './answers.ts';
import { backoffMs, delay } from './delay.ts';
import { VarveError } from './errors.ts';
import type { SharedRequests } from './shared-requests.ts';
import {
  type Asked,
  BATCH_BYTES_MAX,
  BATCH_TRANSACTIONS_MAX,
  type Result,
  sendMany,
  sendOne,
} from './submit-request.ts';
import type { Transport } from './transport.ts';

/** How far a submission is waited for. */
export interface WaitOptions {
  /** Default `final`. */
  readonly wait?: 'none' | 'committed' | 'final' | undefined;
  /** Default: until the transaction can no longer be executed, and some time to learn of it. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the result of a single transaction with `wait: 'final'` is to have its receipt; default `true`. Only a
   * request for one transaction is answered with a receipt: without, it can share a request with others.
   */
  readonly receipt?: boolean | undefined;
}

/** The longest wait asked of the node at once: proxies cut what is silent for long. */
const REQUEST_WAIT_MS = 25_000;
/** After a transaction's validity has ended: how long the chain may take to say what became of it. */
const AFTERMATH_MS = 30_000;
const EXPIRED = 'TRANSACTION_EXPIRED';

/**
 * Sends transactions and resends the same bytes, which is harmless, until each is as far as `wait` says, refused for
 * good, or the time is up; then the result says how far it came.
 * @param shared - Given for one transaction that may share its first request with others.
 * @throws {NodeUnreachable} when the time is up and the node never answered since; or the reason of `signal`.
 */
export async function sendAll(
  transport: Transport,
  transactions: readonly Transaction[],
  options: WaitOptions,
  shared?: SharedRequests,
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
        const asked = { wait, timeout, signal: options.signal };
        // What is sent again may wait for long, and would keep others that share its request.
        const answers = await sendPart(transport, part, asked, attempt === 0 ? shared : undefined);
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
  asked: Asked,
  shared: SharedRequests | undefined,
): Promise<readonly Result[]> {
  const [first] = part;
  if (part.length !== 1 || first === undefined) return sendMany(transport, part, asked);
  return [await (shared ? shared.send(first, asked) : sendOne(transport, first, asked))];
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
