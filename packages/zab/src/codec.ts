import {
  assertNever,
  type DecodeResult,
  decodeMessageBody,
  type Epoch,
  encodeEntry,
  type FindPayload,
  type Payload,
  payloadsOf,
  readEntry,
} from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, nodeId, type PayloadId } from '@varve/encoding';
import { type Notification, nonsenseIn, PROPOSALS_MAX, type ZabMessage } from './message.ts';
import type { Zxid } from './zxid.ts';

/** The first item of each message's array. */
const KIND = {
  notification: 1,
  followerInfo: 2,
  newEpoch: 3,
  ackEpoch: 4,
  diff: 5,
  proposal: 6,
  gap: 7,
  snap: 8,
  newLeader: 9,
  ackLeader: 10,
  upToDate: 11,
  ack: 12,
  commit: 13,
  ping: 14,
  pong: 15,
  quit: 16,
  readRequest: 17,
  readResponse: 18,
} as const;

const KIND_OF: ReadonlyMap<number, ZabMessage['kind']> = new Map(
  Object.entries(KIND).map(([kind, number]) => [number, kind as ZabMessage['kind']]),
);

/** A node's state in a notification. */
const STATES: readonly Notification['state'][] = ['looking', 'following', 'leading'];

/** A message as `[kind, …]`; entries name their payloads by id, which are returned beside the body. */
export function encode(message: ZabMessage): { readonly body: Uint8Array; readonly payloads: readonly Payload[] } {
  const body = encodeCbor([KIND[message.kind], ...fieldsOf(message)]);
  return { body, payloads: 'entries' in message ? payloadsOf(message.entries) : [] };
}

function fieldsOf(message: ZabMessage): readonly CborValue[] {
  switch (message.kind) {
    case 'notification': {
      const { leader, named, currentEpoch, zxid } = message.vote;
      return [message.round, STATES.indexOf(message.state), leader, named, currentEpoch, ...zxidFields(zxid)];
    }
    case 'followerInfo':
      return epochFields(message.acceptedEpoch);
    case 'newEpoch':
      return [message.epoch];
    case 'ackEpoch':
      return [message.epoch, message.currentEpoch, ...zxidFields(message.zxid), message.voter];
    case 'diff':
    case 'proposal':
      return [message.epoch, ...zxidFields(message.prev), message.entries.map(encodeEntry)];
    case 'gap':
      return [message.epoch, ...zxidFields(message.prev), ...zxidFields(message.zxid)];
    case 'newLeader':
      return [message.epoch, ...zxidFields(message.zxid)];
    case 'ackLeader':
    case 'ack':
      return [message.epoch, message.counter, message.voter];
    case 'snap':
    case 'upToDate':
    case 'commit':
      return [message.epoch, message.counter];
    case 'ping':
      return [message.epoch, message.counter, message.context];
    case 'pong':
      return [message.epoch, message.context];
    case 'quit':
      return [message.epoch, message.successor, ...zxidFields(message.zxid)];
    case 'readRequest':
      return [message.context];
    case 'readResponse':
      return [message.context, message.index, message.ok];
    default:
      return assertNever(message);
  }
}

function zxidFields({ epoch, counter }: Zxid): readonly CborValue[] {
  return [epoch, counter];
}

function epochFields({ number, node }: Epoch): readonly CborValue[] {
  return [number, node === '' ? null : node];
}

/** The message of `body`, with its payloads taken from `find`. Never throws. */
export function decode(body: Uint8Array, find: FindPayload): DecodeResult<ZabMessage> {
  return decodeMessageBody(body, find, readMessage, nonsenseIn);
}

function readMessage(r: CborReader, find: FindPayload, missing: Set<PayloadId>): ZabMessage {
  const start = r.offset;
  const size = r.array();
  const kind = KIND_OF.get(r.uint());
  const expect = (items: number): number =>
    size === items ? r.uint() : r.unexpected(`array of ${items} items`, start);
  switch (kind) {
    case 'notification':
      return readNotification(r, expect(8));
    case 'followerInfo':
      return { kind, acceptedEpoch: readEpoch(r, expect(3)) };
    case 'newEpoch':
      return { kind, epoch: expect(2) };
    case 'ackEpoch': {
      const epoch = expect(6);
      return { kind, epoch, currentEpoch: r.uint(), zxid: readZxid(r), voter: nodeId(r.text()) };
    }
    case 'diff':
    case 'proposal': {
      const epoch = expect(5);
      const prev = readZxid(r);
      const entries = r.list((_, i) => readEntry(r, prev.counter + 1 + i, find, missing), PROPOSALS_MAX);
      return { kind, epoch, prev, entries };
    }
    case 'gap':
      return { kind, epoch: expect(6), prev: readZxid(r), zxid: readZxid(r) };
    case 'newLeader':
      return { kind, epoch: expect(4), zxid: readZxid(r) };
    case 'ackLeader':
    case 'ack':
      return { kind, epoch: expect(4), counter: r.uint(), voter: nodeId(r.text()) };
    case 'snap':
    case 'upToDate':
    case 'commit':
      return { kind, epoch: expect(3), counter: r.uint() };
    case 'ping':
      return { kind, epoch: expect(4), counter: r.uint(), context: r.uint() };
    case 'pong':
      return { kind, epoch: expect(3), context: r.uint() };
    case 'quit':
      return { kind, epoch: expect(5), successor: nodeId(r.text()), zxid: readZxid(r) };
    case 'readRequest':
      return { kind, context: expect(2) };
    case 'readResponse':
      return { kind, context: expect(4), index: r.uint(), ok: r.boolean() };
    default:
      return r.unexpected('kind of message', start);
  }
}

function readNotification(r: CborReader, round: number): Notification {
  const start = r.offset;
  const state = STATES[r.uint()] ?? r.unexpected('state of a node', start);
  const leader = nodeId(r.text());
  const named = r.boolean();
  return { kind: 'notification', round, state, vote: { leader, named, currentEpoch: r.uint(), zxid: readZxid(r) } };
}

function readZxid(r: CborReader): Zxid {
  return { epoch: r.uint(), counter: r.uint() };
}

function readEpoch(r: CborReader, number: number): Epoch {
  return { number, node: r.nullable(() => nodeId(r.text())) ?? '' };
}

/** Both epochs in one record: in two, a crash between the writes leaves them in contradiction (trap 35). */
export interface HardState {
  /** The latest epoch that this node promised itself to, and whose it is. */
  readonly acceptedEpoch: Epoch;
  /** The epoch of the last leader that it synchronized with. */
  readonly currentEpoch: number;
}

/** `[1, acceptedEpoch, its leader | null, currentEpoch]`. */
export function encodeHardState({ acceptedEpoch, currentEpoch }: HardState): Uint8Array {
  return encodeCbor([1, ...epochFields(acceptedEpoch), currentEpoch]);
}

/** @throws {EncodingError} for anything but what `encodeHardState` makes: a damaged store must promise nothing. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new CborReader(bytes);
  reader.array(4);
  reader.exactly(1);
  const acceptedEpoch = readEpoch(reader, reader.uint());
  const currentEpoch = reader.uint();
  reader.end();
  return { acceptedEpoch, currentEpoch };
}
