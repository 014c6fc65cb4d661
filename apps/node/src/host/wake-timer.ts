/** The machine's timers take no longer delays than some days; whoever waits longer is woken, and asks again. Milliseconds. */
const DELAY_MS_MAX = 60_000;

/**
 * One timer that is set anew all the time, mostly for later. A timer that runs is left alone then: when it fires
 * early, it is started again for what is left.
 */
export class WakeTimer {
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;
  #at = Number.POSITIVE_INFINITY;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Wakes at `at` on the monotonic clock, or within a minute where that is longer; replaces what was set before. */
  set(at: number): void {
    const now = performance.now();
    this.#at = Math.min(at, now + DELAY_MS_MAX);
    if (this.#timer !== undefined && this.#firesAt <= this.#at) return;
    this.#start(now);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(now: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = this.#at;
    // Rounded up: a timer that fires a fraction of a millisecond early would have to be started again.
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.ceil(this.#at - now)));
  }

  #fire(): void {
    this.#timer = undefined;
    const now = performance.now();
    if (now < this.#at) this.#start(now);
    else this.#wake();
  }
}
