import type { PendingRead } from '@varve/consensus';
import type { ReadRequest, ReadResponse } from './message.ts';
import { broadcastHeartbeat } from './replication.ts';
import { type RaftState, send } from './state.ts';

/** The host wants a barrier (ReadIndex, thesis §6.4): the leader confirms it, everybody else asks the leader. */
export function onRead(state: RaftState, context: number): void {
  const deadline = state.now + state.options.timing.electionMs;
  if (state.draining || state.leader === undefined) return answerHost(state, context, 0, false);
  if (state.leadership) return enqueue(state, { from: state.self, context, deadline });
  const number = state.reads.forward(context, deadline);
  if (number === undefined) return answerHost(state, context, 0, false);
  send(state, state.leader, { kind: 'readRequest', term: state.term, context: number });
}

/** A follower asks; whoever does not lead refuses. */
export function onReadRequest(state: RaftState, from: PendingRead['from'], message: ReadRequest): void {
  const deadline = state.now + state.options.timing.electionMs;
  const read = { from, context: message.context, deadline };
  if (state.draining || !state.leadership) return answer(state, read, 0, false);
  enqueue(state, read);
}

/** The answer to a forwarded read; one that comes too late finds nobody waiting. */
export function onReadResponse(state: RaftState, message: ReadResponse): void {
  const context = state.reads.takeForwarded(message.context);
  if (context !== undefined) answerHost(state, context, message.index, message.ok && !state.draining);
}

function enqueue(state: RaftState, read: PendingRead): void {
  if (!state.reads.enqueue(read)) return answer(state, read, 0, false);
  advanceReads(state);
}

/** Answers what a quorum has confirmed, and starts the next round. */
export function advanceReads(state: RaftState): void {
  const { leadership, reads } = state;
  if (!leadership) return;
  if (reads.isConfirming && isRoundConfirmed(state)) {
    for (const read of reads.takeConfirmed()) answer(state, read, reads.roundIndex, true);
  }
  // Before its own no-op is committed, a leader does not know what is (Raft §8).
  if (reads.isConfirming || !reads.isWaiting || state.commitIndex < leadership.firstIndex) return;
  reads.beginRound(state.commitIndex);
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
  const { reads, contexts } = state.reads.expire(now);
  for (const read of reads) answer(state, read, 0, false);
  for (const context of contexts) answerHost(state, context, 0, false);
}

function answer(state: RaftState, read: PendingRead, index: number, ok: boolean): void {
  if (read.from === state.self) return answerHost(state, read.context, index, ok);
  send(state, read.from, { kind: 'readResponse', term: state.term, context: read.context, index, ok });
}

function answerHost(state: RaftState, context: number, index: number, ok: boolean): void {
  state.out.reads.push({ context, index, ok });
}
