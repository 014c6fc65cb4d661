import { randomBytes } from 'node:crypto';
import type { Signer } from '@varve/crypto';
import type { ChainId } from '@varve/encoding';
import { prepareTransaction } from '@varve/ledger';
import { accountIdOf } from '@varve/modules';

/** Makes signed transactions of one size, each creating a node of its own. */
export class TransactionMaker {
  readonly #chainId: ChainId;
  readonly #signers: readonly Signer[];
  readonly #bytes: number;
  readonly #run: string = randomBytes(4).toString('hex');
  readonly #padding: number;
  #made = 0;

  /** @param bytes - Size of each whole transaction. @throws where no transaction is that small. */
  constructor(chainId: ChainId, signers: readonly Signer[], bytes: number) {
    this.#chainId = chainId;
    this.#signers = signers;
    this.#bytes = bytes;
    this.#padding = this.#findPadding();
  }

  /** `count` fresh transactions, valid for ten minutes less a little. */
  make(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#one(this.#padding));
  }

  #one(padding: number): Uint8Array {
    const signer = this.#signers[this.#made % this.#signers.length];
    if (signer === undefined) throw new Error('the bench needs an account');
    // As many digits for each, so that all have one size.
    const path = `/${this.#run}-${String(this.#made++).padStart(8, '0')}`;
    const { signedBytes, assemble } = prepareTransaction(
      {
        chainId: this.#chainId,
        account: accountIdOf(signer.publicKey),
        nonce: randomBytes(16),
        validUntil: Date.now() + 580_000,
        operations: [{ module: 'coordination', method: 'create', arguments: [path, new Uint8Array(padding)] }],
      },
      signer.publicKey,
    );
    return assemble(signer.sign(signedBytes)).bytes;
  }

  #findPadding(): number {
    for (let padding = 0; padding <= this.#bytes; padding++) {
      const { length } = this.#one(padding);
      if (length === this.#bytes) return padding;
      if (length > this.#bytes) break;
    }
    throw new Error(`no transaction of this kind has exactly ${this.#bytes} bytes`);
  }
}

/** Signs `count` ahead, so that signing is not measured; whatever is needed beyond that is signed on the way. */
export function signedAhead(maker: TransactionMaker, count: number): (count: number) => readonly Uint8Array[] {
  const stock = maker.make(count);
  let taken = 0;
  return (wanted) => {
    if (taken + wanted > stock.length) return maker.make(wanted);
    taken += wanted;
    return stock.slice(taken - wanted, taken);
  };
}
