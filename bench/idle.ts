import type { HttpLoad } from '../apps/node/src/load/http-load.ts';
import { percentile } from '../apps/node/src/load/statistics.ts';
import type { TransactionMaker } from '../apps/node/src/load/transactions.ts';

/** So much of what came before is over. */
const REST_MS = 1_000;

/** What one client met that waits for each of its transactions. */
export interface IdleReport {
  /** From handing in to the answer with the final outcome. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly transactions: number;
}

/**
 * One transaction after another on a chain that has nothing else to do; nodes take turns, so that a share of them
 * comes to the leader and the rest is passed on.
 * @throws where one is not final at once.
 */
export async function idleLatency(
  load: HttpLoad,
  urls: readonly string[],
  maker: TransactionMaker,
  seconds: number,
): Promise<IdleReport> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const [transaction] = maker.make(1);
    if (transaction === undefined) break;
    const from = performance.now();
    const url = `${urls[latencies.length % urls.length]}/v1/transactions?wait=final`;
    const { status, body } = await load.post(url, 'application/cose', transaction);
    if (status !== 200) throw new Error(`a transaction on an idle chain was answered ${status}: ${body}`);
    latencies.push(performance.now() - from);
  }
  return {
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    transactions: latencies.length,
  };
}
