import type { Notice } from '@varve/validator';

/** Which of the two heights to wait for. */
export type HeightKind = 'committed' | 'final';

interface Waiter {
  readonly kind: HeightKind;
  readonly height: number;
  readonly settle: (reached: boolean) => void;
}

/** How far the node is, durably, and who waits for it to get further. */
export class Progress {
  #height: number;
  #finalHeight: number;
  #closed = false;
  readonly #waiters = new Set<Waiter>();

  constructor(start: { readonly height: number; readonly finalHeight: number }) {
    this.#height = start.height;
    this.#finalHeight = start.finalHeight;
  }

  /** The highest block that is executed and durable here, or certified: then a quorum holds it durably. */
  get height(): number {
    return Math.max(this.#height, this.#finalHeight);
  }

  get finalHeight(): number {
    return this.#finalHeight;
  }

  take(notice: Notice): void {
    if (notice.kind === 'committed') this.#height = Math.max(this.#height, notice.height);
    else if (notice.kind === 'final') this.#finalHeight = Math.max(this.#finalHeight, notice.height);
    else return;
    for (const waiter of [...this.#waiters]) if (this.#at(waiter.kind) >= waiter.height) waiter.settle(true);
  }

  /**
   * Resolves with whether `height` was reached before `timeoutMs` passed, `signal` fired or the node closed.
   * @param timeoutMs - Absent: as long as it takes.
   */
  reach(kind: HeightKind, height: number, timeoutMs?: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#at(kind) >= height) return Promise.resolve(true);
    if (this.#closed || signal?.aborted || timeoutMs === 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const give = (): void => waiter.settle(false);
      const timer = timeoutMs === undefined ? undefined : setTimeout(give, timeoutMs);
      const waiter: Waiter = {
        kind,
        height,
        settle: (reached) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', give);
          this.#waiters.delete(waiter);
          resolve(reached);
        },
      };
      signal?.addEventListener('abort', give);
      this.#waiters.add(waiter);
    });
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) waiter.settle(false);
  }

  #at(kind: HeightKind): number {
    return kind === 'final' ? this.#finalHeight : this.height;
  }
}
