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
    // A question that comes twice is one question.
    if (!this.#rounds.has(key)) this.#rounds.set(key, this.#round + 1);
  }

  sent(round: number): void {
    this.#round = Math.max(this.#round, round);
  }

  confirmed(by: NodeId, round: number): void {
    this.#confirmed.set(by, Math.max(this.#confirmed.get(by) ?? 0, round));
  }

  /**
   * The read is answered.
   * @returns how many, the replica itself included, said after it came in that they follow no later leader.
   */
  answered(from: NodeId, context: number): number {
    const key = `${from} ${context}`;
    const round = this.#rounds.get(key) ?? Number.POSITIVE_INFINITY;
    this.#rounds.delete(key);
    return 1 + [...this.#confirmed.values()].filter((confirmed) => confirmed >= round).length;
  }
}
