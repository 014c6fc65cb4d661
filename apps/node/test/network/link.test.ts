import type { Connection, Stream } from '@libp2p/interface';
import { publicKeyHex } from '@varve/encoding';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WRITE_BUFFER_BYTES_MAX } from '../../src/network/index.ts';
import { Link } from '../../src/network/link.ts';

const peer = publicKeyHex('ab'.repeat(32));

class FakeStream extends EventTarget {
  status = 'open';
  writeBufferLength = 0;
  readonly sent: number[] = [];

  send(bytes: Uint8Array): boolean {
    this.sent.push(bytes.length);
    this.writeBufferLength += bytes.length;
    return true;
  }

  abort(): void {
    this.status = 'aborted';
    this.dispatchEvent(new Event('close'));
  }
}

class FakeConnection {
  status = 'open';
  readonly streams: FakeStream[] = [];
  refuses = false;

  async newStream(): Promise<Stream> {
    if (this.refuses) throw new RangeError('refused');
    const stream = new FakeStream();
    this.streams.push(stream);
    return stream as unknown as Stream;
  }

  abort(): void {
    this.status = 'aborted';
    this.streams.at(-1)?.abort();
  }

  get stream(): FakeStream {
    const last = this.streams.at(-1);
    if (!last) throw new TypeError('no stream was opened');
    return last;
  }
}

const asConnection = (connection: FakeConnection) => connection as unknown as Connection;

async function makeLink(): Promise<{ link: Link; connection: FakeConnection; events: string[] }> {
  const events: string[] = [];
  const link = new Link(peer, {
    protocol: '/test',
    onLink: (_, up) => void events.push(up ? 'up' : 'down'),
    onRefused: (_, reason) => void events.push(reason),
    onSent: (packets, bytes) => void events.push(`sent ${packets}: ${bytes}`),
  });
  const connection = new FakeConnection();
  link.add(asConnection(connection));
  await settle();
  return { link, connection, events };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Link', () => {
  it('sends the packets of a turn together', async () => {
    const { link, connection, events } = await makeLink();
    expect([link.send(new Uint8Array(1)), link.send(new Uint8Array(2))]).toEqual([true, true]);
    await settle();
    expect(connection.stream.sent).toEqual([11]);
    expect(events).toEqual(['up', 'sent 2: 11']);
  });

  it('counts what waits in this turn and in the stream against the limit', async () => {
    const { link, connection } = await makeLink();
    const quarter = new Uint8Array(WRITE_BUFFER_BYTES_MAX / 4);
    const sent = [1, 2, 3, 4].map(() => link.send(quarter));
    expect(sent).toEqual([true, true, true, false]);
    await settle();
    expect(link.send(quarter)).toBe(false);
    connection.stream.writeBufferLength = 0;
    expect(link.send(quarter)).toBe(true);
  });

  it('ends when bytes wait and none leaves, not while some do', async () => {
    const { link, connection, events } = await makeLink();
    link.send(new Uint8Array(1_000));
    await settle();
    for (let second = 0; second < 30; second++) {
      connection.stream.writeBufferLength -= 10;
      await vi.advanceTimersByTimeAsync(1_000);
      link.sweep(performance.now());
    }
    expect(events).toEqual(['up', 'sent 1: 1004']);
    for (let second = 0; second < 12; second++) {
      link.send(new Uint8Array(10));
      await vi.advanceTimersByTimeAsync(1_000);
      link.sweep(performance.now());
    }
    expect(events.filter((event) => !event.startsWith('sent'))).toEqual(['up', 'STALLED', 'down']);
    expect([connection.status, link.isConnected]).toEqual(['aborted', false]);
  });

  it('opens a stream again after one that lived, in silence', async () => {
    const { link, connection, events } = await makeLink();
    await vi.advanceTimersByTimeAsync(1_500);
    connection.stream.abort();
    expect(link.send(new Uint8Array(1))).toBe(false);
    await settle();
    expect(link.send(new Uint8Array(1))).toBe(true);
    expect([events, connection.streams.length]).toEqual([['up'], 2]);
  });

  it('goes down when the stream dies young or cannot be opened again', async () => {
    const young = await makeLink();
    young.connection.stream.abort();
    expect([young.events, young.connection.status]).toEqual([['up', 'down'], 'aborted']);
    const refused = await makeLink();
    await vi.advanceTimersByTimeAsync(1_500);
    refused.connection.refuses = true;
    refused.connection.stream.abort();
    await settle();
    expect([refused.events, refused.connection.status]).toEqual([['up', 'down'], 'aborted']);
  });

  it('keeps crossing connections, and ends all when one ends', async () => {
    const { link, connection, events } = await makeLink();
    const crossing = new FakeConnection();
    link.add(asConnection(crossing));
    await settle();
    expect([crossing.streams.length, events]).toEqual([0, ['up']]);
    link.remove(asConnection(crossing));
    expect([connection.status, events]).toEqual(['aborted', ['up', 'down']]);
  });

  it('begins afresh when a late connection comes', async () => {
    const { link, connection, events } = await makeLink();
    await vi.advanceTimersByTimeAsync(6_000);
    const late = new FakeConnection();
    link.add(asConnection(late));
    expect([connection.status, late.status, events]).toEqual(['aborted', 'aborted', ['up', 'down']]);
  });
});
