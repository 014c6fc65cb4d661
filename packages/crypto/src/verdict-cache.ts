/** Default number of verdicts kept: at about 200 bytes each, some 25 MB. */
export const VERDICTS_MAX: number = 131_072;

/**
 * Verdicts of `verifySignature`, so that a transaction met at admission, in a proposal and in a block is checked
 * once. The key is the SHA-256 of the *whole* transaction bytes, never a transaction id: an id does not cover the
 * signature, and a bad signature on a known id would inherit the good one's verdict.
 *
 * Two generations: what was used since the older one was full survives, the rest goes.
 */
export class VerdictCache {
  readonly #generationMax: number;
  #young = new Map<string, boolean>();
  #old = new Map<string, boolean>();

  /** @param verdictsMax - Upper bound of `size`, at least 2. */
  constructor(verdictsMax: number = VERDICTS_MAX) {
    this.#generationMax = Math.max(1, Math.floor(verdictsMax / 2));
  }

  /** Number of verdicts held; one that was used in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * The verdict on a transaction, or `undefined` when unknown.
   * @param hashHex - SHA-256 of the whole transaction bytes, as `sha256Hex` gives it.
   */
  get(hashHex: string): boolean | undefined {
    const young = this.#young.get(hashHex);
    if (young !== undefined) return young;
    const old = this.#old.get(hashHex);
    if (old !== undefined) this.set(hashHex, old);
    return old;
  }

  /** Remembers a verdict; see `get` for the key. */
  set(hashHex: string, verdict: boolean): void {
    if (this.#young.size >= this.#generationMax && !this.#young.has(hashHex)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hashHex, verdict);
  }

  /** Forgets a verdict that nobody will ask for again. */
  delete(hashHex: string): void {
    this.#young.delete(hashHex);
    this.#old.delete(hashHex);
  }
}
