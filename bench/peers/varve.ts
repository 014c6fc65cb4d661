import type { ChainId } from '@varve/encoding';
import { HttpLoad } from '../../apps/node/src/load/http-load.ts';
import { closedLoop, type LoadShape } from '../../apps/node/src/load/throughput.ts';
import { signedAhead, TransactionMaker } from '../../apps/node/src/load/transactions.ts';
import { TestDevnet } from '../../test/support/devnet.ts';
import { ALONE, BATCHES, fewerInFlight, type Measure, type RunningSystem, SINGLE } from './system.ts';

const VALIDATORS = 3;
const BATCH = 100;
/** Signed before the clock starts; whatever is needed beyond that is signed on the way. */
const SIGNED_PER_SECOND = 12_000;
const SIGNED_PER_SECOND_ALONE = 500;

/** Three validators under Raft, and clients that hand in signed transactions and wait until they are final. */
export async function startVarve(inFlight: number, transactionBytes: number): Promise<RunningSystem> {
  const devnet = await TestDevnet.start(VALIDATORS, 'raft');
  const http = new HttpLoad();
  try {
    const signers = Array.from({ length: VALIDATORS }, (_, i) => devnet.signer(i));
    const maker = new TransactionMaker(devnet.file.chainId as ChainId, signers, transactionBytes);
    const urls = devnet.members.map(({ httpUrl }) => httpUrl);
    const measureOf =
      (shape: Pick<LoadShape, 'batch' | 'concurrency'>, signedPerSecond = SIGNED_PER_SECOND): Measure =>
      async (seconds, onStart) => {
        const source = await signedAhead(maker, seconds * signedPerSecond);
        onStart();
        const result = await closedLoop(http, { urls, wait: 'final', ...shape }, source, seconds);
        const { transactionsPerSecond: perSecond, transactions: operations, latencyMs } = result;
        return { perSecond, operations, latencyMs };
      };
    const batches = measureOf({ batch: BATCH, concurrency: Math.max(1, Math.round(inFlight / BATCH)) });
    const single = measureOf({ batch: 1, concurrency: fewerInFlight(inFlight) });
    return {
      pids: devnet.members.map(({ pid }) => pid),
      measures: {
        [BATCHES]: batches,
        [SINGLE]: single,
        [ALONE]: measureOf({ batch: 1, concurrency: 1 }, SIGNED_PER_SECOND_ALONE),
      },
      // Other code runs for a request of one; the peers have only one kind of request.
      warmUp: async (seconds) => {
        await batches(seconds, () => undefined);
        await single(Math.ceil(seconds / 2), () => undefined);
      },
      stop: async () => {
        http.close();
        await devnet.stop();
      },
    };
  } catch (error) {
    http.close();
    await devnet.stop();
    throw error;
  }
}
