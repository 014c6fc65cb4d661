import type { NodeId } from '@varve/encoding';

/** Reads kept for one voter, at most; more are refused. */
const READS_MAX = 1024;

/** A barrier that a voter, perhaps this one, waits for. */
export interface PendingRead {
  readonly from: NodeId;
  /** The asker's number. */
  readonly context: number;
  readonly deadline: number;
}

/**
 * Read barriers that a leader confirms in rounds: one round confirms a batch, and the next batch forms meanwhile. A
 * follower keeps what it asked of its leader.
 */
export class ReadBarriers {
  /** Number of the last round, our own counter: a repeated context of the host's could match an older answer. */
  round = 1;
  /** What a read of this round must see. */
  roundIndex = 0;
  #waiting: PendingRead[] = [];
  #confirming: PendingRead[] = [];
  /** Asked of the leader, by our own number. */
  readonly #forwarded = new Map<number, { readonly context: number; readonly deadline: number }>();
  #forwardedLast: number;

  /** @param forwardedLast - Forwarded reads are numbered after it; another at each start. */
  constructor(forwardedLast: number) {
    this.#forwardedLast = forwardedLast;
  }

  /** Whether a round is under way. */
  get isConfirming(): boolean {
    return this.#confirming.length > 0;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** @returns Whether there was room for it. */
  enqueue(read: PendingRead): boolean {
    const queued = this.#waiting.reduce((count, other) => count + (other.from === read.from ? 1 : 0), 0);
    if (queued >= READS_MAX) return false;
    this.#waiting.push(read);
    return true;
  }

  /** Begins a round for everything that waits. */
  beginRound(index: number): void {
    this.#confirming = this.#waiting;
    this.#waiting = [];
    this.round += 1;
    this.roundIndex = index;
  }

  /** Ends the round: what it confirmed. */
  takeConfirmed(): readonly PendingRead[] {
    const confirmed = this.#confirming;
    this.#confirming = [];
    return confirmed;
  }

  /** @returns The number to ask the leader by, or `undefined` when too many wait. */
  forward(context: number, deadline: number): number | undefined {
    if (this.#forwarded.size >= READS_MAX) return undefined;
    this.#forwardedLast += 1;
    this.#forwarded.set(this.#forwardedLast, { context, deadline });
    return this.#forwardedLast;
  }

  /** The leader answered `number`. @returns The host's context, where somebody still waits for it. */
  takeForwarded(number: number): number | undefined {
    const read = this.#forwarded.get(number);
    this.#forwarded.delete(number);
    return read?.context;
  }

  /** Takes out what has waited until `now`: what voters asked for here, and contexts of the own host that were forwarded. */
  expire(now: number): { readonly reads: readonly PendingRead[]; readonly contexts: readonly number[] } {
    const reads = [...this.#confirming, ...this.#waiting].filter((read) => read.deadline <= now);
    this.#confirming = this.#confirming.filter((read) => read.deadline > now);
    this.#waiting = this.#waiting.filter((read) => read.deadline > now);
    const contexts: number[] = [];
    for (const [number, read] of this.#forwarded) {
      if (read.deadline > now) break;
      this.#forwarded.delete(number);
      contexts.push(read.context);
    }
    return { reads, contexts };
  }

  /** When the first of them expires; they all wait equally long, so the oldest does. */
  get deadline(): number {
    const own = this.#confirming[0]?.deadline ?? this.#waiting[0]?.deadline ?? Number.POSITIVE_INFINITY;
    const asked = this.#forwarded.values().next().value?.deadline ?? Number.POSITIVE_INFINITY;
    return Math.min(own, asked);
  }
}
