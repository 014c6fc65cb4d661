import { createRng } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';

/** A barrier that the host waits for. */
export interface PendingRead {
  readonly context: number;
  readonly deadline: number;
  /** The question that was put for it; `undefined` before. */
  round: number | undefined;
  /** What has to be committed here first; `undefined` while a quorum has not answered. */
  index: number | undefined;
}

/** Barriers: one question to all confirms everything that waited when it was put. */
export interface ReadState {
  pending: PendingRead[];
  /** Number of the last question: our own counter, which starts at a random place in each run. */
  round: number;
  askedAt: number;
  /** Of each voter the answer to the latest question it answered. */
  readonly answers: Map<NodeId, { readonly round: number; readonly barrier: number }>;
}

/** No reads yet. Numbers of another run must not be taken for this one's. */
export function createReads(seed: Uint8Array): ReadState {
  return { pending: [], round: createRng(seed).nextUint32() * 2 ** 20, askedAt: 0, answers: new Map() };
}
