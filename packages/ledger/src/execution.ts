import { assert, type Configuration } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { bytesEqual, type CborValue, type Height, type TransactionId } from '@varve/encoding';
import { decodeConfiguration } from './configuration-codec.ts';
import { CONFIGURATION_KEY, CONFIGURATION_MODULE } from './configuration-state.ts';
import { hashOf } from './hashes.ts';
import type { AccountDirectory, ChainView, Module, Sender, StateReader } from './module.ts';
import { OperationFailed } from './module.ts';
import { type OperationScope, runOperation, runTimer } from './operation.ts';
import {
  encodeLeaf,
  encodeResults,
  leafOf,
  type ModuleEvent,
  OUTCOME_OK,
  type Outcome,
  type Results,
} from './outcome.ts';
import { type StateCell, StateOverlay } from './state-overlay.ts';
import { readTimer, TIMERS_MODULE } from './timers.ts';
import { decodedTransaction, type Transaction } from './transaction.ts';

/** Why an item of a payload leaves no leaf, in the order in which the rules are tried (DESIGN §1). */
export const SKIP_CODES = [
  'TRANSACTION_MALFORMED',
  'TRANSACTION_TOO_LARGE',
  'CHAIN_MISMATCH',
  'TRANSACTION_KNOWN',
  'TRANSACTION_EXPIRED',
  'VALIDITY_TOO_LONG',
  'KEY_INACTIVE',
  'SIGNATURE_INVALID',
] as const;
export type SkipCode = (typeof SKIP_CODES)[number];

/** The surroundings in which transactions are judged and executed. */
export interface ExecutionEnvironment {
  readonly chain: ChainView;
  readonly modules: ReadonlyMap<string, Module>;
  readonly accounts: AccountDirectory;
  /** Whether a block inside the replay window holds this id; `time` is the time of the block being made. */
  isKnown(id: TransactionId, time: number): boolean;
  /** The verdict of the signature rule on a transaction's whole bytes. */
  isSigned(transaction: Transaction): boolean;
}

/** The block being made. */
export interface ExecutionPoint {
  readonly height: Height;
  readonly time: number;
}

/** A transaction that got a leaf. */
export interface ExecutedTransaction {
  readonly id: TransactionId;
  /** Position in the payload, which also counts skipped items. */
  readonly payloadIndex: number;
  readonly outcome: Outcome;
  readonly leaf: Uint8Array;
  readonly results: Uint8Array;
  /** The same results before encoding. */
  readonly content: Results;
}

const EMPTY_RESULTS: Results = { values: [], events: [] };
const EMPTY_RESULTS_BYTES = encodeResults(EMPTY_RESULTS);
const EMPTY_RESULTS_HASH = hashOf([[], []]);

/**
 * Whether `transaction` would be skipped at `point` on `state`, and by which rule. Decoding is judged before this.
 * The order of the rules is part of the format: every validator answers alike.
 */
export function skipCode(
  transaction: Transaction,
  point: ExecutionPoint,
  state: StateReader,
  environment: ExecutionEnvironment,
): SkipCode | Sender {
  const { chainId, configuration } = environment.chain;
  const { parameters } = configuration;
  if (
    transaction.bytes.length > parameters.transactionBytesMax ||
    transaction.operations.length > parameters.operationsMax
  ) {
    return 'TRANSACTION_TOO_LARGE';
  }
  if (transaction.chainId !== chainId) return 'CHAIN_MISMATCH';
  if (environment.isKnown(transaction.id, point.time)) return 'TRANSACTION_KNOWN';
  if (transaction.validUntil < point.time) return 'TRANSACTION_EXPIRED';
  if (transaction.validUntil > point.time + parameters.validityMs) return 'VALIDITY_TOO_LONG';
  const sender = environment.accounts.sender(state, transaction.account, transaction.publicKey);
  if (sender === undefined) return 'KEY_INACTIVE';
  if (!environment.isSigned(transaction)) return 'SIGNATURE_INVALID';
  return sender;
}

/** Executes one payload on one state, in slices, and keeps what comes of it. Nothing outside it changes. */
export class Execution {
  readonly point: ExecutionPoint;
  readonly executed: ExecutedTransaction[] = [];
  readonly skipped: {
    readonly payloadIndex: number;
    readonly id: TransactionId | undefined;
    readonly code: SkipCode;
  }[] = [];
  readonly timerEvents: ModuleEvent[] = [];
  /** How many timers fired. */
  timersFired = 0;
  readonly #transactions: readonly Uint8Array[];
  readonly #decoded: readonly (Transaction | undefined)[] | undefined;
  readonly #environment: ExecutionEnvironment;
  readonly #state: StateOverlay;
  readonly #ids = new Set<TransactionId>();
  readonly #due: readonly Uint8Array[];
  #position = 0;
  #timersDone = false;

  /**
   * @param due - State keys of the timers due at the block's time, in order.
   * @param decoded - The same transactions, `undefined` for malformed ones; absent: they are decoded here.
   */
  constructor(
    transactions: readonly Uint8Array[],
    point: ExecutionPoint,
    state: StateReader,
    due: readonly Uint8Array[],
    environment: ExecutionEnvironment,
    decoded?: readonly (Transaction | undefined)[],
  ) {
    this.#transactions = transactions;
    this.#decoded = decoded;
    this.point = point;
    this.#state = new StateOverlay(state);
    this.#due = due;
    this.#environment = {
      ...environment,
      isKnown: (id, time) => this.#ids.has(id) || environment.isKnown(id, time),
    };
  }

  /**
   * Goes on with at most `transactionsMax` items of the payload.
   * @returns Whether the payload is done.
   */
  run(transactionsMax: number): boolean {
    if (!this.#timersDone) this.#fireTimers();
    const end = Math.min(this.#transactions.length, this.#position + transactionsMax);
    for (; this.#position < end; this.#position++) this.#item(this.#position);
    return this.#position === this.#transactions.length;
  }

  /** Whether anything came of the payload: only then there is a block. */
  get makesBlock(): boolean {
    return this.executed.length > 0 || this.timersFired > 0;
  }

  /** Bytes of the payload's transactions together. */
  get payloadBytes(): number {
    return this.#transactions.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  changes(): readonly StateCell[] {
    assert(this.#position === this.#transactions.length, 'changes are read when the payload is done');
    return this.#state.changes;
  }

  /** What rules after this block; `undefined` unless an operation changed it. */
  get nextConfiguration(): Configuration | undefined {
    for (const { module, key, after } of this.changes()) {
      if (module === CONFIGURATION_MODULE && bytesEqual(key, CONFIGURATION_KEY) && after) {
        return decodeConfiguration(after.bytes);
      }
    }
    return undefined;
  }

  #fireTimers(): void {
    this.#timersDone = true;
    for (const stateKey of this.#due) {
      const entry = this.#state.get(TIMERS_MODULE, stateKey);
      // An earlier timer of this block may have cancelled it.
      if (entry === undefined) continue;
      this.#state.put(TIMERS_MODULE, stateKey, undefined);
      this.#state.keep();
      this.timersFired += 1;
      const timer = readTimer(stateKey, entry.bytes);
      const events: ModuleEvent[] = [];
      const fired = runTimer(timer, this.#scope(events));
      this.#settle(fired);
      if (fired) this.timerEvents.push(...events);
    }
  }

  #item(payloadIndex: number): void {
    const transaction = this.#decoded
      ? this.#decoded[payloadIndex]
      : decodedTransaction(this.#transactions[payloadIndex] as Uint8Array);
    if (transaction === undefined) {
      this.skipped.push({ payloadIndex, id: undefined, code: 'TRANSACTION_MALFORMED' });
      return;
    }
    const judged = skipCode(transaction, this.point, this.#state, this.#environment);
    if (typeof judged === 'string') {
      this.skipped.push({ payloadIndex, id: transaction.id, code: judged });
      return;
    }
    this.#ids.add(transaction.id);
    this.#execute(transaction, judged, payloadIndex);
  }

  #execute(transaction: Transaction, sender: Sender, payloadIndex: number): void {
    const events: ModuleEvent[] = [];
    const values: CborValue[] = [];
    const scope = this.#scope(events);
    let failed: string | undefined;
    try {
      for (const operation of transaction.operations)
        values.push(runOperation(operation, sender, transaction.id, scope));
    } catch (error) {
      if (!(error instanceof OperationFailed)) throw error;
      failed = error.code;
    }
    this.#settle(failed === undefined);
    const content = failed === undefined ? { values, events } : EMPTY_RESULTS;
    const results = failed === undefined ? encodeResults(content) : EMPTY_RESULTS_BYTES;
    const outcome: Outcome =
      failed === undefined
        ? { code: OUTCOME_OK, failedOperation: null, resultsHash: sha256(results) }
        : { code: failed, failedOperation: values.length, resultsHash: EMPTY_RESULTS_HASH };
    const leaf = encodeLeaf(leafOf(transaction, outcome));
    this.executed.push({ id: transaction.id, payloadIndex, outcome, leaf, results, content });
  }

  #scope(events: ModuleEvent[]): OperationScope {
    return { overlay: this.#state, events, point: this.point, environment: this.#environment };
  }

  /** What a transaction or a timer wrote stays, or is as if it had never been. */
  #settle(stays: boolean): void {
    if (stays) this.#state.keep();
    else this.#state.undo();
  }
}
