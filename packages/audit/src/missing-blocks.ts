import type { Findings } from './finding.ts';

/** Heights named one by one in a finding about a row of them. */
const NAMED_MAX = 8;

/** Blocks that are not there, or that others stand in place of: a row of them is one finding. */
export class MissingBlocks {
  readonly #findings: Findings;
  #first: number | undefined;
  #last = 0;
  /** Of the row, the heights of the blocks that stand there instead; empty where there are none. */
  #instead: string[] = [];
  #isMisplaced = false;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** @param instead - Height of the block that stands there. */
  add(height: number, instead?: number): void {
    const isMisplaced = instead !== undefined;
    if (this.#first !== undefined && this.#isMisplaced !== isMisplaced) this.end(undefined);
    this.#first ??= height;
    this.#last = height;
    this.#isMisplaced = isMisplaced;
    if (isMisplaced && this.#instead.length < NAMED_MAX) this.#instead.push(`${instead} at ${height}`);
  }

  /**
   * The row ends here.
   * @param tip - The newest height that the copy claims, where it was reached.
   */
  end(tip: number | undefined): void {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined) return;
    this.#first = undefined;
    if (this.#isMisplaced) {
      const more = last - first + 1 > this.#instead.length ? ', …' : '';
      const text = `other blocks stand at heights ${first} to ${last}: ${this.#instead.join(', ')}${more}`;
      this.#findings.add('BLOCK_MISPLACED', first, text);
      this.#instead = [];
      return;
    }
    const which = first === last ? `block ${first} is` : `blocks ${first} to ${last} are`;
    if (tip !== undefined && last >= tip)
      this.#findings.add('TAIL_TRUNCATED', first, `${which} missing, up to the newest that the copy claims`);
    else this.#findings.add('BLOCK_MISSING', first, `${which} missing`);
  }
}
