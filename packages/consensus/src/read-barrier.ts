import type { NodeId } from '@varve/encoding';
import type { EngineTiming } from './contract.ts';

/** Reads a leader keeps for one voter, at most; more are refused. */
const READS_MAX = 1024;

/** A barrier that a voter, perhaps this one, waits for. */
interface PendingRead {
  readonly from: NodeId;
  /** The asker's number. */
  readonly context: number;
  readonly deadline: number;
}

/** ReadIndex (Raft thesis §6.4): one round of heartbeats confirms a batch, and the next batch forms meanwhile. */
export interface ReadState {
  waiting: PendingRead[];
  confirming: PendingRead[];
  /** Number of the last round, our own counter: a repeated context of the host's could match an older answer. */
  round: number;
  /** What `commitIndex` was when the round began. */
  roundIndex: number;
  /** Asked of the leader, by our own number. */
  readonly forwarded: Map<number, { readonly context: number; readonly deadline: number }>;
  forwardedLast: number;
}

/** What a barrier asks of the replica that it works for. */
export interface ReadingReplica {
  readonly self: NodeId;
  readonly now: number;
  readonly options: { readonly timing: EngineTiming };
  readonly leader: NodeId | undefined;
  readonly draining: boolean;
  readonly commitIndex: number;
  readonly quorum: number;
  readonly reads: ReadState;
  readonly out: { readonly reads: { context: number; index: number; ok: boolean }[] };
}

/** How a protocol asks, answers and confirms. */
export interface ReadPort<S> {
  isLeading(state: S): boolean;
  /** Whether a leader knows everything that was committed before it led. */
  isOpen(state: S): boolean;
  /** Asks everybody to confirm round `state.reads.round`. */
  startRound(state: S): void;
  /** Voters, this one included, that confirmed the round. */
  confirmations(state: S): number;
  request(state: S, leader: NodeId, context: number): void;
  respond(state: S, to: NodeId, answer: { context: number; index: number; ok: boolean }): void;
}

/** No reads yet; forwarded ones are numbered from after `forwardedLast`. */
export function createReads(forwardedLast: number): ReadState {
  return { waiting: [], confirming: [], round: 1, roundIndex: 0, forwarded: new Map(), forwardedLast };
}

/** Linearizable reads of a protocol with a leader: each is answered once, within an election timeout. */
export class ReadBarrier<S extends ReadingReplica> {
  readonly #port: ReadPort<S>;

  constructor(port: ReadPort<S>) {
    this.#port = port;
  }

  /** The host wants a barrier: the leader confirms it, everybody else asks the leader. */
  onRead(state: S, context: number): void {
    const { reads, leader } = state;
    const deadline = state.now + state.options.timing.electionMs;
    if (state.draining || leader === undefined) return answerHost(state, context, 0, false);
    if (this.#port.isLeading(state)) return this.#enqueue(state, { from: state.self, context, deadline });
    if (reads.forwarded.size >= READS_MAX) return answerHost(state, context, 0, false);
    reads.forwardedLast += 1;
    reads.forwarded.set(reads.forwardedLast, { context, deadline });
    this.#port.request(state, leader, reads.forwardedLast);
  }

  /** A follower asks; whoever does not lead refuses. */
  onRequest(state: S, from: NodeId, context: number): void {
    const read = { from, context, deadline: state.now + state.options.timing.electionMs };
    if (state.draining || !this.#port.isLeading(state)) return this.#answer(state, read, 0, false);
    this.#enqueue(state, read);
  }

  /** The answer to a forwarded read; one that comes too late finds nobody waiting. */
  onResponse(state: S, answer: { readonly context: number; readonly index: number; readonly ok: boolean }): void {
    const read = state.reads.forwarded.get(answer.context);
    if (!read) return;
    state.reads.forwarded.delete(answer.context);
    answerHost(state, read.context, answer.index, answer.ok && !state.draining);
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
    if (!this.#port.isLeading(state)) return;
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

/** When the first of them expires; they all wait equally long, so the oldest does. */
export function readDeadline({ reads }: { readonly reads: ReadState }): number {
  const { confirming, waiting, forwarded } = reads;
  const own = confirming[0]?.deadline ?? waiting[0]?.deadline ?? Number.POSITIVE_INFINITY;
  const asked = forwarded.values().next().value?.deadline ?? Number.POSITIVE_INFINITY;
  return Math.min(own, asked);
}

function answerHost(state: ReadingReplica, context: number, index: number, ok: boolean): void {
  state.out.reads.push({ context, index, ok });
}
