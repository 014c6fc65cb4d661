import type { Recovered, Write } from '@varve/consensus';

/** The epochs of a replica's entries, as its writes made them. */
export class LogModel {
  readonly #epochs = new Map<number, number>();
  /** What is below is certified, and the same everywhere. */
  #anchor: number;
  #lastIndex: number;

  constructor({ anchor, log }: Pick<Recovered, 'anchor' | 'log'>) {
    this.#anchor = anchor.index;
    this.#lastIndex = anchor.index;
    this.apply({ append: log });
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  apply({ truncateFrom, append, anchor }: Pick<Write<unknown>, 'truncateFrom' | 'append' | 'anchor'>): void {
    for (let at = truncateFrom ?? Number.POSITIVE_INFINITY; at <= this.#lastIndex; at++) this.#epochs.delete(at);
    if (truncateFrom !== undefined) this.#lastIndex = Math.min(this.#lastIndex, truncateFrom - 1);
    for (const { index, epoch } of append) {
      this.#epochs.set(index, epoch.number);
      this.#lastIndex = index;
    }
    if (anchor === undefined) return;
    for (let at = this.#anchor; at <= anchor.index; at++) this.#epochs.delete(at);
    this.#anchor = anchor.index;
    this.#lastIndex = Math.max(this.#lastIndex, anchor.index);
  }

  /** `certified` up to the anchor, where nothing can differ; `undefined` beyond the end. */
  epochAt(index: number): number | 'certified' | undefined {
    return index <= this.#anchor ? 'certified' : this.#epochs.get(index);
  }

  /** Whether that entry is held. What is certified is. */
  holds(index: number, epoch: number): boolean {
    const held = this.epochAt(index);
    return held === 'certified' || held === epoch;
  }

  /** As it is now, whatever is written later. */
  copy(): LogModel {
    const copy = new LogModel({ anchor: { index: this.#anchor } as Recovered['anchor'], log: [] });
    for (const [index, epoch] of this.#epochs) copy.#epochs.set(index, epoch);
    copy.#lastIndex = this.#lastIndex;
    return copy;
  }
}
