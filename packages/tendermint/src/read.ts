import type { NodeId } from '@varve/encoding';
import { isCertificate } from './certificate.ts';
import type { ReadRequest, ReadResponse, SignedVote } from './message.ts';
import { decodeProof } from './proof.ts';
import type { PendingRead } from './read-state.ts';
import { broadcast, send, type TendermintState } from './state.ts';

/** Reads that wait, at most; more are refused. */
const READS_MAX = 4096;

/** The host wants a barrier. */
export function onRead(state: TendermintState, context: number): void {
  const { reads, now } = state;
  if (state.draining || reads.pending.length >= READS_MAX) return refuse(state, context);
  const deadline = now + state.options.timing.electionMs;
  reads.pending.push({ context, deadline, round: undefined, index: undefined });
}

/**
 * Up to where something may have been decided with this node's precommit: the present height if it is locked there,
 * else the last decision (a decision needs a quorum of precommits, and a quorum of answers meets it in a correct node).
 */
function barrierOf(state: TendermintState): { readonly barrier: number; readonly proof: readonly SignedVote[] } {
  const { height, locked, valid } = state.height;
  if (locked) return { barrier: height, proof: valid?.polka ?? [] };
  const barrier = state.log.lastIndex;
  const entry = state.log.entryAt(barrier);
  const proof = entry?.payload && entry.proof && decodeProof(entry.proof, barrier, entry.payload.id);
  return { barrier, proof: proof ? proof.precommits : [] };
}

/** A draining node confirms nothing: the next instance may already order. */
export function onReadRequest(state: TendermintState, from: NodeId, { context }: ReadRequest): void {
  const ok = !state.draining;
  const answer = ok ? barrierOf(state) : { barrier: 0, proof: [] };
  send(state, from, { kind: 'readResponse', context, ok, ...answer });
}

/** Counts an answer, unless it claims more than it proves: a liar could keep every read waiting. */
export function onReadResponse(state: TendermintState, from: NodeId, message: ReadResponse): void {
  const { reads, log } = state;
  const { context, ok, barrier, proof } = message;
  if (!ok || context > reads.round || context <= (reads.answers.get(from)?.round ?? 0)) return;
  if (barrier > log.lastIndex && !isCertificate(state, barrier, proof)) return;
  reads.answers.set(from, { round: context, barrier });
}

/** Puts the next question, confirms what is confirmed, and refuses what waited for too long. */
export function advanceReads(state: TendermintState): void {
  const { reads, now, self } = state;
  if (reads.pending.length === 0) return;
  if (questionAt(state) <= now) {
    reads.round += 1;
    reads.askedAt = now;
    for (const read of reads.pending) read.round ??= reads.round;
    reads.answers.set(self, { round: reads.round, barrier: barrierOf(state).barrier });
    broadcast(state, { kind: 'readRequest', context: reads.round });
  }
  const left: PendingRead[] = [];
  for (const read of reads.pending) {
    if (read.round !== undefined) read.index ??= confirmedIndex(state, read.round);
    if (read.index !== undefined && read.index <= state.log.lastIndex) confirm(state, read.context, read.index);
    else if (read.deadline <= now) refuse(state, read.context);
    else left.push(read);
  }
  reads.pending = left;
}

/** What a quorum's answers to question `round`, or a later one, name as the highest place. */
function confirmedIndex({ reads, quorum }: TendermintState, round: number): number | undefined {
  const answers = [...reads.answers.values()].filter((answer) => answer.round >= round);
  return answers.length >= quorum ? Math.max(...answers.map(({ barrier }) => barrier)) : undefined;
}

/** When the next question is to be put: at once if the last one is answered, else a little later. */
function questionAt(state: TendermintState): number {
  const { reads, options } = state;
  if (!reads.pending.some((read) => read.round === undefined)) return Number.POSITIVE_INFINITY;
  const isAnswered = confirmedIndex(state, reads.round) !== undefined;
  return reads.askedAt === 0 || isAnswered ? state.now : reads.askedAt + options.timing.heartbeatMs;
}

/** The next time at which `advanceReads` has something to do. */
export function readDeadline(state: TendermintState): number {
  const [first] = state.reads.pending;
  return first ? Math.min(first.deadline, questionAt(state)) : Number.POSITIVE_INFINITY;
}

/** Refuses everything that waits. */
export function failReads(state: TendermintState): void {
  for (const read of state.reads.pending) refuse(state, read.context);
  state.reads.pending = [];
}

function confirm(state: TendermintState, context: number, index: number): void {
  state.out.reads.push({ context, index, ok: true });
}

function refuse(state: TendermintState, context: number): void {
  state.out.reads.push({ context, index: 0, ok: false });
}
