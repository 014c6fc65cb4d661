import { LoadError } from './errors.ts';
import type { HttpLoad, LoadAnswer } from './http-load.ts';
import { percentile } from './statistics.ts';
import type { TransactionSource } from './transactions.ts';

/** How much of an answer that was not hoped for is told. */
const ANSWER_LENGTH_MAX = 300;

/** What one run of load showed. */
export interface LoadResult {
  /** Over all of `seconds`. */
  readonly transactionsPerSecond: number;
  /** Those that became what was waited for. */
  readonly transactions: number;
  /** From the start until everything was answered. */
  readonly seconds: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

/** How transactions are handed in. */
export interface LoadShape {
  /** Nodes that take turns; read for each request, so that one that is gone can be taken out meanwhile. */
  readonly urls: readonly string[];
  readonly wait: 'committed' | 'final';
  /** How long a node waits for that, milliseconds; absent leaves it to the node. */
  readonly timeoutMs?: number;
  /** Transactions a request; 1 sends them as `application/cose`. */
  readonly batch: number;
  /** Requests in flight. */
  readonly concurrency: number;
}

/**
 * A closed loop: each worker sends its next request when the last is answered, until the time is over or `next` is dry.
 * @throws {LoadError} `LOAD_REFUSED`, `LOAD_UNANSWERED` at the first transaction that does not reach what is waited for.
 */
export async function closedLoop(
  load: HttpLoad,
  shape: LoadShape,
  next: TransactionSource,
  seconds: number,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  let done = 0;
  const worker = async (id: number): Promise<void> => {
    while (performance.now() < end) {
      const transactions = next(shape.batch);
      if (transactions === undefined) return;
      const from = performance.now();
      const { failure } = await handIn(load, shape, id, transactions);
      if (failure) throw failure;
      latencies.push(performance.now() - from);
      done += transactions.length;
    }
  };
  await Promise.all(Array.from({ length: shape.concurrency }, (_, id) => worker(id)));
  return result(done, performance.now() - start, latencies);
}

/** What one open loop showed, where not everything need succeed. */
export interface OfferedResult extends LoadResult {
  /** Transactions handed in. */
  readonly offered: number;
  /** Requests not all of whose transactions became what was waited for. */
  readonly failures: readonly LoadError[];
}

/** An open loop of which everything succeeds. @throws the first failure, when all requests are through. */
export async function openLoop(...args: Parameters<typeof offeredLoop>): Promise<LoadResult> {
  const offered = await offeredLoop(...args);
  if (offered.failures.length > 0) throw offered.failures[0];
  return offered;
}

/** An open loop: requests leave at a fixed rate, at least one, whatever becomes of those before. */
export async function offeredLoop(
  load: HttpLoad,
  shape: LoadShape,
  next: TransactionSource,
  transactionsPerSecond: number,
  seconds: number,
): Promise<OfferedResult> {
  const latencies: number[] = [];
  const failures: LoadError[] = [];
  const sent: Promise<void>[] = [];
  const start = performance.now();
  const intervalMs = (1000 * shape.batch) / transactionsPerSecond;
  const requests = Math.max(1, Math.floor((seconds * 1000) / intervalMs));
  let done = 0;
  const send = async (id: number, due: number, transactions: readonly Uint8Array[]): Promise<void> => {
    const { reached, failure } = await handIn(load, shape, id, transactions);
    // Latency counts from when the request was due: a client that is late must not hide the wait.
    if (reached > 0) latencies.push(performance.now() - due);
    done += reached;
    if (failure) failures.push(failure);
  };
  for (let i = 0; i < requests; i++) {
    const due = start + i * intervalMs;
    const early = due - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
    const transactions = next(shape.batch);
    if (transactions === undefined) break;
    sent.push(send(i, due, transactions));
  }
  await Promise.all(sent);
  return { ...result(done, performance.now() - start, latencies), offered: sent.length * shape.batch, failures };
}

/** How many transactions of one request reached what was waited for, and what became of the others. */
interface HandedIn {
  readonly reached: number;
  readonly failure?: LoadError;
}

async function handIn(
  load: HttpLoad,
  shape: LoadShape,
  id: number,
  transactions: readonly Uint8Array[],
): Promise<HandedIn> {
  const timeout = shape.timeoutMs === undefined ? '' : `&timeout=${shape.timeoutMs}`;
  const url = `${shape.urls[id % shape.urls.length]}/v1/transactions?wait=${shape.wait}${timeout}`;
  const single = transactions.length === 1 ? transactions[0] : undefined;
  let answer: LoadAnswer;
  try {
    answer = await (single
      ? load.post(url, 'application/cose', single)
      : load.post(url, 'application/cbor-seq', Buffer.concat(transactions)));
  } catch (error) {
    if (error instanceof LoadError) return { reached: 0, failure: error };
    throw error;
  }
  if (answer.status === 200) return { reached: transactions.length };
  const body = answer.body.slice(0, ANSWER_LENGTH_MAX);
  const message = `a submission was answered ${answer.status}: ${body}`;
  return {
    reached: answer.status === 207 ? reachedOf(answer.body, shape.wait) : 0,
    failure: new LoadError('LOAD_REFUSED', message, { url, status: answer.status, body }),
  };
}

/** How many results of a mixed batch are what was waited for. */
function reachedOf(body: string, wait: LoadShape['wait']): number {
  const { results } = JSON.parse(body) as { readonly results: readonly { readonly status: string }[] };
  return results.filter(({ status }) => status === 'final' || status === wait).length;
}

function result(transactions: number, ms: number, latencies: readonly number[]): LoadResult {
  return {
    transactionsPerSecond: (transactions * 1000) / ms,
    transactions,
    seconds: ms / 1000,
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
  };
}
