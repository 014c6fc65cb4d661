import { BOOLEAN, entriesAfter, type Field, messageCodec, NODE, type Protocol, UINT } from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, nodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from './ballot.ts';
import { type AcceptDecide, nonsenseIn, type PaxosMessage } from './message.ts';

function encodeBallot(ballot: Ballot): CborValue {
  return ballot.number === 0 ? null : [ballot.number, ballot.node];
}

function readBallot(reader: CborReader): Ballot {
  const read = () => {
    reader.array(2);
    return { number: reader.uint(), node: nodeId(reader.text()) };
  };
  return reader.nullable(read) ?? BALLOT_ZERO;
}

const BALLOT: Field<Ballot> = { items: 1, write: (ballot) => [encodeBallot(ballot)], read: readBallot };
const CLAIM = { ballot: BALLOT, acceptedRound: BALLOT, lastIndex: UINT, decided: UINT };
const ENTRIES = entriesAfter(({ prevIndex }: Pick<AcceptDecide, 'prevIndex'>) => prevIndex);
const CONTINUED = { ballot: BALLOT, prevIndex: UINT, prevEpoch: BALLOT, decided: UINT, entries: ENTRIES };

/** A message as `[kind, ballot, …]`. */
export const codec: Pick<Protocol<PaxosMessage>, 'encode' | 'decode'> = messageCodec<PaxosMessage>(
  {
    heartbeatRequest: [1, { ballot: BALLOT, round: UINT }],
    heartbeatReply: [2, { ballot: BALLOT, round: UINT, happy: BOOLEAN }],
    prepare: [3, CLAIM],
    promise: [4, { ...CLAIM, prevIndex: UINT, entries: ENTRIES, voter: NODE }],
    acceptSync: [5, { ...CONTINUED, syncIndex: UINT }],
    acceptDecide: [6, CONTINUED],
    accepted: [7, { ballot: BALLOT, lastIndex: UINT, voter: NODE }],
    decide: [8, { ballot: BALLOT, decided: UINT, sentIndex: UINT, accepted: UINT, context: UINT }],
    confirm: [9, { ballot: BALLOT, context: UINT }],
    syncNeeded: [10, { ballot: BALLOT, index: UINT }],
    takeOver: [11, { ballot: BALLOT }],
    readRequest: [12, { ballot: BALLOT, context: UINT }],
    readResponse: [13, { ballot: BALLOT, context: UINT, index: UINT, ok: BOOLEAN }],
  },
  nonsenseIn,
);

/** Both ballots in one record, so that no crash separates them: what is accepted is never above what is promised. */
export interface HardState {
  readonly promised: Ballot;
  readonly acceptedRound: Ballot;
}

/** `[1, promised | null, acceptedRound | null]`. */
export function encodeHardState(state: HardState): Uint8Array {
  return encodeCbor([1, encodeBallot(state.promised), encodeBallot(state.acceptedRound)]);
}

/** @throws {EncodingError} for anything but what `encodeHardState` makes: a damaged store must not promise. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new CborReader(bytes);
  reader.array(3);
  reader.exactly(1);
  const hardState = { promised: readBallot(reader), acceptedRound: readBallot(reader) };
  reader.end();
  return hardState;
}
