import { IdMap } from '@varve/encoding';

/**
 * Transactions whose signatures are being judged, by hash. Under load a payload often arrives while its transactions are
 * at admission, or just before they come: whoever is later waits for the verdict, since nothing that could be done
 * twice is as dear.
 */
export class VerdictsUnderway {
  readonly #waiting: IdMap<string, (() => void)[] | undefined>;

  /** @param salt - See `IdMap`. */
  constructor(salt: string) {
    this.#waiting = new IdMap(salt);
  }

  begin(hashHex: string): void {
    this.#waiting.set(hashHex, undefined);
  }

  /**
   * Has `then` called when the verdict is found; admission tells none that is bad, since its rule is stricter.
   * @returns Whether it will be: not, where nobody is judging it.
   */
  wait(hashHex: string, then: () => void): boolean {
    if (!this.#waiting.has(hashHex)) return false;
    const waiting = this.#waiting.get(hashHex);
    if (waiting) waiting.push(then);
    else this.#waiting.set(hashHex, [then]);
    return true;
  }

  end(hashHex: string): void {
    const waiting = this.#waiting.get(hashHex);
    this.#waiting.delete(hashHex);
    for (const then of waiting ?? []) then();
  }
}
