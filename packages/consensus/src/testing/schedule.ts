interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is to happen on a virtual clock; what is due at the same time happens in the order in which it was asked for. */
export class Schedule {
  #events: Event[] = [];
  #order = 0;

  at(time: number, run: () => void): void {
    this.#order += 1;
    const event = { at: time, order: this.#order, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle];
      if (other && other.at <= time) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** The next event that is due by `time`, if any. */
  take(time: number): { readonly at: number; readonly run: () => void } | undefined {
    const first = this.#events[0];
    if (!first || first.at > time) return undefined;
    return this.#events.shift();
  }
}
