import type { Transaction } from '@varve/ledger';

interface Underway {
  readonly transaction: Transaction;
  readonly waiting: (() => void)[];
}

/**
 * Transactions whose signatures are being judged, by hash. Under load a payload often arrives while its transactions are
 * at admission, or just before they come: whoever is later waits for the verdict, since nothing that could be done
 * twice is as dear.
 */
export class VerdictsUnderway {
  readonly #underway = new Map<string, Underway>();

  begin(transaction: Transaction): void {
    this.#underway.set(transaction.hashHex, { transaction, waiting: [] });
  }

  get(hashHex: string): Transaction | undefined {
    return this.#underway.get(hashHex)?.transaction;
  }

  /**
   * Has `then` called when the verdict is found; admission tells none that is bad, since its rule is stricter.
   * @returns Whether it will be: not, where nobody is judging it.
   */
  wait(hashHex: string, then: () => void): boolean {
    const underway = this.#underway.get(hashHex);
    underway?.waiting.push(then);
    return underway !== undefined;
  }

  end(hashHex: string): void {
    const waiting = this.#underway.get(hashHex)?.waiting;
    this.#underway.delete(hashHex);
    for (const then of waiting ?? []) then();
  }
}
