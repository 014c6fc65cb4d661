import type { Findings } from './finding.ts';

/** Blocks that are not there: a row of them is one finding. */
export class MissingBlocks {
  readonly #findings: Findings;
  #first: number | undefined;
  #last = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(height: number): void {
    this.#first ??= height;
    this.#last = height;
  }

  /**
   * The row ends here.
   * @param tip - The newest height that the copy claims, where it was reached.
   */
  end(tip: number | undefined): void {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined) return;
    this.#first = undefined;
    const which = first === last ? `block ${first} is` : `blocks ${first} to ${last} are`;
    if (tip !== undefined && last >= tip)
      this.#findings.add('TAIL_TRUNCATED', first, `${which} missing, up to the newest that the copy claims`);
    else this.#findings.add('BLOCK_MISSING', first, `${which} missing`);
  }
}
