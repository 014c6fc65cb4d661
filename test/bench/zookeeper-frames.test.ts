import { describe, expect, it } from 'vitest';
import { connectFrame, createFrame, FrameReader, parseReply } from '../../bench/peers/zookeeper-frames.ts';

/** Bytes written out by hand: hexadecimal, and what stands between bars. */
function bytesOf(text: string): Buffer {
  const parts = text
    .split('|')
    .map((part, at) => Buffer.from(at % 2 === 0 ? part.replaceAll(/\s/g, '') : part, at % 2 === 0 ? 'hex' : 'utf8'));
  return Buffer.concat(parts);
}

describe('frames of ZooKeeper', () => {
  it('ask for a session', () => {
    const expected = `0000002c 00000000 0000000000000000 00007530 0000000000000000 00000010 ${'00'.repeat(16)}`;
    expect(connectFrame(30_000)).toEqual(bytesOf(expected));
  });

  it('create a node', () => {
    const expected = `00000036 00000007 00000001 00000004 |/a/b| 00000003 0a0b0c
      00000001 0000001f 00000005 |world| 00000006 |anyone| 00000000`;
    expect(createFrame(7, '/a/b', Uint8Array.of(10, 11, 12))).toEqual(bytesOf(expected));
  });

  it('answer with a number and an error', () => {
    expect(parseReply(bytesOf('00000007 0000000100000002 00000000 00000004 |/a/b|'))).toEqual({ xid: 7, error: 0 });
    expect(parseReply(bytesOf('00000008 0000000100000003 ffffff92'))).toEqual({ xid: 8, error: -110 });
    expect(() => parseReply(Buffer.alloc(15))).toThrow(/15 bytes/);
  });

  it('are the same wherever chunks end', () => {
    const stream = bytesOf('00000003 010203 00000000 00000002 0405 0000');
    for (let size = 1; size <= stream.length; size++) {
      const reader = new FrameReader();
      const frames: string[] = [];
      for (let at = 0; at < stream.length; at += size)
        frames.push(...reader.push(stream.subarray(at, at + size)).map((frame) => frame.toString('hex')));
      expect(frames).toEqual(['010203', '', '0405']);
    }
  });

  it.each(['ffffffff', '00100001'])('of length %s are refused', (length) => {
    expect(() => new FrameReader().push(bytesOf(length))).toThrow(/a frame of/);
  });
});
