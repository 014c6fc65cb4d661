/** How often the final height is looked at, milliseconds. */
const LOOK_MS = 10;
/** A look that takes longer shows nothing. */
const LOOK_MS_MAX = 1_000;

/** Looks at the final height of a node, from now on until it is stopped. */
export class FinalWatch {
  readonly #url: string;
  readonly #looking: Promise<void>;
  #isOver = false;
  #height = -1;
  #since = performance.now();
  #longestMs = 0;

  /** @param url - Of the node's API. */
  constructor(url: string) {
    this.#url = url;
    this.#looking = this.#look();
  }

  /** Ends it; resolves with the longest time in which the final height stood still, milliseconds. */
  async stop(): Promise<number> {
    this.#isOver = true;
    await this.#looking;
    return this.#longestMs;
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      const height = await this.#finalHeight();
      const now = performance.now();
      this.#longestMs = Math.max(this.#longestMs, now - this.#since);
      if (height > this.#height) {
        this.#since = now;
        this.#height = height;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** -1 where the node does not say: nothing new is final as far as anybody can tell. */
  async #finalHeight(): Promise<number> {
    try {
      const answer = await fetch(`${this.#url}/v1/status`, { signal: AbortSignal.timeout(LOOK_MS_MAX) });
      const { finalHeight } = (await answer.json()) as { readonly finalHeight?: number };
      return finalHeight ?? -1;
    } catch {
      return -1;
    }
  }
}
