import type { Recovered, Write } from '@varve/consensus';
import { LogModel } from './log-model.ts';

/** The two numbers of a crash engine's hard state, ZAB's epochs or the ballots of Paxos. */
export interface Stand {
  /** In nothing earlier does the replica take part: acceptedEpoch, or the promised ballot. */
  readonly promised: number;
  /** Whose log this is: currentEpoch, or the accepted round. */
  readonly accepted: number;
}

/** Of a store that holds no hard state. */
export const STAND_ZERO: Stand = { promised: 0, accepted: 0 };

/** What one run of a replica has written, and what of it is durable. */
export class StoreModel {
  readonly log: LogModel;
  /** As of the last write. */
  stand: Stand;
  readonly #standIn: (hardState: Uint8Array) => Stand;
  readonly #waiting: { readonly sequence: number; readonly stand: Stand }[] = [];

  /** @param standIn - Reads the record of the hard state. */
  constructor(recovered: Recovered, standIn: (hardState: Uint8Array) => Stand) {
    this.log = new LogModel(recovered);
    this.#standIn = standIn;
    this.stand = recovered.hardState ? standIn(recovered.hardState) : STAND_ZERO;
  }

  /** Nothing waits for the disk. */
  get isDurable(): boolean {
    return this.#waiting.length === 0;
  }

  take(write: Write<unknown>): void {
    this.log.apply(write);
    if (write.hardState) this.stand = this.#standIn(write.hardState);
    this.#waiting.push({ sequence: write.sequence, stand: this.stand });
  }

  /**
   * Every write up to `sequence` is durable.
   * @returns how the store stands.
   */
  persisted(sequence: number): Stand | undefined {
    let stand: Stand | undefined;
    while (this.#waiting[0] && this.#waiting[0].sequence <= sequence) stand = this.#waiting.shift()?.stand;
    return stand;
  }
}
