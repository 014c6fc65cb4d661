import { BATCH_ENTRIES_MAX } from '@varve/consensus';
import { entryOf, payloadOf } from '@varve/consensus/testing';
import { EncodingError, encodeCbor } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { codec, decodeHardState, encodeHardState } from '../src/codec.ts';
import { zab } from '../src/index.ts';
import type { ZabMessage } from '../src/message.ts';
import { A, B, hardStateOf } from './harness.ts';
import { notification, voteFor, zxid } from './replica.ts';

const { decode, encode } = codec;
const entries = [entryOf(8, 2, A, 'x'), entryOf(9, 3, B)];

const MESSAGES: readonly ZabMessage[] = [
  notification(7, 'looking', voteFor(A, 3, zxid(2, 9), true)),
  notification(1, 'following', voteFor(B)),
  notification(2, 'leading', voteFor(B)),
  { kind: 'followerInfo', acceptedEpoch: { number: 0, node: '' } },
  { kind: 'followerInfo', acceptedEpoch: { number: 4, node: A } },
  { kind: 'newEpoch', epoch: 5 },
  { kind: 'ackEpoch', epoch: 5, currentEpoch: 3, zxid: zxid(3, 9), voter: A },
  { kind: 'diff', epoch: 5, prev: zxid(2, 7), entries },
  { kind: 'proposal', epoch: 5, prev: zxid(2, 7), entries: [] },
  { kind: 'gap', epoch: 5, prev: zxid(2, 7), zxid: zxid(1, 3) },
  { kind: 'snap', epoch: 5, counter: 12 },
  { kind: 'newLeader', epoch: 5, zxid: zxid(3, 9) },
  { kind: 'ackLeader', epoch: 5, counter: 9, voter: B },
  { kind: 'upToDate', epoch: 5, counter: 9 },
  { kind: 'ack', epoch: 5, counter: 10, voter: B },
  { kind: 'commit', epoch: 5, counter: 10 },
  { kind: 'ping', epoch: 5, counter: 9, context: 77 },
  { kind: 'pong', epoch: 5, context: 77 },
  { kind: 'quit', epoch: 5, successor: B, zxid: zxid(5, 10) },
  { kind: 'readRequest', context: 2 ** 50 },
  { kind: 'readResponse', context: 1, index: 9, ok: true },
];

describe('messages', () => {
  it.each(MESSAGES.map((message) => [message.kind, message] as const))('%s survives the wire', (_, message) => {
    const { body, payloads } = encode(message);
    const find = (id: string) => payloads.find((payload) => payload.id === id);
    expect(decode(body, find)).toEqual({ kind: 'message', message });
    for (let size = 0; size < body.length; size++) expect(decode(body.slice(0, size), find).kind).toBe('malformed');
    expect(decode(new Uint8Array([...body, 0]), find).kind).toBe('malformed');
  });

  it('name payloads by id, and say which are missing', () => {
    const { body, payloads } = encode({ kind: 'diff', epoch: 5, prev: zxid(2, 7), entries });
    expect(payloads).toEqual([payloadOf('x')]);
    expect(decode(body, () => undefined)).toEqual({ kind: 'missing', payloads: [payloadOf('x').id] });
  });

  const nonsense: readonly (readonly [string, ZabMessage])[] = [
    ['an epoch of 0', { kind: 'newEpoch', epoch: 0 }],
    ['an epoch out of range', { kind: 'newEpoch', epoch: 2 ** 52 + 1 }],
    ['a history of a later epoch', { kind: 'newLeader', epoch: 5, zxid: zxid(6, 1) }],
    ['a proposal of a later epoch', { kind: 'proposal', epoch: 2, prev: zxid(2, 7), entries }],
    ['epochs that fall', { kind: 'diff', epoch: 5, prev: zxid(3, 7), entries }],
    ['a counter out of range', { kind: 'diff', epoch: 5, prev: zxid(3, 2 ** 52 + 1), entries: [] }],
    ['a zxid out of range', { kind: 'ackEpoch', epoch: 5, currentEpoch: 1, zxid: zxid(1, 2 ** 53 - 1), voter: A }],
    ['an accepted epoch out of range', { kind: 'followerInfo', acceptedEpoch: { number: 2 ** 53 - 1, node: A } }],
    [
      'too many entries',
      {
        kind: 'diff',
        epoch: 5,
        prev: zxid(0, 0),
        entries: Array.from({ length: BATCH_ENTRIES_MAX + 1 }, (_, i) => entryOf(i + 1, 1, A)),
      },
    ],
  ];

  it.each(nonsense)('%s is malformed', (_, message) => {
    expect(decode(encode(message).body, (id) => ({ id, bytes: new Uint8Array() })).kind).toBe('malformed');
  });

  it('of an unknown kind or state are malformed', () => {
    expect(decode(encodeCbor([99, 1]), () => undefined).kind).toBe('malformed');
    expect(decode(encodeCbor([1, 1, 3, 'a', false, 0, 0, 0]), () => undefined).kind).toBe('malformed');
  });
});

describe('vouched', () => {
  it('is what a durable promise claims, and nothing else', () => {
    const claims = MESSAGES.map((message) => [message.kind, zab.vouched(message)] as const);
    expect(claims.filter(([, slot]) => slot !== undefined)).toEqual([
      ['ackEpoch', { index: 0, epoch: { number: 5, node: A } }],
      ['ackLeader', { index: 9, epoch: { number: 5, node: B } }],
      ['ack', { index: 10, epoch: { number: 5, node: B } }],
    ]);
  });
});

describe('hard state', () => {
  it.each([
    { acceptedEpoch: { number: 0, node: '' as const }, currentEpoch: 0 },
    { acceptedEpoch: { number: 2 ** 40, node: A }, currentEpoch: 2 ** 39 },
  ])('$currentEpoch survives the disk', (hardState) => {
    expect(decodeHardState(encodeHardState(hardState))).toEqual(hardState);
  });

  it.each([
    [new Uint8Array()],
    [encodeCbor([2, 1, null, 0])],
    [encodeCbor([1, 1, null])],
    [new Uint8Array([...hardStateOf(1, A, 1), 0])],
  ])('%s is refused', (bytes) => {
    expect(() => decodeHardState(bytes)).toThrow(EncodingError);
  });
});
