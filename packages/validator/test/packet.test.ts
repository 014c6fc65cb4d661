import { BATCH_ENTRIES_MAX } from '@varve/consensus';
import { encodeCbor, instanceId } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { EVIDENCE_MAX, STATEMENT_BYTES_MAX } from '../src/limits.ts';
import { decodePacket, encodePackets, type PeerMessage, readPacket } from '../src/packet.ts';

function travelled(message: PeerMessage): readonly PeerMessage[] {
  return encodePackets([message]).flatMap((packet) => decodePacket(packet));
}

/** A packet with one message of these items. */
function packet(...items: readonly (number | null | Uint8Array | readonly unknown[])[]): Uint8Array {
  return encodeCbor([1, [encodeCbor(items as never)]]);
}

const RECORD = Uint8Array.of(1, 2, 3);

describe('evidence in packets', () => {
  it.each([{ count: 0 }, { count: 1 }, { count: EVIDENCE_MAX }])('$count records arrive as they left', ({ count }) => {
    const message: PeerMessage = { kind: 'evidence', records: Array.from({ length: count }, () => RECORD) };
    expect(travelled(message)).toEqual([message]);
  });

  it.each([
    [
      'one record too many',
      packet(
        11,
        Array.from({ length: EVIDENCE_MAX + 1 }, () => RECORD),
      ),
    ],
    ['a record that is no byte string', packet(11, [1])],
    ['no list', packet(11, RECORD)],
    ['an item too many', packet(11, [RECORD], 0)],
  ])('refuses %s', (_, bytes) => {
    expect(readPacket(bytes)).toEqual(expect.any(String));
  });
});

describe('frames in packets', () => {
  const frame = (payloads: number): PeerMessage => ({
    kind: 'frame',
    frame: {
      instance: instanceId('ab'.repeat(32)),
      body: RECORD,
      payloads: Array.from({ length: payloads }, () => RECORD),
      signature: null,
    },
  });

  it('carry the payload of every entry that a message may hold', () => {
    expect(travelled(frame(BATCH_ENTRIES_MAX))).toEqual([frame(BATCH_ENTRIES_MAX)]);
  });

  it('carry no more', () => {
    const [bytes = RECORD] = encodePackets([frame(BATCH_ENTRIES_MAX + 1)]);
    expect(readPacket(bytes)).toEqual(expect.any(String));
  });
});

describe('witnesses in packets', () => {
  const signature = new Uint8Array(64).fill(7);

  it.each([
    ['nothing', null, null],
    ['a vote', { bytes: RECORD, signature }, null],
    ['a seal', null, RECORD],
    [
      'the longest of both',
      { bytes: new Uint8Array(STATEMENT_BYTES_MAX), signature },
      new Uint8Array(STATEMENT_BYTES_MAX),
    ],
  ])('%s arrives as it left', (_, statement, seal) => {
    expect(travelled({ kind: 'witness', statement, seal })).toEqual([{ kind: 'witness', statement, seal }]);
  });

  it.each([
    ['a statement too long', packet(12, [new Uint8Array(STATEMENT_BYTES_MAX + 1), signature], null)],
    ['a seal too long', packet(12, null, new Uint8Array(STATEMENT_BYTES_MAX + 1))],
    ['a short signature', packet(12, [RECORD, signature.subarray(1)], null)],
    ['an item too few', packet(12, null)],
  ])('refuses %s', (_, bytes) => {
    expect(readPacket(bytes)).toEqual(expect.any(String));
  });
});
