import type { ChainId } from '@varve/encoding';
import { HttpLoad } from '../../apps/node/src/load/http-load.ts';
import { closedLoop, type LoadShape } from '../../apps/node/src/load/throughput.ts';
import {
  type LoadOperation,
  signedAhead,
  TransactionMaker,
  type TransactionSource,
} from '../../apps/node/src/load/transactions.ts';
import { TestDevnet } from '../../test/support/devnet.ts';
import {
  ALONE,
  BATCHES,
  fewerInFlight,
  type Measure,
  type RunningSystem,
  SETS,
  SINGLE,
  SINGLE_SETS,
} from './system.ts';

const VALIDATORS = 3;
const BATCH = 100;
/** The nodes that are set later are made in large transactions, few at a time. */
const NODES_BATCH = 10;
const NODES_SECONDS_MAX = 60;
/** Signed before the clock starts; whatever is needed beyond that is signed on the way. */
const SIGNED_PER_SECOND = 12_000;
const SIGNED_PER_SECOND_ALONE = 500;

/** Three validators under Raft, and clients that hand in signed transactions and wait until they are final. */
export async function startVarve(inFlight: number, transactionBytes: number): Promise<RunningSystem> {
  const devnet = await TestDevnet.start(VALIDATORS, 'raft');
  const http = new HttpLoad();
  try {
    const signers = Array.from({ length: VALIDATORS }, (_, i) => devnet.signer(i));
    const makerOf = (operation: LoadOperation): TransactionMaker =>
      new TransactionMaker(devnet.file.chainId as ChainId, signers, transactionBytes, operation);
    const [creator, setter] = [makerOf('create'), makerOf('set')];
    const urls = devnet.members.map(({ httpUrl }) => httpUrl);
    const measureOf =
      (
        shape: Pick<LoadShape, 'batch' | 'concurrency'>,
        maker: TransactionMaker,
        signedPerSecond = SIGNED_PER_SECOND,
      ): Measure =>
      async (seconds, onStart) => {
        const source = await signedAhead(maker, seconds * signedPerSecond);
        onStart();
        const result = await closedLoop(http, { urls, wait: 'final', ...shape }, source, seconds);
        const { transactionsPerSecond: perSecond, transactions: operations, latencyMs } = result;
        return { perSecond, operations, latencyMs };
      };
    const inBatches = { batch: BATCH, concurrency: Math.max(1, Math.round(inFlight / BATCH)) };
    const batches = measureOf(inBatches, creator);
    const single = measureOf({ batch: 1, concurrency: fewerInFlight(inFlight) }, creator);
    const sets = measureOf(inBatches, setter);
    const nodes = setter.makeNodes();
    const takeNodes: TransactionSource = (count) => (nodes.length > 0 ? nodes.splice(0, count) : undefined);
    return {
      pids: devnet.members.map(({ pid }) => pid),
      measures: {
        [BATCHES]: batches,
        [SINGLE]: single,
        [ALONE]: measureOf({ batch: 1, concurrency: 1 }, creator, SIGNED_PER_SECOND_ALONE),
        [SETS]: sets,
        [SINGLE_SETS]: measureOf({ batch: 1, concurrency: fewerInFlight(inFlight) }, setter),
      },
      // Other code runs for a request of one, and to set a node; the peers have only one kind of request.
      warmUp: async (seconds) => {
        await closedLoop(
          http,
          { urls, wait: 'final', batch: NODES_BATCH, concurrency: 1 },
          takeNodes,
          NODES_SECONDS_MAX,
        );
        await batches(seconds, () => undefined);
        await single(Math.ceil(seconds / 2), () => undefined);
        await sets(Math.ceil(seconds / 2), () => undefined);
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
