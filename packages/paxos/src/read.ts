import type { PendingRead } from '@varve/consensus';
import type { ReadRequest, ReadResponse } from './message.ts';
import { broadcastBeat } from './replication.ts';
import { leaderOf, type PaxosState, send } from './state.ts';

/** The host wants a barrier: the leader confirms it, everybody else asks the leader. */
export function onRead(state: PaxosState, context: number): void {
  const deadline = state.now + state.options.timing.electionMs;
  const leader = leaderOf(state);
  if (state.draining || leader === undefined) return answerHost(state, context, 0, false);
  if (leader === state.self) return enqueue(state, { from: state.self, context, deadline });
  const number = state.reads.forward(context, deadline);
  if (number === undefined) return answerHost(state, context, 0, false);
  send(state, leader, { kind: 'readRequest', ballot: state.promised, context: number });
}

/** A follower asks; whoever does not lead refuses. */
export function onReadRequest(state: PaxosState, from: PendingRead['from'], message: ReadRequest): void {
  const deadline = state.now + state.options.timing.electionMs;
  const read = { from, context: message.context, deadline };
  if (state.draining || state.leadership?.phase !== 'accept') return answer(state, read, 0, false);
  enqueue(state, read);
}

/** The answer to a forwarded read; one that comes too late finds nobody waiting. */
export function onReadResponse(state: PaxosState, message: ReadResponse): void {
  const context = state.reads.takeForwarded(message.context);
  if (context !== undefined) answerHost(state, context, message.index, message.ok && !state.draining);
}

function enqueue(state: PaxosState, read: PendingRead): void {
  if (!state.reads.enqueue(read)) return answer(state, read, 0, false);
  advanceReads(state);
}

/**
 * Answers what a quorum has confirmed, and starts the next round. Whoever confirms a round had promised no later ballot
 * when the read had come in, so nothing was decided in one; what was in earlier ones is in the log that was adopted.
 */
export function advanceReads(state: PaxosState): void {
  const { leadership, reads } = state;
  if (leadership?.phase !== 'accept') return;
  if (reads.isConfirming && isRoundConfirmed(state)) {
    for (const read of reads.takeConfirmed()) answer(state, read, reads.roundIndex, true);
  }
  if (reads.isConfirming || !reads.isWaiting) return;
  reads.beginRound(Math.max(state.decided, leadership.adoptedIndex));
  broadcastBeat(state, leadership);
  if (isRoundConfirmed(state)) advanceReads(state);
}

/** An index that is not decided yet might never be in this ballot: nobody is told to wait for it. */
function isRoundConfirmed(state: PaxosState): boolean {
  let confirmed = 1;
  for (const peer of state.leadership?.progress.values() ?? []) {
    if (peer.id !== state.self && peer.round >= state.reads.round) confirmed += 1;
  }
  return confirmed >= state.quorum && state.decided >= state.reads.roundIndex;
}

/** Refuses everything that waits: leadership, the ballot or the engine came to its end. */
export function failReads(state: PaxosState): void {
  expireReads(state, Number.POSITIVE_INFINITY);
}

/** Refuses what has waited for an election timeout. */
export function expireReads(state: PaxosState, now: number): void {
  const { reads, contexts } = state.reads.expire(now);
  for (const read of reads) answer(state, read, 0, false);
  for (const context of contexts) answerHost(state, context, 0, false);
}

function answer(state: PaxosState, read: PendingRead, index: number, ok: boolean): void {
  if (read.from === state.self) return answerHost(state, read.context, index, ok);
  send(state, read.from, { kind: 'readResponse', ballot: state.promised, context: read.context, index, ok });
}

function answerHost(state: PaxosState, context: number, index: number, ok: boolean): void {
  state.out.reads.push({ context, index, ok });
}
