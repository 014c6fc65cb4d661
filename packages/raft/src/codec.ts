import { BOOLEAN, entriesAfter, messageCodec, NODE, type Protocol, UINT } from '@varve/consensus';
import { CborReader, encodeCbor, type NodeId, nodeId } from '@varve/encoding';
import { type AppendEntries, nonsenseIn, type RaftMessage } from './message.ts';

/** A message as `[kind, term, …]`. */
export const codec: Pick<Protocol<RaftMessage>, 'encode' | 'decode'> = messageCodec<RaftMessage>(
  {
    requestPreVote: [1, { term: UINT, lastIndex: UINT, lastTerm: UINT }],
    preVoteResponse: [2, { term: UINT, granted: BOOLEAN }],
    requestVote: [3, { term: UINT, lastIndex: UINT, lastTerm: UINT, transfer: BOOLEAN }],
    voteResponse: [4, { term: UINT, granted: BOOLEAN, voter: NODE }],
    appendEntries: [
      5,
      {
        term: UINT,
        prevIndex: UINT,
        prevTerm: UINT,
        commit: UINT,
        entries: entriesAfter(({ prevIndex }: AppendEntries) => prevIndex),
      },
    ],
    appendAccepted: [6, { term: UINT, matchIndex: UINT, voter: NODE }],
    appendRejected: [7, { term: UINT, prevIndex: UINT, hintIndex: UINT, hintTerm: UINT }],
    heartbeat: [8, { term: UINT, commit: UINT, context: UINT }],
    heartbeatResponse: [9, { term: UINT, context: UINT }],
    snapshotNeeded: [10, { term: UINT, index: UINT }],
    timeoutNow: [11, { term: UINT }],
    readRequest: [12, { term: UINT, context: UINT }],
    readResponse: [13, { term: UINT, context: UINT, index: UINT, ok: BOOLEAN }],
  },
  nonsenseIn,
);

/** Term and vote in one record, so that no crash separates them (Raft §5.2: at most one vote a term). */
export interface HardState {
  readonly term: number;
  readonly votedFor: NodeId | undefined;
}

/** `[1, term, votedFor | null]`. */
export function encodeHardState(state: HardState): Uint8Array {
  return encodeCbor([1, state.term, state.votedFor ?? null]);
}

/** @throws {EncodingError} for anything but what `encodeHardState` makes: a damaged store must not vote. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new CborReader(bytes);
  reader.array(3);
  reader.exactly(1);
  const term = reader.uint();
  const votedFor = reader.nullable(() => nodeId(reader.text())) ?? undefined;
  reader.end();
  return { term, votedFor };
}
