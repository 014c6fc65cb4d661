import {
  assertNever,
  type DecodeResult,
  decodeMessageBody,
  encodeEntry,
  type FindPayload,
  type Payload,
  readEntries,
} from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, type NodeId, nodeId, type PayloadId } from '@varve/encoding';
import { nonsenseIn, type RaftMessage } from './message.ts';

/** The first item of each message's array. */
const KIND = {
  requestPreVote: 1,
  preVoteResponse: 2,
  requestVote: 3,
  voteResponse: 4,
  appendEntries: 5,
  appendAccepted: 6,
  appendRejected: 7,
  heartbeat: 8,
  heartbeatResponse: 9,
  snapshotNeeded: 10,
  timeoutNow: 11,
  readRequest: 12,
  readResponse: 13,
} as const;

/** A message as `[kind, term, …]`; entries name their payloads by id, which are returned beside the body. */
export function encode(message: RaftMessage): { readonly body: Uint8Array; readonly payloads: readonly Payload[] } {
  const body = encodeCbor([KIND[message.kind], message.term, ...fieldsOf(message)]);
  const payloads: Payload[] = [];
  if (message.kind === 'appendEntries') {
    for (const entry of message.entries) if (entry.payload) payloads.push(entry.payload);
  }
  return { body, payloads };
}

function fieldsOf(message: RaftMessage): readonly CborValue[] {
  switch (message.kind) {
    case 'requestPreVote':
      return [message.lastIndex, message.lastTerm];
    case 'preVoteResponse':
      return [message.granted];
    case 'requestVote':
      return [message.lastIndex, message.lastTerm, message.transfer];
    case 'voteResponse':
      return [message.granted, message.voter];
    case 'appendEntries':
      return [message.prevIndex, message.prevTerm, message.commit, message.entries.map(encodeEntry)];
    case 'appendAccepted':
      return [message.matchIndex, message.voter];
    case 'appendRejected':
      return [message.prevIndex, message.hintIndex, message.hintTerm];
    case 'heartbeat':
      return [message.commit, message.context];
    case 'heartbeatResponse':
      return [message.context];
    case 'snapshotNeeded':
      return [message.index];
    case 'timeoutNow':
      return [];
    case 'readRequest':
      return [message.context];
    case 'readResponse':
      return [message.context, message.index, message.ok];
    default:
      return assertNever(message);
  }
}

/** The message of `body`, with its payloads taken from `find`. Never throws. */
export function decode(body: Uint8Array, find: FindPayload): DecodeResult<RaftMessage> {
  return decodeMessageBody(body, find, readMessage, nonsenseIn);
}

function readMessage(r: CborReader, find: FindPayload, missing: Set<PayloadId>): RaftMessage {
  const start = r.offset;
  const size = r.array();
  const kind = r.uint();
  const expect = (items: number): number => {
    if (size !== items) r.unexpected(`array of ${items} items`, start);
    return r.uint();
  };
  switch (kind) {
    case KIND.requestPreVote:
      return { kind: 'requestPreVote', term: expect(4), lastIndex: r.uint(), lastTerm: r.uint() };
    case KIND.preVoteResponse:
      return { kind: 'preVoteResponse', term: expect(3), granted: r.boolean() };
    case KIND.requestVote:
      return { kind: 'requestVote', term: expect(5), lastIndex: r.uint(), lastTerm: r.uint(), transfer: r.boolean() };
    case KIND.voteResponse:
      return { kind: 'voteResponse', term: expect(4), granted: r.boolean(), voter: nodeId(r.text()) };
    case KIND.appendEntries:
      return readAppend(r, expect(6), find, missing);
    case KIND.appendAccepted:
      return { kind: 'appendAccepted', term: expect(4), matchIndex: r.uint(), voter: nodeId(r.text()) };
    case KIND.appendRejected:
      return { kind: 'appendRejected', term: expect(5), prevIndex: r.uint(), hintIndex: r.uint(), hintTerm: r.uint() };
    case KIND.heartbeat:
      return { kind: 'heartbeat', term: expect(4), commit: r.uint(), context: r.uint() };
    case KIND.heartbeatResponse:
      return { kind: 'heartbeatResponse', term: expect(3), context: r.uint() };
    case KIND.snapshotNeeded:
      return { kind: 'snapshotNeeded', term: expect(3), index: r.uint() };
    case KIND.timeoutNow:
      return { kind: 'timeoutNow', term: expect(2) };
    case KIND.readRequest:
      return { kind: 'readRequest', term: expect(3), context: r.uint() };
    case KIND.readResponse:
      return { kind: 'readResponse', term: expect(5), context: r.uint(), index: r.uint(), ok: r.boolean() };
    default:
      return r.unexpected('kind of message', start);
  }
}

function readAppend(r: CborReader, term: number, find: FindPayload, missing: Set<PayloadId>): RaftMessage {
  const prevIndex = r.uint();
  const prevTerm = r.uint();
  const commit = r.uint();
  const entries = readEntries(r, prevIndex, find, missing);
  return { kind: 'appendEntries', term, prevIndex, prevTerm, commit, entries };
}

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
