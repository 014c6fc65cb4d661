import type { MessageStream, Stream } from '@libp2p/interface';
import { afterEach, describe, expect, it } from 'vitest';
import { inOnePiece } from '../../src/network/encryption.ts';
import { tellSeldom } from '../../src/network/window.ts';
import { pattern, peerOf, startNode, stopAll, summary, until, untilLinked } from './harness.ts';

afterEach(stopAll);

describe('the window of a stream', () => {
  it('is told of after each 64 KiB, not after each chunk', () => {
    let told = 0;
    let read = 0;
    const stream = {
      sendWindowUpdate: () => {
        told += 1;
      },
    };
    tellSeldom(stream as unknown as Stream, () => read);
    const counts = [1_000, 65_535, 65_536, 65_537, 131_071, 131_072].map((bytes) => {
      read = bytes;
      stream.sendWindowUpdate();
      return told;
    });
    expect(counts).toEqual([0, 0, 1, 1, 1, 2]);
    const other = {};
    tellSeldom(other as unknown as Stream, () => read);
    expect(other).toEqual({});
  });

  it('never closes for a sender, whatever the size of its packets', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    a.network.setPeers([peerOf(b)]);
    await untilLinked(a, b);
    const sizes = [60_000, 65_532, 65_536, 5_000, 262_144, 1, 300_000, 70_000, 2_000_000];
    for (let round = 0; round < 6; round++) {
      for (const size of sizes) {
        expect(a.network.send(b.key, pattern(size))).toBe(true);
        if (size % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => b.packets.length === (round + 1) * sizes.length, 'packets arrived');
    }
    expect(b.packets.map(({ bytes }) => summary(bytes)).slice(-sizes.length)).toEqual(
      sizes.map((size) => summary(pattern(size))),
    );
  });
});

it('a message reaches the transport in one piece', () => {
  type Message = Parameters<MessageStream['send']>[0];
  const sent: Message[] = [];
  const connection = inOnePiece({ send: (data: Message) => sent.push(data) > 0 });
  const whole = Uint8Array.of(0, 2, 7, 8);
  // Of a list of arrays, this is what makes one.
  connection.send({ subarray: () => whole } as Message);
  expect(connection.send(Uint8Array.of(9))).toBe(true);
  expect(sent).toEqual([whole, Uint8Array.of(9)]);
});
