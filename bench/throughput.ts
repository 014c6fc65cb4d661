import { type HttpLoad, sequenceOf } from './http-load.ts';
import { percentile } from './statistics.ts';

/** What one run of load showed. */
export interface LoadResult {
  readonly transactionsPerSecond: number;
  readonly transactions: number;
  readonly seconds: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

/** How transactions are handed in. */
export interface LoadShape {
  readonly urls: readonly string[];
  readonly wait: 'committed' | 'final';
  /** Transactions a request; 1 sends them as `application/cose`. */
  readonly batch: number;
  /** Requests in flight. */
  readonly concurrency: number;
}

/** A closed loop: each worker sends its next request when the last is answered, until the time is over. */
export async function closedLoop(
  load: HttpLoad,
  shape: LoadShape,
  next: (count: number) => readonly Uint8Array[] | undefined,
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
      await send(load, shape, id, transactions);
      latencies.push(performance.now() - from);
      done += transactions.length;
    }
  };
  await Promise.all(Array.from({ length: shape.concurrency }, (_, id) => worker(id)));
  return result(done, performance.now() - start, latencies);
}

/** What one open loop showed, where not everything need succeed. */
export interface OfferedResult extends LoadResult {
  /** Transactions handed in; `transactions` counts those that were answered with 200. */
  readonly offered: number;
  /** What else became of requests. */
  readonly failures: readonly unknown[];
}

/** An open loop of which everything succeeds. @throws the first failure, when all requests are through. */
export async function openLoop(...args: Parameters<typeof offeredLoop>): Promise<LoadResult> {
  const offered = await offeredLoop(...args);
  if (offered.failures.length > 0) throw offered.failures[0];
  return offered;
}

/** An open loop: requests leave at a fixed rate, whatever becomes of those before. */
export async function offeredLoop(
  load: HttpLoad,
  shape: LoadShape,
  next: (count: number) => readonly Uint8Array[] | undefined,
  transactionsPerSecond: number,
  seconds: number,
): Promise<OfferedResult> {
  const latencies: number[] = [];
  const start = performance.now();
  const intervalMs = (1000 * shape.batch) / transactionsPerSecond;
  const requests = Math.floor((seconds * 1000) / intervalMs);
  const sent: Promise<void>[] = [];
  const failures: unknown[] = [];
  for (let i = 0; i < requests; i++) {
    const due = start + i * intervalMs;
    const early = due - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
    const transactions = next(shape.batch);
    if (transactions === undefined) break;
    // Latency counts from when the request was due: a client that is late must not hide the wait.
    sent.push(
      send(load, shape, i, transactions).then(
        () => {
          latencies.push(performance.now() - due);
        },
        // Nobody waits for it yet: it is told when all are through.
        (error: unknown) => {
          failures.push(error);
        },
      ),
    );
  }
  await Promise.all(sent);
  return {
    ...result(latencies.length * shape.batch, performance.now() - start, latencies),
    offered: sent.length * shape.batch,
    failures,
  };
}

async function send(load: HttpLoad, shape: LoadShape, id: number, transactions: readonly Uint8Array[]): Promise<void> {
  const url = `${shape.urls[id % shape.urls.length]}/v1/transactions?wait=${shape.wait}`;
  const single = transactions.length === 1 ? transactions[0] : undefined;
  const answer = single
    ? await load.post(url, 'application/cose', single)
    : await load.post(url, 'application/cbor-seq', sequenceOf(transactions));
  if (answer.status !== 200)
    throw new Error(`a submission was answered ${answer.status}: ${answer.body.slice(0, 300)}`);
}

function result(transactions: number, ms: number, latencies: readonly number[]): LoadResult {
  return {
    transactionsPerSecond: (transactions * 1000) / ms,
    transactions,
    seconds: ms / 1000,
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
  };
}
