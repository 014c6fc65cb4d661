import { parseArgs } from 'node:util';
import { type LoadOperation, transactionBytesOf } from '../apps/node/src/load/transactions.ts';

/** What `npm run bench` measures. */
export interface BenchOptions {
  readonly protocol: string;
  readonly validators: number;
  /** Whole signed transactions of exactly this size. */
  readonly transactionBytes: number;
  /** What each of them does. */
  readonly operation: LoadOperation;
  /** Seconds each measurement lasts. */
  readonly seconds: number;
  /** How often each is repeated; medians are printed. */
  readonly runs: number;
  /** Seconds of batches before anything is measured: the compiler takes that long to see what runs hot. */
  readonly warmUpSeconds: number;
  /** Transactions per second of the open loop; half of what batches just reached where absent. */
  readonly pacedPerSecond: number | undefined;
  readonly json: boolean;
  /** Measure only the time from a leader's death to the next final transaction. */
  readonly recovery: boolean;
  /** Measure only how long nothing becomes final while the protocol is switched under load. */
  readonly switching: boolean;
  /** Measure only what one validator of four that is stopped or hostile does to the others. */
  readonly hostile: boolean;
  /** Measure only how fast the simulator runs seeds. */
  readonly simulation: boolean;
  /** Measure only the state tree: processor time and memory. */
  readonly stateTree: boolean;
  /** Measure only what each stage of a validator costs, in one process. */
  readonly stages: boolean;
  /** Measure only how fast a copy of a ledger is audited. */
  readonly audit: boolean;
  /** Where validators write profiles of their processor time, of batches alone. */
  readonly profile: string | undefined;
  /** Keep the figures in `bench/results/`. */
  readonly save: boolean;
}

/** How it is called. */
export const BENCH_USAGE = `usage: npm run bench -- [--protocol raft] [--validators 3] [--transactions 300B] [--operation create|set]
                        [--seconds 6] [--runs 3] [--warm-up 20] [--paced PER_SECOND]
                        [--recovery] [--switch] [--hostile] [--simulation] [--state-tree] [--stages] [--audit]
                        [--profile DIR] [--save] [--json]`;

/** @throws with the usage for words that are none of these. */
export function readOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      protocol: { type: 'string' },
      validators: { type: 'string' },
      transactions: { type: 'string', default: '300B' },
      operation: { type: 'string', default: 'create' },
      seconds: { type: 'string' },
      runs: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '20' },
      paced: { type: 'string' },
      json: { type: 'boolean', default: false },
      recovery: { type: 'boolean', default: false },
      switch: { type: 'boolean', default: false },
      hostile: { type: 'boolean', default: false },
      simulation: { type: 'boolean', default: false },
      'state-tree': { type: 'boolean', default: false },
      stages: { type: 'boolean', default: false },
      audit: { type: 'boolean', default: false },
      profile: { type: 'string' },
      save: { type: 'boolean', default: false },
    },
  });
  const validatorsText = values.validators ?? (values.simulation ? '5' : values.switch || values.hostile ? '4' : '3');
  const secondsText = values.seconds ?? (values.hostile ? '20' : '6');
  const [validators, seconds, runs, warmUp] = [validatorsText, secondsText, values.runs, values['warm-up']].map(Number);
  const paced = values.paced === undefined ? undefined : Number(values.paced);
  const transactionBytes = transactionBytesOf(values.transactions) ?? Number.NaN;
  const { operation } = values;
  const isOperation = operation === 'create' || operation === 'set';
  if (
    !isOperation ||
    ![validators, seconds, runs, warmUp, transactionBytes, paced ?? 1].every(
      (n) => Number.isInteger(n) && Number(n) > 0,
    )
  ) {
    throw new TypeError(BENCH_USAGE);
  }
  return {
    protocol: values.protocol ?? (values.hostile ? 'tendermint' : 'raft'),
    validators: Number(validators),
    transactionBytes,
    operation,
    seconds: Number(seconds),
    runs: Number(runs),
    warmUpSeconds: Number(warmUp),
    pacedPerSecond: paced,
    json: values.json,
    recovery: values.recovery,
    switching: values.switch,
    hostile: values.hostile,
    simulation: values.simulation,
    stateTree: values['state-tree'],
    stages: values.stages,
    audit: values.audit,
    profile: values.profile,
    save: values.save,
  };
}
