import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrames, FrameReader } from '../../src/network/frames.ts';

function read(chunks: readonly Uint8Array[], packetBytesMax?: number): { packets: Uint8Array[]; accepted: boolean[] } {
  const packets: Uint8Array[] = [];
  const reader = new FrameReader((packet) => packets.push(packet), packetBytesMax);
  return { packets, accepted: chunks.map((chunk) => reader.push(chunk)) };
}

describe('FrameReader', () => {
  it('gives back the packets however the bytes are cut', () => {
    const packet = fc.uint8Array({ maxLength: 40 });
    const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), cuts, (packets, lengths) => {
        const bytes = encodeFrames(packets);
        const chunks: Uint8Array[] = [];
        let offset = 0;
        for (const length of lengths) {
          chunks.push(bytes.subarray(offset, offset + length));
          offset += length;
        }
        chunks.push(bytes.subarray(offset));
        expect(read(chunks).packets).toStrictEqual(packets);
      }),
    );
  });

  it('puts a packet larger than its first room together', () => {
    const packet = new Uint8Array(1_000_000).map((_, i) => i % 251);
    const bytes = encodeFrames([packet, packet]);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7_777) }, (_, i) =>
      bytes.subarray(i * 7_777, (i + 1) * 7_777),
    );
    const { packets } = read(chunks);
    expect(packets.map((found) => Buffer.compare(found, packet))).toEqual([0, 0]);
  });

  it('takes the limit itself and refuses one byte more, before the packet arrives', () => {
    expect(read([encodeFrames([new Uint8Array(10)])], 10).accepted).toEqual([true]);
    expect(read([Uint8Array.of(0, 0, 0, 11)], 10)).toEqual({ packets: [], accepted: [false] });
    expect(read([Uint8Array.of(255, 255, 255, 255)])).toEqual({ packets: [], accepted: [false] });
  });

  it('delivers what came before a violation and nothing after it', () => {
    const bytes = [...encodeFrames([Uint8Array.of(7)]), 0, 0, 0, 99, 1, 2, 3];
    const after = encodeFrames([Uint8Array.of(8)]);
    expect(read([Uint8Array.from(bytes), after], 10)).toEqual({
      packets: [Uint8Array.of(7)],
      accepted: [false, false],
    });
  });

  it('copies: a changed chunk does not change a packet', () => {
    const bytes = encodeFrames([Uint8Array.of(1, 2)]);
    const { packets } = read([bytes]);
    bytes.fill(0);
    expect(packets).toStrictEqual([Uint8Array.of(1, 2)]);
  });
});
