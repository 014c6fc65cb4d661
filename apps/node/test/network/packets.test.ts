import { afterEach, describe, expect, it } from 'vitest';
import { PACKET_BYTES_MAX } from '../../src/network/index.ts';
import { keyOf, pattern, peerOf, startNode, stopAll, summary, until, untilLinked } from './harness.ts';

afterEach(stopAll);

describe('packets', () => {
  it('go both ways, whole', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    a.network.setPeers([peerOf(b)]);
    await untilLinked(a, b);
    expect(a.network.send(b.key, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(b.network.send(a.key, pattern(3 * 1024 * 1024))).toBe(true);
    expect(b.network.send(a.key, new Uint8Array(0))).toBe(true);
    await until(() => b.packets.length === 1 && a.packets.length === 2, 'packets arrived');
    expect(b.packets).toStrictEqual([{ from: a.key, bytes: Uint8Array.of(1, 2, 3) }]);
    expect(a.packets.map(({ bytes }) => summary(bytes))).toEqual([summary(pattern(3 * 1024 * 1024)), '0  ']);
    expect([a.network.bytesSent, b.network.bytesReceived]).toEqual([7, 7]);
    expect(a.network.bytesReceived).toBe(b.network.bytesSent);
    expect([a.network.packetsSent, b.network.packetsReceived]).toEqual([1, 1]);
    expect([b.network.packetsSent, a.network.packetsReceived]).toEqual([2, 2]);
  });

  it('keep their order, in one turn and in many', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    a.network.setPeers([peerOf(b)]);
    await untilLinked(a, b);
    const count = 1_000;
    for (let i = 0; i < count; i++) {
      expect(a.network.send(b.key, Uint8Array.of(i >> 8, i & 255))).toBe(true);
      expect(b.network.send(a.key, Uint8Array.of(i >> 8, i & 255))).toBe(true);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => a.packets.length === count && b.packets.length === count, 'packets arrived');
    for (const { packets } of [a, b])
      expect(packets.map(({ bytes }) => (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0))).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
  });

  it('of the largest size pass, larger ones are a bug of the caller', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    a.network.setPeers([peerOf(b)]);
    await untilLinked(a, b);
    expect(a.network.send(b.key, pattern(PACKET_BYTES_MAX))).toBe(true);
    expect(() => a.network.send(b.key, new Uint8Array(PACKET_BYTES_MAX + 1))).toThrow('PACKET_TOO_LARGE');
    await until(() => b.packets.length === 1, 'packet arrived');
    expect(summary(b.packets[0]?.bytes ?? new Uint8Array(0))).toBe(summary(pattern(PACKET_BYTES_MAX)));
  });

  it('of a peer that is cut off are delivered no more, not even those that came with the last one', async () => {
    const received: number[] = [];
    const a = await startNode(1);
    const b = await startNode(2, {
      onPacket: (from, bytes) => {
        received.push(bytes.length);
        b.network.disconnect(from);
      },
    });
    a.network.setPeers([peerOf(b)]);
    await untilLinked(a, b);
    for (let i = 1; i <= 200; i++) a.network.send(b.key, new Uint8Array(i));
    await until(() => !a.network.connected().includes(b.key), 'cut off');
    // What comes over the next link comes after all that the first could still have brought.
    await untilLinked(a, b);
    a.network.send(b.key, new Uint8Array(500));
    await until(() => received.includes(500), 'packet of the next link');
    expect(received).toEqual([1, 500]);
  });

  it('are dropped for a peer without a link and over the buffer limit, and flow again after it', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    expect(a.network.send(b.key, Uint8Array.of(1))).toBe(false);
    expect(a.network.send(await keyOf(9), Uint8Array.of(1))).toBe(false);
    a.network.setPeers([peerOf(b)]);
    await untilLinked(a, b);
    const sent = [1, 2, 3].map((first) => a.network.send(b.key, new Uint8Array(PACKET_BYTES_MAX - 100).fill(first)));
    expect(sent).toEqual([true, true, false]);
    await until(() => b.packets.length === 2, 'packets arrived');
    expect(a.network.send(b.key, Uint8Array.of(4))).toBe(true);
    await until(() => b.packets.length === 3, 'packet arrived');
    expect(b.packets.map(({ bytes }) => bytes[0])).toEqual([1, 2, 4]);
    expect(a.links).toEqual([`${b.key} up`]);
  });
});
