import type { NodeId } from '@varve/encoding';

/** Which reads a replica was asked for, and which rounds of questions its peers have confirmed since. */
export class ReadTally {
  /** By asker and its number: the first round that began after the read had come. */
  readonly #rounds = new Map<string, number>();
  readonly #confirmed = new Map<NodeId, number>();
  /** The highest that was sent. */
  #round = 0;

  asked(from: NodeId, context: number): void {
    const key = `${from} ${context}`;
    // A question that comes twice is one question, and may be answered twice.
    if (!this.#rounds.has(key)) this.#rounds.set(key, this.#round + 1);
  }

  sent(round: number): void {
    this.#round = Math.max(this.#round, round);
  }

  confirmed(by: NodeId, round: number): void {
    this.#confirmed.set(by, Math.max(this.#confirmed.get(by) ?? 0, round));
  }

  /** How many, the replica itself included, said after the read had come that they follow no later leader. */
  confirmations(from: NodeId, context: number): number {
    const round = this.#rounds.get(`${from} ${context}`) ?? Number.POSITIVE_INFINITY;
    return 1 + [...this.#confirmed.values()].filter((confirmed) => confirmed >= round).length;
  }
}
