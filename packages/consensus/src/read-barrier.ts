import type { NodeId } from '@varve/encoding';
import type { PendingRead } from './read-state.ts';
import type { Replica } from './replica.ts';

/** Reads kept for one voter, at most; more are refused. */
const READS_MAX = 1024;

/** Who leads, as a replica sees it. */
export interface LeaderView<S> {
  /** Whom it follows: itself, where it leads. */
  leaderOf(state: S): NodeId | undefined;
  /** Whether it leads, and has committed whatever earlier leaders may have. */
  isOpen(state: S): boolean;
}

/** How a protocol asks, answers and confirms. */
export interface ReadPort<S> extends LeaderView<S> {
  /** Asks everybody to confirm round `state.reads.round`. */
  startRound(state: S): void;
  /** Voters, this one included, that confirmed the round. */
  confirmations(state: S): number;
  request(state: S, leader: NodeId, context: number): void;
  respond(state: S, to: NodeId, answer: ReadAnswer): void;
}

/** `index` is meaningless unless `ok`. */
interface ReadAnswer {
  readonly context: number;
  readonly index: number;
  readonly ok: boolean;
}

/** Linearizable reads of a protocol with a leader (Raft thesis §6.4): each is answered once, within an election timeout. */
export class ReadBarrier<S extends Replica> {
  readonly #port: ReadPort<S>;

  constructor(port: ReadPort<S>) {
    this.#port = port;
  }

  /** The host wants a barrier: the leader confirms it, everybody else asks the leader. */
  onRead(state: S, context: number): void {
    const { reads } = state;
    const leader = this.#port.leaderOf(state);
    const deadline = state.now + state.options.timing.electionMs;
    if (state.draining || leader === undefined) return answerHost(state, context, 0, false);
    if (leader === state.self) return this.#enqueue(state, { from: state.self, context, deadline });
    if (reads.forwarded.size >= READS_MAX) return answerHost(state, context, 0, false);
    reads.forwardedLast += 1;
    reads.forwarded.set(reads.forwardedLast, { context, deadline });
    this.#port.request(state, leader, reads.forwardedLast);
  }

  /** A follower asks; whoever does not lead refuses. */
  onRequest(state: S, from: NodeId, context: number): void {
    const read = { from, context, deadline: state.now + state.options.timing.electionMs };
    if (state.draining || !this.#isLeading(state)) return this.#answer(state, read, 0, false);
    this.#enqueue(state, read);
  }

  /** The answer to a forwarded read; one that comes too late finds nobody waiting. */
  onResponse(state: S, answer: ReadAnswer): void {
    const read = state.reads.forwarded.get(answer.context);
    if (!read) return;
    state.reads.forwarded.delete(answer.context);
    answerHost(state, read.context, answer.index, answer.ok && !state.draining);
  }

  #isLeading(state: S): boolean {
    return this.#port.leaderOf(state) === state.self;
  }

  #enqueue(state: S, read: PendingRead): void {
    const queued = state.reads.waiting.reduce((count, other) => count + (other.from === read.from ? 1 : 0), 0);
    if (queued >= READS_MAX) return this.#answer(state, read, 0, false);
    state.reads.waiting.push(read);
    this.advance(state);
  }

  /** Answers what a quorum has confirmed, and starts the next round. */
  advance(state: S): void {
    const { reads } = state;
    if (!this.#isLeading(state)) return;
    if (reads.confirming.length > 0 && this.#isConfirmed(state)) {
      for (const read of reads.confirming) this.#answer(state, read, reads.roundIndex, true);
      reads.confirming = [];
    }
    if (reads.confirming.length > 0 || reads.waiting.length === 0 || !this.#port.isOpen(state)) return;
    reads.confirming = reads.waiting;
    reads.waiting = [];
    reads.round += 1;
    reads.roundIndex = state.commitIndex;
    this.#port.startRound(state);
    if (this.#isConfirmed(state)) this.advance(state);
  }

  #isConfirmed(state: S): boolean {
    return this.#port.confirmations(state) >= state.quorum;
  }

  /** Refuses everything that waits: leadership, the epoch or the engine came to its end. */
  fail(state: S): void {
    this.expire(state, Number.POSITIVE_INFINITY);
  }

  /** Refuses what has waited for an election timeout. */
  expire(state: S, now: number): void {
    const { reads } = state;
    for (const read of [...reads.confirming, ...reads.waiting])
      if (read.deadline <= now) this.#answer(state, read, 0, false);
    reads.confirming = reads.confirming.filter((read) => read.deadline > now);
    reads.waiting = reads.waiting.filter((read) => read.deadline > now);
    for (const [number, read] of reads.forwarded) {
      if (read.deadline > now) break;
      reads.forwarded.delete(number);
      answerHost(state, read.context, 0, false);
    }
  }

  #answer(state: S, read: PendingRead, index: number, ok: boolean): void {
    const { from, context } = read;
    if (from === state.self) return answerHost(state, context, index, ok);
    this.#port.respond(state, from, { context, index, ok });
  }
}

function answerHost(state: Replica, context: number, index: number, ok: boolean): void {
  state.out.reads.push({ context, index, ok });
}
