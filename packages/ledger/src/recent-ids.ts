import type { TransactionId } from '@varve/encoding';
import { Fingerprints } from '@varve/merkle';

/** Digits of an id that are looked at: 32 bits. */
const FINGERPRINT_DIGITS = 8;

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

  /** @param since - Ids of all blocks of this time and later are going to be added. */
  constructor(since: number) {
    this.#since = since;
    this.#youngSince = since;
  }

  /** Whether a block of `time` or later may hold this id. `false` is certain. */
  mayHold(id: TransactionId, time: number): boolean {
    if (time < this.#since) return true;
    const fingerprint = fingerprintOf(id);
    return this.#young.has(fingerprint) || this.#old.has(fingerprint);
  }

  add(id: TransactionId): void {
    this.#young.add(fingerprintOf(id));
  }

  /**
   * Forgets what is older than a window, now or some time later. Times of blocks never go back.
   * @param time - Of the block whose ids are added next.
   * @param oldest - The earliest time that anybody will ask for.
   */
  advance(time: number, oldest: number): void {
    if (this.#youngSince >= oldest) return;
    // A block of exactly that time may be among those forgotten.
    this.#since = Math.max(this.#since, this.#youngSince + 1);
    this.#old = this.#young;
    this.#young = new Fingerprints();
    this.#youngSince = time;
  }
}

function fingerprintOf(id: TransactionId): number {
  return Number.parseInt(id.slice(0, FINGERPRINT_DIGITS), 16);
}
