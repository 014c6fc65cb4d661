import { encodeCbor } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { EVIDENCE_MAX } from '../src/limits.ts';
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
