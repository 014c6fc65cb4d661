import type { NodeId } from '@varve/encoding';
import type { ReadRequest, ReadResponse } from './message.ts';
import { broadcastHeartbeat } from './replication.ts';
import { type RaftState, send } from './state.ts';

/** Reads a leader keeps for one voter, at most; more are refused. */
const READS_MAX = 1024;

/** A barrier that a voter, perhaps this one, waits for. */
export interface PendingRead {
  readonly from: NodeId;
  /** The asker's number. */
  readonly context: number;
  readonly deadline: number;
}

/** ReadIndex (thesis §6.4): one round of heartbeats confirms a batch, and the next batch forms meanwhile. */
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

/** No reads yet; forwarded ones are numbered from after `forwardedLast`. */
export function createReads(forwardedLast: number): ReadState {
  return { waiting: [], confirming: [], round: 1, roundIndex: 0, forwarded: new Map(), forwardedLast };
}

/** The host wants a barrier: the leader confirms it, everybody else asks the leader. */
export function onRead(state: RaftState, context: number): void {
  const deadline = state.now + state.options.timing.electionMs;
  if (state.draining || state.leader === undefined) return answerHost(state, context, 0, false);
  if (state.leadership) return enqueue(state, { from: state.self, context, deadline });
  if (state.reads.forwarded.size >= READS_MAX) return answerHost(state, context, 0, false);
  state.reads.forwardedLast += 1;
  state.reads.forwarded.set(state.reads.forwardedLast, { context, deadline });
  send(state, state.leader, { kind: 'readRequest', term: state.term, context: state.reads.forwardedLast });
}

/** A follower asks; whoever does not lead refuses. */
export function onReadRequest(state: RaftState, from: NodeId, message: ReadRequest): void {
  const deadline = state.now + state.options.timing.electionMs;
  const read = { from, context: message.context, deadline };
  if (state.draining || !state.leadership) return answer(state, read, 0, false);
  enqueue(state, read);
}

/** The answer to a forwarded read; one that comes too late finds nobody waiting. */
export function onReadResponse(state: RaftState, message: ReadResponse): void {
  const read = state.reads.forwarded.get(message.context);
  if (!read) return;
  state.reads.forwarded.delete(message.context);
  answerHost(state, read.context, message.index, message.ok && !state.draining);
}

function enqueue(state: RaftState, read: PendingRead): void {
  const queued = state.reads.waiting.reduce((count, other) => count + (other.from === read.from ? 1 : 0), 0);
  if (queued >= READS_MAX) return answer(state, read, 0, false);
  state.reads.waiting.push(read);
  advanceReads(state);
}

/** Answers what a quorum has confirmed, and starts the next round. */
export function advanceReads(state: RaftState): void {
  const { leadership, reads } = state;
  if (!leadership) return;
  if (reads.confirming.length > 0 && isRoundConfirmed(state)) {
    for (const read of reads.confirming) answer(state, read, reads.roundIndex, true);
    reads.confirming = [];
  }
  // Before its own no-op is committed, a leader does not know what is (Raft §8).
  if (reads.confirming.length > 0 || reads.waiting.length === 0 || state.commitIndex < leadership.firstIndex) return;
  reads.confirming = reads.waiting;
  reads.waiting = [];
  reads.round += 1;
  reads.roundIndex = state.commitIndex;
  broadcastHeartbeat(state);
  if (isRoundConfirmed(state)) advanceReads(state);
}

function isRoundConfirmed(state: RaftState): boolean {
  let confirmed = 1;
  for (const peer of state.leadership?.progress.values() ?? []) {
    if (peer.id !== state.self && peer.round >= state.reads.round) confirmed += 1;
  }
  return confirmed >= state.quorum;
}

/** Refuses everything that waits: leadership, the term or the engine came to its end. */
export function failReads(state: RaftState): void {
  expireReads(state, Number.POSITIVE_INFINITY);
}

/** Refuses what has waited for an election timeout. */
export function expireReads(state: RaftState, now: number): void {
  const { reads } = state;
  for (const read of [...reads.confirming, ...reads.waiting]) if (read.deadline <= now) answer(state, read, 0, false);
  reads.confirming = reads.confirming.filter((read) => read.deadline > now);
  reads.waiting = reads.waiting.filter((read) => read.deadline > now);
  for (const [number, read] of reads.forwarded) {
    if (read.deadline > now) break;
    reads.forwarded.delete(number);
    answerHost(state, read.context, 0, false);
  }
}

/** When the first of them expires; they all wait equally long, so the oldest does. */
export function readDeadline(state: RaftState): number {
  const { confirming, waiting, forwarded } = state.reads;
  const own = confirming[0]?.deadline ?? waiting[0]?.deadline ?? Number.POSITIVE_INFINITY;
  const asked = forwarded.values().next().value?.deadline ?? Number.POSITIVE_INFINITY;
  return Math.min(own, asked);
}

function answer(state: RaftState, read: PendingRead, index: number, ok: boolean): void {
  if (read.from === state.self) return answerHost(state, read.context, index, ok);
  send(state, read.from, { kind: 'readResponse', term: state.term, context: read.context, index, ok });
}

function answerHost(state: RaftState, context: number, index: number, ok: boolean): void {
  state.out.reads.push({ context, index, ok });
}
