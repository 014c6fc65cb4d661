import { type CborValue, EncodingError, encodeCbor, type TransactionId } from '@varve/encoding';
import type { ExecutionEnvironment, ExecutionPoint } from './execution.ts';
import { type Module, type OperationContext, OperationFailed, type Sender, type StateEntry } from './module.ts';
import type { ModuleEvent } from './outcome.ts';
import { nextEntry, type StateOverlay } from './state.ts';
import { TIMERS_MODULE, type Timer, timerStateKey, timerStateValue } from './timers.ts';
import type { Operation } from './transaction.ts';

/** Where one operation writes. */
export interface OperationScope {
  readonly overlay: StateOverlay;
  readonly events: ModuleEvent[];
  readonly point: ExecutionPoint;
  readonly environment: ExecutionEnvironment;
}

/**
 * Runs one operation of a transaction in its scope.
 * @throws {OperationFailed} `OPERATION_UNKNOWN`, `RESULT_TOO_LARGE`, or the module's own code.
 */
export function runOperation(
  operation: Operation,
  sender: Sender,
  transactionId: TransactionId,
  scope: OperationScope,
): CborValue {
  const module = scope.environment.modules.get(operation.module);
  if (!module?.methods.includes(operation.method)) throw new OperationFailed('OPERATION_UNKNOWN');
  const value = module.execute(operation.method, operation.arguments, contextOf(module, scope, sender, transactionId));
  return bounded(value, scope);
}

/** Runs a timer; returns whether it took effect. A failing timer leaves nothing behind and is not tried again. */
export function runTimer(timer: Timer, scope: OperationScope): boolean {
  const module = scope.environment.modules.get(timer.module);
  if (module?.timer === undefined) return false;
  try {
    module.timer(timer.method, timer.arguments, contextOf(module, scope, undefined, undefined));
    return true;
  } catch (error) {
    if (error instanceof OperationFailed) return false;
    throw error;
  }
}

function contextOf(
  module: Module,
  scope: OperationScope,
  sender: Sender | undefined,
  transactionId: TransactionId | undefined,
): OperationContext {
  const { overlay, events, point, environment } = scope;
  const set = (owner: string, key: Uint8Array, bytes: Uint8Array): StateEntry => {
    const entry = nextEntry(
      overlay.get(owner, key),
      key,
      bytes,
      point.height,
      environment.chain.configuration.parameters,
    );
    overlay.put(owner, key, entry);
    return entry;
  };
  return {
    sender,
    transactionId,
    height: point.height,
    time: point.time,
    state: overlay,
    chain: environment.chain,
    get: (key) => overlay.get(module.name, key),
    set: (key, bytes) => set(module.name, key, bytes),
    delete: (key) => overlay.put(module.name, key, undefined),
    emit: (topic, value) => {
      events.push({ module: module.name, topic, value: bounded(value, scope) });
    },
    schedule: (dueTime, key, method, args) => {
      set(TIMERS_MODULE, timerStateKey(dueTime, module.name, key), timerStateValue(method, args));
    },
    cancel: (dueTime, key) => overlay.put(TIMERS_MODULE, timerStateKey(dueTime, module.name, key), undefined),
  };
}

/** Results travel in records: a value must be encodable three levels down and within the value limit. */
function bounded(value: CborValue, scope: OperationScope): CborValue {
  let size: number;
  try {
    size = encodeCbor([[[value]]]).length;
  } catch (error) {
    if (error instanceof EncodingError) throw new OperationFailed('RESULT_TOO_LARGE');
    throw error;
  }
  if (size > scope.environment.chain.configuration.parameters.valueBytesMax + 16)
    throw new OperationFailed('RESULT_TOO_LARGE');
  return value;
}
