import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { assert } from '@varve/consensus';
import type { Signer } from '@varve/crypto';
import type { ChainId } from '@varve/encoding';
import { type Operation, PARAMETERS_DEFAULT, prepareTransaction } from '@varve/ledger';
import { accountIdOf } from '@varve/modules';
import { LoadError } from './errors.ts';

/** Ten minutes less a little: as long as a transaction may be valid on a node whose clock is late. */
const VALID_MS = 580_000;
const RUN_BYTES = 4;
/** As many digits for each, so that all have one size. */
const NUMBER_DIGITS = 8;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Signed without a pause; a signal is heard between. */
const SIGNED_IN_A_TURN = 100;

/** Gives so many fresh transactions, or `undefined` when no more are to be sent. */
export type TransactionSource = (count: number) => readonly Uint8Array[] | undefined;

/** What each transaction of a load does: creates a node of its own, or sets one of `NODES_SET` that are there. */
export type LoadOperation = 'create' | 'set';

/** Nodes that are set in turn. */
const NODES_SET = 10_000;
/** Operations of a transaction that creates them. */
const NODES_PER_TRANSACTION = 50;

/** Makes signed transactions of one size. */
export class TransactionMaker {
  readonly #chainId: ChainId;
  readonly #signers: readonly Signer[];
  readonly #operation: LoadOperation;
  readonly #padding: number;
  readonly #run: string = randomBytes(RUN_BYTES).toString('hex');
  #made = 0;

  /**
   * @param signers - Of accounts that take turns; at least one.
   * @param bytes - Size of each whole transaction.
   * @throws {LoadError} `TRANSACTION_SIZE_UNREACHABLE`.
   */
  constructor(chainId: ChainId, signers: readonly Signer[], bytes: number, operation: LoadOperation = 'create') {
    this.#chainId = chainId;
    this.#signers = signers;
    this.#operation = operation;
    this.#padding = paddingFor(bytes, operation);
  }

  /** What must be executed before any of the others: none, unless nodes are to be set. */
  makeNodes(): Uint8Array[] {
    const count = this.#operation === 'set' ? NODES_SET / NODES_PER_TRANSACTION : 0;
    return Array.from({ length: count }, (_, i) => {
      const numbers = Array.from({ length: NODES_PER_TRANSACTION }, (_node, k) => i * NODES_PER_TRANSACTION + k);
      return this.#signed(numbers.map((number) => operationOf('create', pathOf(this.#run, number), 0)));
    });
  }

  /** `count` fresh transactions, valid for ten minutes less a little. */
  make(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#one());
  }

  #one(): Uint8Array {
    const number = this.#operation === 'set' ? this.#made % NODES_SET : this.#made;
    return this.#signed([operationOf(this.#operation, pathOf(this.#run, number), this.#padding)]);
  }

  #signed(operations: readonly Operation[]): Uint8Array {
    const signer = this.#signers[this.#made++ % this.#signers.length];
    assert(signer !== undefined, 'somebody signs');
    const { signedBytes, assemble } = prepare(this.#chainId, signer.publicKey, operations);
    return assemble(signer.sign(signedBytes)).bytes;
  }
}

/**
 * Signs `count` ahead, so that signing is not measured; whatever is needed beyond that is signed on the way.
 * @param signal - When it is aborted, nothing more is signed or given.
 */
export async function signedAhead(
  maker: TransactionMaker,
  count: number,
  signal?: AbortSignal,
): Promise<TransactionSource> {
  const stock: Uint8Array[] = [];
  while (stock.length < count && !signal?.aborted) {
    stock.push(...maker.make(Math.min(SIGNED_IN_A_TURN, count - stock.length)));
    await turn();
  }
  let taken = 0;
  return (wanted) => {
    if (signal?.aborted) return undefined;
    if (taken + wanted > stock.length) return maker.make(wanted);
    taken += wanted;
    return stock.slice(taken - wanted, taken);
  };
}

/** The bytes in `300B` or `300`; `undefined` for anything else. */
export function transactionBytesOf(text: string): number | undefined {
  const bytes = Number(/^(\d{1,6})B?$/.exec(text)?.[1] ?? 0);
  return bytes > 0 ? bytes : undefined;
}

/**
 * How long a node's value must be for its whole transaction to have `bytes`.
 * @throws {LoadError} `TRANSACTION_SIZE_UNREACHABLE`: too small or too large for one that creates a node, or just
 *   where the encoding of a length takes a byte more.
 */
export function paddingFor(bytes: number, operation: LoadOperation = 'create'): number {
  const path = pathOf('0'.repeat(2 * RUN_BYTES), 0);
  const sizeWith = (padding: number): number =>
    prepare('0'.repeat(64) as ChainId, new Uint8Array(KEY_BYTES), [operationOf(operation, path, padding)]).assemble(
      new Uint8Array(SIGNATURE_BYTES),
    ).bytes.length;
  const bytesMin = sizeWith(0);
  const bytesMax = sizeWith(PARAMETERS_DEFAULT.valueBytesMax);
  // Lengths are written in up to four bytes more than for an empty value, in two places.
  const most = Math.min(bytes - bytesMin, PARAMETERS_DEFAULT.valueBytesMax);
  for (let padding = most; padding >= 0 && padding >= most - 8; padding--) {
    if (sizeWith(padding) === bytes) return padding;
  }
  const message = `no transaction of this kind has exactly ${bytes} bytes: the smallest has ${bytesMin}, the largest ${bytesMax}`;
  throw new LoadError('TRANSACTION_SIZE_UNREACHABLE', message, { bytes, bytesMin, bytesMax });
}

function pathOf(run: string, number: number): string {
  return `/${run}-${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

function operationOf(method: LoadOperation, path: string, padding: number): Operation {
  const value = new Uint8Array(padding);
  return { module: 'coordination', method, arguments: method === 'set' ? [path, value, null] : [path, value] };
}

function prepare(
  chainId: ChainId,
  publicKey: Uint8Array,
  operations: readonly Operation[],
): ReturnType<typeof prepareTransaction> {
  return prepareTransaction(
    {
      chainId,
      account: accountIdOf(publicKey),
      nonce: randomBytes(16),
      validUntil: Date.now() + VALID_MS,
      operations,
    },
    publicKey,
  );
}
