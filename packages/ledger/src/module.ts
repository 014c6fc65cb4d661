import type { Configuration } from '@varve/consensus';
import type { AccountId, BlockHash, CborValue, ChainId, Height, TransactionId } from '@varve/encoding';
import type { Role } from './genesis.ts';

/** A value in the state, with what every value carries. */
export interface StateEntry {
  /** 0 at creation, one more at each change, from 0 again after a deletion. */
  readonly version: number;
  /** Height of the block that last changed it. */
  readonly modifiedHeight: number;
  readonly bytes: Uint8Array;
}

/** Reads the state as of one point of the order. */
export interface StateReader {
  get(module: string, key: Uint8Array): StateEntry | undefined;
}

/** Who signed the transaction. */
export interface Sender {
  readonly account: AccountId;
  readonly organization: string;
  readonly roles: readonly Role[];
}

/** What the chain looks like to the block being made: the same on every validator. */
export interface ChainView {
  readonly chainId: ChainId;
  /** Of the block being made. */
  readonly configuration: Configuration;
  /** Names of all organizations. */
  readonly organizations: readonly string[];
  /** Whether the block at `height`, below the one being made, has this hash. */
  isBlock(height: number, hash: BlockHash): boolean;
}

/** What an operation of a module can see and do. Everything it does is undone when its transaction fails. */
export interface OperationContext {
  /** Absent while a timer fires. */
  readonly sender: Sender | undefined;
  /** Absent while a timer fires. */
  readonly transactionId: TransactionId | undefined;
  readonly height: Height;
  /** Block time, Unix milliseconds. */
  readonly time: number;
  /** The whole state, read only. */
  readonly state: StateReader;
  readonly chain: ChainView;
  /** The module's own state. Keys are kept: what is given to these methods must not change afterwards. */
  get(key: Uint8Array): StateEntry | undefined;
  /** @throws {OperationFailed} `KEY_TOO_LONG`, `VALUE_TOO_LONG`. */
  set(key: Uint8Array, bytes: Uint8Array): StateEntry;
  delete(key: Uint8Array): void;
  emit(topic: string, value: CborValue): void;
  /**
   * Has `module.timer(method, …)` run at the start of the first block whose time is at least `dueTime`, and not before
   * the next block. `key` tells timers of one module and time apart.
   */
  schedule(dueTime: number, key: Uint8Array, method: string, args: readonly CborValue[]): void;
  /** Forgets a timer; nothing happens when there is none. */
  cancel(dueTime: number, key: Uint8Array): void;
}

/**
 * A deterministic part of the state machine. It reads no clock and keeps nothing outside the state.
 * Codes of `OperationFailed` become outcome codes, which are for ever: they are documented in docs/errors.md.
 */
export interface Module {
  readonly name: string;
  /** Names of the methods a transaction can call. */
  readonly methods: readonly string[];
  /** Runs one operation; the value returned goes into the results, nested at most five levels. */
  execute(method: string, args: readonly CborValue[], context: OperationContext): CborValue;
  /** Runs a timer the module scheduled. */
  timer?(method: string, args: readonly CborValue[], context: OperationContext): void;
}

/** What execution needs to know of accounts, whoever keeps them. */
export interface AccountDirectory {
  /** The module whose state says who may sign. */
  readonly module: string;
  /** The account, or `undefined` where `publicKey` is not active for it. */
  sender(state: StateReader, account: AccountId, publicKey: Uint8Array): Sender | undefined;
}

/**
 * An operation that cannot be done; the transaction is undone and this becomes its outcome. Anybody can make operations
 * fail, so a failure is no `Error`: looking for the stack would cost more than the operation.
 */
export class OperationFailed {
  readonly name = 'OperationFailed';
  readonly code: string;
  readonly message: string;

  /** @param code - Upper-case words joined by `_`, at most 64 characters. */
  constructor(code: string, message: string = code) {
    this.code = code;
    this.message = message;
  }
}
