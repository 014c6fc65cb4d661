import {
  BOOLEAN,
  type Epoch,
  entriesAfter,
  type Field,
  messageCodec,
  NODE,
  type Protocol,
  UINT,
} from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor, nodeId } from '@varve/encoding';
import { type Diff, type Notification, nonsenseIn, type ZabMessage } from './message.ts';
import type { Vote, Zxid } from './zxid.ts';

/** A node's state in a notification. */
const STATES: readonly Notification['state'][] = ['looking', 'following', 'leading'];

const STATE: Field<Notification['state']> = {
  items: 1,
  write: (state) => [STATES.indexOf(state)],
  read: (reader) => {
    const start = reader.offset;
    return STATES[reader.uint()] ?? reader.unexpected('state of a node', start);
  },
};

const ZXID: Field<Zxid> = {
  items: 2,
  write: ({ epoch, counter }) => [epoch, counter],
  read: (reader) => ({ epoch: reader.uint(), counter: reader.uint() }),
};

const VOTE: Field<Vote> = {
  items: 5,
  write: ({ leader, named, currentEpoch, zxid }) => [leader, named, currentEpoch, ...ZXID.write(zxid)],
  read: (reader, reading) => ({
    leader: nodeId(reader.text()),
    named: reader.boolean(),
    currentEpoch: reader.uint(),
    zxid: ZXID.read(reader, reading),
  }),
};

const EPOCH: Field<Epoch> = { items: 2, write: epochItems, read: readEpoch };

function epochItems({ number, node }: Epoch): readonly CborValue[] {
  return [number, node === '' ? null : node];
}

function readEpoch(reader: CborReader): Epoch {
  return { number: reader.uint(), node: reader.nullable(() => nodeId(reader.text())) ?? '' };
}

const HISTORY = { epoch: UINT, prev: ZXID, entries: entriesAfter(({ prev }: Diff) => prev.counter) };

/** A message as `[kind, …]`. */
export const codec: Pick<Protocol<ZabMessage>, 'encode' | 'decode'> = messageCodec<ZabMessage>(
  {
    notification: [1, { round: UINT, state: STATE, vote: VOTE }],
    followerInfo: [2, { acceptedEpoch: EPOCH }],
    newEpoch: [3, { epoch: UINT }],
    ackEpoch: [4, { epoch: UINT, currentEpoch: UINT, zxid: ZXID, voter: NODE }],
    diff: [5, HISTORY],
    proposal: [6, HISTORY],
    gap: [7, { epoch: UINT, prev: ZXID, zxid: ZXID }],
    snap: [8, { epoch: UINT, counter: UINT }],
    newLeader: [9, { epoch: UINT, zxid: ZXID }],
    ackLeader: [10, { epoch: UINT, counter: UINT, voter: NODE }],
    upToDate: [11, { epoch: UINT, counter: UINT }],
    ack: [12, { epoch: UINT, counter: UINT, voter: NODE }],
    commit: [13, { epoch: UINT, counter: UINT }],
    ping: [14, { epoch: UINT, counter: UINT, context: UINT }],
    pong: [15, { epoch: UINT, context: UINT }],
    quit: [16, { epoch: UINT, successor: NODE, zxid: ZXID }],
    readRequest: [17, { context: UINT }],
    readResponse: [18, { context: UINT, index: UINT, ok: BOOLEAN }],
  },
  nonsenseIn,
);

/** Both epochs in one record: in two, a crash between the writes leaves them in contradiction (trap 35). */
export interface HardState {
  /** The latest epoch that this node promised itself to, and whose it is. */
  readonly acceptedEpoch: Epoch;
  /** The epoch of the last leader that it synchronized with. */
  readonly currentEpoch: number;
}

/** `[1, acceptedEpoch, its leader | null, currentEpoch]`. */
export function encodeHardState({ acceptedEpoch, currentEpoch }: HardState): Uint8Array {
  return encodeCbor([1, ...epochItems(acceptedEpoch), currentEpoch]);
}

/** @throws {EncodingError} for anything but what `encodeHardState` makes: a damaged store must promise nothing. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new CborReader(bytes);
  reader.array(4);
  reader.exactly(1);
  const acceptedEpoch = readEpoch(reader);
  const currentEpoch = reader.uint();
  reader.end();
  return { acceptedEpoch, currentEpoch };
}
