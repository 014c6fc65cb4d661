import { createRng, type Rng, uniformBelow } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { utf8Encode } from '@varve/encoding';

const MILLION = 1_000_000;

/** Seeded choices. Each part of a world has dice of its own, so that one part's choices do not shift another's. */
export class Dice {
  readonly #rng: Rng;

  /** @param label - Names the seed and the part. */
  constructor(label: string) {
    this.#rng = createRng(sha256(utf8Encode(label)));
  }

  /** True with probability `p`, in millionths. */
  chance(p: number): boolean {
    return p > 0 && uniformBelow(this.#rng, MILLION) < p * MILLION;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + uniformBelow(this.#rng, high - low + 1);
  }

  pick<T>(list: readonly T[]): T {
    const item = list[uniformBelow(this.#rng, list.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** `count` different items, in random order; all of them where there are fewer. */
  sample<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    const chosen: T[] = [];
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(uniformBelow(this.#rng, rest.length), 1));
    }
    return chosen;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.between(0, 255));
  }
}
