import { FinalWatch } from '../apps/node/src/load/final-watch.ts';
import { HttpLoad } from '../apps/node/src/load/http-load.ts';
import { openLoop } from '../apps/node/src/load/throughput.ts';
import type { TransactionMaker } from '../apps/node/src/load/transactions.ts';
import type { TestDevnet } from '../test/support/devnet.ts';

/** Load runs so long before a switch begins and after it is done. */
const AROUND_MS = 1500;
/** Load ends by itself after this, seconds. */
const LOAD_SECONDS_MAX = 60;
const BATCH = 20;

/** What one switch under load showed. */
export interface SwitchResult {
  readonly from: string;
  readonly to: string;
  /** The longest time without a new final block while load ran, milliseconds. */
  readonly gapMs: number;
  /** Handed in meanwhile; each was answered as final. */
  readonly transactions: number;
}

/**
 * Switches a devnet to another protocol while transactions come in at a fixed rate, each of which must become final.
 * @throws where one does not.
 */
export async function measureSwitch(
  devnet: TestDevnet,
  maker: TransactionMaker,
  change: { readonly from: string; readonly to: string },
  transactionsPerSecond: number,
): Promise<SwitchResult> {
  const load = new HttpLoad();
  const urls = devnet.members.map(({ httpUrl }) => httpUrl);
  const stop = new AbortController();
  const background = openLoop(
    load,
    { urls, wait: 'final', batch: BATCH, concurrency: 0 },
    (count) => (stop.signal.aborted ? undefined : maker.make(count)),
    transactionsPerSecond,
    LOAD_SECONDS_MAX,
  );
  await pause(AROUND_MS);
  const watch = new FinalWatch(urls[0] ?? '');
  await devnet.command('devnet', 'switch', '--protocol', change.to);
  await pause(AROUND_MS);
  stop.abort();
  const gapMs = await watch.stop();
  const { transactions } = await background;
  load.close();
  return { ...change, gapMs, transactions };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
