/** Something to happen at a time. */
interface Scheduled {
  readonly at: number;
  /** Order of insertion: what is due at the same time happens in this order. */
  readonly order: number;
  readonly run: () => void;
}

/** The virtual clock and what is due on it: a binary heap. Virtual milliseconds, integers from 0. */
export class Scheduler {
  #now = 0;
  #order = 0;
  readonly #heap: Scheduled[] = [];

  get now(): number {
    return this.#now;
  }

  /** Runs `run` after `ms`, behind everything that is already due then. */
  after(ms: number, run: () => void): void {
    const heap = this.#heap;
    const item = { at: this.#now + ms, order: this.#order++, run };
    let child = heap.push(item) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent] as Scheduled;
      if (!isBefore(item, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = item;
  }

  /** Lets time pass until `end`, or until `isDone`, which is asked after each event. */
  run(end: number, isDone: () => boolean): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.#now = next.at;
      next.run();
      if (isDone()) return;
    }
    this.#now = end;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Scheduled;
    const size = heap.length;
    if (size === 0) return;
    let parent = 0;
    for (let child = 1; child < size; child = 2 * parent + 1) {
      const right = heap[child + 1];
      if (right && isBefore(right, heap[child] as Scheduled)) child += 1;
      const below = heap[child] as Scheduled;
      if (!isBefore(below, last)) break;
      heap[parent] = below;
      parent = child;
    }
    heap[parent] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
