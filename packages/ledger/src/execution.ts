import { assert, type Configuration } from '@varve/consensus';
import { bytesEqual, type Height, type TransactionId } from '@varve/encoding';
import { decodeConfiguration } from './configuration-codec.ts';
import { CONFIGURATION_KEY, CONFIGURATION_MODULE } from './configuration-state.ts';
import { EncodedList } from './encoded-list.ts';
import { type ExecutedTransaction, ExecutedTransactions } from './executed.ts';
import type { AccountDirectory, ChainView, Module, Sender, StateReader } from './module.ts';
import { OperationFailed } from './module.ts';
import { type OperationScope, runOperation, runTimer } from './operation.ts';
import { ResultsWriter } from './results-writer.ts';
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

/** What the transaction or timer being executed returns and emits; one is executed at a time. */
const results = new ResultsWriter();

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
  readonly skipped: {
    readonly payloadIndex: number;
    readonly id: TransactionId | undefined;
    readonly code: SkipCode;
  }[] = [];
  /** What timers emitted, each `[module, topic, value]`. */
  readonly timerEvents: EncodedList = new EncodedList(0);
  /** How many timers fired. */
  timersFired = 0;
  readonly #transactions: readonly Uint8Array[];
  readonly #decoded: readonly (Transaction | undefined)[] | undefined;
  readonly #environment: ExecutionEnvironment;
  readonly #state: StateOverlay;
  readonly #executed: ExecutedTransactions;
  readonly #ids = new Set<TransactionId>();
  readonly #scope: OperationScope;
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
    this.#executed = new ExecutedTransactions(transactions.length);
    this.#due = due;
    this.#environment = {
      ...environment,
      isKnown: (id, time) => this.#ids.has(id) || environment.isKnown(id, time),
    };
    this.#scope = { overlay: this.#state, results, point, environment: this.#environment };
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

  /** The transactions that got a leaf, in order. */
  get executed(): readonly ExecutedTransaction[] {
    return this.#executed.transactions;
  }

  /** The same as the index record of the block has them. */
  get leaves(): EncodedList {
    return this.#executed.list;
  }

  /** Root of the transactions tree, 32 bytes. */
  get transactionsRoot(): Uint8Array {
    return this.#executed.root;
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
      results.clear();
      const fired = runTimer(timer, this.#scope);
      this.#settle(fired);
      if (fired) this.timerEvents.append(results.events);
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
    results.clear();
    let failed: string | undefined;
    try {
      for (const operation of transaction.operations) runOperation(operation, sender, transaction.id, this.#scope);
    } catch (error) {
      if (!(error instanceof OperationFailed)) throw error;
      failed = error.code;
    }
    this.#settle(failed === undefined);
    if (failed === undefined) this.#executed.succeeded(transaction, payloadIndex, results.encoded());
    else this.#executed.failed(transaction, payloadIndex, failed, results.valueCount);
  }

  /** What a transaction or a timer wrote stays, or is as if it had never been. */
  #settle(stays: boolean): void {
    if (stays) this.#state.keep();
    else this.#state.undo();
  }
}
