import type { TransactionId } from '@varve/encoding';
import { Fingerprints } from '@varve/merkle';

/** A configuration may let transactions live for days: memory ends at 32 MiB for each generation all the same. */
export const GENERATION_MAX: number = 2 ** 22;
/** Digits of an id that are looked at: 32 bits. */
const PREFIX_DIGITS = 8;

/**
 * Which transactions the last blocks hold, as far as somebody may still submit them again: most ids that are asked for
 * were never seen, and this says so without reading the store. It never denies an id that it was given and that is
 * not older than the window; of others it may say either.
 */
export class RecentIds {
  #young = new Fingerprints();
  #old = new Fingerprints();
  /** Every id of blocks of this time and later is here. */
  #since: number;
  /** Time of the first block whose ids are in `#young`. */
  #youngSince: number;

  readonly #generationMax: number;

  /**
   * @param since - Ids of all blocks of this time and later are going to be added.
   * @param generationMax - Ids of each of two generations, about.
   */
  constructor(since: number, generationMax: number = GENERATION_MAX) {
    this.#since = since;
    this.#youngSince = since;
    this.#generationMax = generationMax;
  }

  /**
   * Ids of blocks that are there already, by their first 32 bits, unsigned.
   * @param fill - Adds them; returns `since`, as for the constructor.
   */
  static of(fill: (add: (prefix: number) => void) => number): RecentIds {
    const recent = new RecentIds(0);
    const since = fill((prefix) => recent.#young.add(prefix));
    recent.#since = since;
    recent.#youngSince = since;
    return recent;
  }

  /** Whether a block of `time` or later may hold this id. `false` is certain. */
  mayHold(id: TransactionId, time: number): boolean {
    if (time < this.#since) return true;
    const fingerprint = prefixOf(id);
    return this.#young.has(fingerprint) || this.#old.has(fingerprint);
  }

  add(id: TransactionId): void {
    this.#young.add(prefixOf(id));
  }

  /**
   * Forgets what is older than a window, now or some time later, and sooner where there are very many: the store is
   * asked for those again. Times of blocks never go back.
   * @param time - Of the block whose ids are added next.
   * @param oldest - The earliest time that anybody will ask for.
   */
  advance(time: number, oldest: number): void {
    if (this.#youngSince >= oldest && this.#young.count < this.#generationMax) return;
    // A block of exactly that time may be among those forgotten.
    this.#since = Math.max(this.#since, this.#youngSince + 1);
    this.#old = this.#young;
    this.#young = new Fingerprints(this.#old.capacity);
    this.#youngSince = time;
  }
}

function prefixOf(id: TransactionId): number {
  return Number.parseInt(id.slice(0, PREFIX_DIGITS), 16);
}
