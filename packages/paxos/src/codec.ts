import {
  assertNever,
  type DecodeResult,
  decodeMessageBody,
  type Entry,
  encodeEntry,
  type FindPayload,
  type Payload,
  readEntries,
} from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, nodeId, type PayloadId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from './ballot.ts';
import { nonsenseIn, type PaxosMessage } from './message.ts';

/** The first item of each message's array. */
const KIND = {
  heartbeatRequest: 1,
  heartbeatReply: 2,
  prepare: 3,
  promise: 4,
  acceptSync: 5,
  acceptDecide: 6,
  accepted: 7,
  decide: 8,
  confirm: 9,
  syncNeeded: 10,
  takeOver: 11,
  readRequest: 12,
  readResponse: 13,
} as const;

/** A message as `[kind, ballot, …]`; entries name their payloads by id, which are returned beside the body. */
export function encode(message: PaxosMessage): { readonly body: Uint8Array; readonly payloads: readonly Payload[] } {
  const body = encodeCbor([KIND[message.kind], encodeBallot(message.ballot), ...fieldsOf(message)]);
  const payloads: Payload[] = [];
  for (const entry of entriesOf(message)) if (entry.payload) payloads.push(entry.payload);
  return { body, payloads };
}

function entriesOf(message: PaxosMessage): readonly Entry[] {
  return 'entries' in message ? message.entries : [];
}

function encodeBallot(ballot: Ballot): CborValue {
  return ballot.number === 0 ? null : [ballot.number, ballot.node];
}

function fieldsOf(message: PaxosMessage): readonly CborValue[] {
  switch (message.kind) {
    case 'heartbeatRequest':
      return [message.round];
    case 'heartbeatReply':
      return [message.round, message.happy];
    case 'prepare':
      return [encodeBallot(message.acceptedRound), message.lastIndex, message.decided];
    case 'promise':
      return [
        encodeBallot(message.acceptedRound),
        message.lastIndex,
        message.decided,
        message.prevIndex,
        message.entries.map(encodeEntry),
        message.voter,
      ];
    case 'acceptSync':
      return [...placeOf(message), message.decided, message.entries.map(encodeEntry), message.syncIndex];
    case 'acceptDecide':
      return [...placeOf(message), message.decided, message.entries.map(encodeEntry)];
    case 'accepted':
      return [message.lastIndex, message.voter];
    case 'decide':
      return [message.decided, message.sentIndex, message.accepted, message.context];
    case 'confirm':
    case 'readRequest':
      return [message.context];
    case 'syncNeeded':
      return [message.index];
    case 'takeOver':
      return [];
    case 'readResponse':
      return [message.context, message.index, message.ok];
    default:
      return assertNever(message);
  }
}

function placeOf({ prevIndex, prevEpoch }: { readonly prevIndex: number; readonly prevEpoch: Ballot }): CborValue[] {
  return [prevIndex, encodeBallot(prevEpoch)];
}

/** The message of `body`, with its payloads taken from `find`. Never throws. */
export function decode(body: Uint8Array, find: FindPayload): DecodeResult<PaxosMessage> {
  return decodeMessageBody(body, find, readMessage, nonsenseIn);
}

function readBallot(r: CborReader): Ballot {
  const read = () => {
    r.array(2);
    return { number: r.uint(), node: nodeId(r.text()) };
  };
  return r.nullable(read) ?? BALLOT_ZERO;
}

function readMessage(r: CborReader, find: FindPayload, missing: Set<PayloadId>): PaxosMessage {
  const start = r.offset;
  const size = r.array();
  const kind = r.uint();
  const expect = (items: number): Ballot => {
    if (size !== items) r.unexpected(`array of ${items} items`, start);
    return readBallot(r);
  };
  switch (kind) {
    case KIND.heartbeatRequest:
      return { kind: 'heartbeatRequest', ballot: expect(3), round: r.uint() };
    case KIND.heartbeatReply:
      return { kind: 'heartbeatReply', ballot: expect(4), round: r.uint(), happy: r.boolean() };
    case KIND.prepare:
      return { kind: 'prepare', ballot: expect(5), ...readClaim(r) };
    case KIND.promise: {
      const promise = { kind: 'promise', ballot: expect(8), ...readClaim(r) } as const;
      const prevIndex = r.uint();
      return { ...promise, prevIndex, entries: readEntries(r, prevIndex, find, missing), voter: nodeId(r.text()) };
    }
    case KIND.acceptSync: {
      const sync = { kind: 'acceptSync', ballot: expect(7), ...readEntriesAfter(r, find, missing) } as const;
      return { ...sync, syncIndex: r.uint() };
    }
    case KIND.acceptDecide:
      return { kind: 'acceptDecide', ballot: expect(6), ...readEntriesAfter(r, find, missing) };
    case KIND.accepted:
      return { kind: 'accepted', ballot: expect(4), lastIndex: r.uint(), voter: nodeId(r.text()) };
    case KIND.decide: {
      const [ballot, decided, sentIndex, accepted, context] = [expect(6), r.uint(), r.uint(), r.uint(), r.uint()];
      return { kind: 'decide', ballot, decided, sentIndex, accepted, context };
    }
    case KIND.confirm:
      return { kind: 'confirm', ballot: expect(3), context: r.uint() };
    case KIND.syncNeeded:
      return { kind: 'syncNeeded', ballot: expect(3), index: r.uint() };
    case KIND.takeOver:
      return { kind: 'takeOver', ballot: expect(2) };
    case KIND.readRequest:
      return { kind: 'readRequest', ballot: expect(3), context: r.uint() };
    case KIND.readResponse:
      return { kind: 'readResponse', ballot: expect(5), context: r.uint(), index: r.uint(), ok: r.boolean() };
    default:
      return r.unexpected('kind of message', start);
  }
}

function readClaim(r: CborReader): {
  readonly acceptedRound: Ballot;
  readonly lastIndex: number;
  readonly decided: number;
} {
  return { acceptedRound: readBallot(r), lastIndex: r.uint(), decided: r.uint() };
}

function readEntriesAfter(
  r: CborReader,
  find: FindPayload,
  missing: Set<PayloadId>,
): {
  readonly prevIndex: number;
  readonly prevEpoch: Ballot;
  readonly decided: number;
  readonly entries: readonly Entry[];
} {
  const place = { prevIndex: r.uint(), prevEpoch: readBallot(r), decided: r.uint() };
  return { ...place, entries: readEntries(r, place.prevIndex, find, missing) };
}

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
