import { sha256Hex } from '@varve/crypto';
import { type AccountId, accountId, chainId } from '@varve/encoding';
import { type Operation, prepareTransaction, type Transaction } from '@varve/ledger';
import type { StatusAnswer } from './answers.ts';
import { VarveError } from './errors.ts';
import type { TransactionSigner } from './signer.ts';
import type { Transport } from './transport.ts';

/** How long a transaction is valid unless told otherwise, milliseconds; the chain allows no more than `validityMs`. */
const VALIDITY_MS_DEFAULT = 120_000;
const NONCE_BYTES = 16;

/** Choices for one transaction. */
export interface BuildOptions {
  readonly signer?: TransactionSigner | undefined;
  /** Default: the account whose first key is the signer's. */
  readonly account?: AccountId | string | undefined;
  /** How long it may wait to be executed, milliseconds. */
  readonly validityMs?: number | undefined;
}

/** Makes signed transactions for the chain of one node. */
export class Builder {
  readonly #transport: Transport;
  readonly #signer: TransactionSigner | undefined;
  #chain: Promise<StatusAnswer> | undefined;
  /** How far the chain's time was ahead of ours when last seen, milliseconds. */
  #aheadMs = 0;

  constructor(transport: Transport, signer: TransactionSigner | undefined) {
    this.#transport = transport;
    this.#signer = signer;
  }

  /** Notes the chain's time, which validity is counted from where our clock is behind. */
  noticeTime(status: StatusAnswer): void {
    this.#aheadMs = Math.max(0, Date.parse(status.blockTime) - Date.now());
  }

  /** @throws {VarveError} `SIGNER_MISSING`, or what keeps the node from answering `/v1/status`. */
  async build(operations: readonly Operation[], options: BuildOptions = {}): Promise<Transaction> {
    const signer = options.signer ?? this.#signer;
    if (signer === undefined) {
      throw new VarveError('SIGNER_MISSING', {
        detail: 'nobody signs',
        hint: 'give createClient or the call a signer, such as createSigner(seed) of @varve/crypto',
      });
    }
    const status = await this.#status();
    const validity = Math.min(options.validityMs ?? VALIDITY_MS_DEFAULT, status.configuration.validityMs);
    const body = {
      chainId: chainId(status.chainId),
      account: options.account === undefined ? accountOf(signer.publicKey) : accountId(options.account),
      nonce: globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
      validUntil: Date.now() + this.#aheadMs + validity,
      operations,
    };
    const { signedBytes, assemble } = prepareTransaction(body, signer.publicKey);
    return assemble(await signer.sign(signedBytes));
  }

  /** The status when first asked: it names the chain. */
  async #status(): Promise<StatusAnswer> {
    this.#chain ??= this.#transport.json<StatusAnswer>('/v1/status');
    try {
      const status = await this.#chain;
      if (this.#aheadMs === 0) this.noticeTime(status);
      return status;
    } catch (error) {
      this.#chain = undefined;
      throw error;
    }
  }
}

/** The account whose first key is `publicKey`: its SHA-256. */
export function accountOf(publicKey: Uint8Array): AccountId {
  return sha256Hex(publicKey) as AccountId;
}
