import type { CborValue, Height, TransactionId } from '@varve/encoding';
import type { ExecutionEnvironment, ExecutionPoint } from './execution.ts';
import {
  type ChainView,
  type Module,
  type OperationContext,
  OperationFailed,
  type Sender,
  type StateEntry,
  type StateReader,
} from './module.ts';
import type { ResultsWriter } from './results-writer.ts';
import { nextEntry } from './state.ts';
import type { StateOverlay } from './state-overlay.ts';
import { TIMERS_MODULE, type Timer, timerStateKey, timerStateValue } from './timers.ts';
import type { Operation } from './transaction.ts';

/** Where operations write. */
export interface OperationScope {
  readonly overlay: StateOverlay;
  readonly results: ResultsWriter;
  readonly point: ExecutionPoint;
  readonly environment: ExecutionEnvironment;
}

/**
 * Runs one operation of a transaction in its scope, which notes what it returns.
 * @throws {OperationFailed} `OPERATION_UNKNOWN`, `RESULT_TOO_LARGE`, or the module's own code.
 */
export function runOperation(
  operation: Operation,
  sender: Sender,
  transactionId: TransactionId,
  scope: OperationScope,
): void {
  const module = scope.environment.modules.get(operation.module);
  if (!module?.methods.includes(operation.method)) throw new OperationFailed('OPERATION_UNKNOWN');
  const value = module.execute(
    operation.method,
    operation.arguments,
    new ScopedContext(module, scope, sender, transactionId),
  );
  scope.results.returned(value, scope.environment.chain.configuration.parameters.valueBytesMax);
}

/** Runs a timer; returns whether it took effect. A failing timer leaves nothing behind and is not tried again. */
export function runTimer(timer: Timer, scope: OperationScope): boolean {
  const module = scope.environment.modules.get(timer.module);
  if (module?.timer === undefined) return false;
  try {
    module.timer(timer.method, timer.arguments, new ScopedContext(module, scope, undefined, undefined));
    return true;
  } catch (error) {
    if (error instanceof OperationFailed) return false;
    throw error;
  }
}

/** What one operation or timer sees of the block being made. */
class ScopedContext implements OperationContext {
  readonly sender: Sender | undefined;
  readonly transactionId: TransactionId | undefined;
  readonly #module: string;
  readonly #scope: OperationScope;

  constructor(
    module: Module,
    scope: OperationScope,
    sender: Sender | undefined,
    transactionId: TransactionId | undefined,
  ) {
    this.#module = module.name;
    this.#scope = scope;
    this.sender = sender;
    this.transactionId = transactionId;
  }

  get height(): Height {
    return this.#scope.point.height;
  }

  get time(): number {
    return this.#scope.point.time;
  }

  get state(): StateReader {
    return this.#scope.overlay;
  }

  get chain(): ChainView {
    return this.#scope.environment.chain;
  }

  get(key: Uint8Array): StateEntry | undefined {
    return this.#scope.overlay.get(this.#module, key);
  }

  set(key: Uint8Array, bytes: Uint8Array): StateEntry {
    return this.#set(this.#module, key, bytes);
  }

  delete(key: Uint8Array): void {
    this.#scope.overlay.put(this.#module, key, undefined);
  }

  emit(topic: string, value: CborValue): void {
    const { valueBytesMax } = this.#scope.environment.chain.configuration.parameters;
    this.#scope.results.emitted(this.#module, topic, value, valueBytesMax);
  }

  schedule(dueTime: number, key: Uint8Array, method: string, args: readonly CborValue[]): void {
    this.#set(TIMERS_MODULE, timerStateKey(dueTime, this.#module, key), timerStateValue(method, args));
  }

  cancel(dueTime: number, key: Uint8Array): void {
    this.#scope.overlay.put(TIMERS_MODULE, timerStateKey(dueTime, this.#module, key), undefined);
  }

  #set(owner: string, key: Uint8Array, bytes: Uint8Array): StateEntry {
    const { overlay, point, environment } = this.#scope;
    const cell = overlay.cell(owner, key);
    const entry = nextEntry(cell.after, key, bytes, point.height, environment.chain.configuration.parameters);
    overlay.write(cell, entry);
    return entry;
  }
}
