import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { createNode, TestNode } from './test-node.ts';

let node: TestNode;
let api: Api;
const sockets: Socket[] = [];

beforeEach(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0, heartbeatMs: 30 });
  await api.listen();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.close();
});

/** A reader of one event stream over a bare socket: what it got so far, and its ids. */
class Reader {
  text = '';
  readonly socket: Socket;
  closed = false;

  constructor(query: string, headers = '') {
    const port = Number(new URL(api.address).port);
    this.socket = connect(port, '127.0.0.1', () =>
      this.socket.write(`GET /v1/events${query} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`),
    );
    this.socket.on('data', (chunk) => {
      this.text += chunk;
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
    sockets.push(this.socket);
  }

  get ids(): string[] {
    return [...this.text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] as string);
  }

  /** Waits until the text has what is asked for. */
  async until(isThere: (reader: Reader) => boolean): Promise<this> {
    const deadline = Date.now() + 60_000;
    while (!isThere(this)) {
      if (Date.now() > deadline) throw new Error(`not in time; got ${this.text.slice(-500)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this;
  }
}

it('streams final blocks as they come, and heartbeats between them', async () => {
  await node.block([createNode()]);
  const reader = await new Reader('').until(({ text }) => text.includes(': heartbeat'));
  expect(reader.text).toMatch(/^HTTP\/1.1 200[\s\S]*content-type: text\/event-stream[\s\S]*Varve-Height: 1/);
  expect(reader.ids).toEqual([]);
  node.automatic = false;
  await node.submit([node.sign([createNode()]).bytes]);
  node.commit();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(reader.ids).toEqual([]);
  node.certify();
  await reader.until(({ ids }) => ids.length === 1);
  expect(reader.ids).toEqual(['2.0.0']);
  expect(reader.text).toContain(`"hash":"${node.ledger.tip.hash}"`);
});

it('resumes exactly, by cursor and by Last-Event-ID', async () => {
  for (let i = 0; i < 3; i++) await node.block([createNode(), createNode()]);
  const all = await new Reader('?after=0&topics=blocks,transactions,events').until(({ ids }) => ids.at(-1) === '3.1.2');
  expect(all.ids.slice(0, 4)).toEqual(['1.0.0', '1.1.0', '1.1.1', '1.1.2']);
  expect(all.ids).toHaveLength(12);
  for (const [i, id] of all.ids.entries()) {
    if (i === 11) break;
    const rest = await new Reader(`?after=${id}&topics=blocks,transactions,events`).until(
      ({ ids }) => ids.at(-1) === '3.1.2',
    );
    expect(rest.ids).toEqual(all.ids.slice(i + 1));
  }
  const resumed = await new Reader('?after=0', 'last-event-id: 2.0.0\r\n').until(({ ids }) => ids.length > 0);
  expect(resumed.ids).toEqual(['3.0.0']);
});

it('waits ahead of the tip', async () => {
  const reader = await new Reader('?after=2').until(({ text }) => text.includes('heartbeat'));
  for (let i = 0; i < 3; i++) await node.block([createNode()]);
  await reader.until(({ ids }) => ids.length > 0);
  expect(reader.ids).toEqual(['3.0.0']);
});

it.each([
  ['?after=x', '400', 'CURSOR_MALFORMED'],
  ['?after=1.2', '400', 'CURSOR_MALFORMED'],
  ['?topics=blocks,nothing', '400', 'REQUEST_INVALID'],
])('refuses %s', async (query, status, code) => {
  const reader = await new Reader(query).until(({ text }) => text.includes('}'));
  expect(reader.text).toContain(`HTTP/1.1 ${status}`);
  expect(reader.text).toContain(code);
});

it('answers 410 where the block after the cursor is gone', async () => {
  await node.block([createNode()]);
  const { header } = node.ledger.tip;
  node.records.delete(Uint8Array.from([0x50, ...Buffer.from(header.payloadHash, 'hex')]));
  const reader = await new Reader('?after=0').until(({ text }) => text.includes('}'));
  expect(reader.text).toContain('HTTP/1.1 410');
  expect(reader.text).toContain('EVENTS_PRUNED');
});

it('lets no slow reader hold up others, nor keeps anything for it', async () => {
  const slow = new Reader('?after=0&topics=blocks,transactions,events');
  const quick = new Reader('?after=0&topics=blocks');
  await slow.until(({ text }) => text.includes('retry'));
  slow.socket.pause();
  // More than what the sockets of both sides hold.
  const value = 'x'.repeat(30_000);
  for (let block = 0; block < 60; block++) {
    const path = () => createNode(undefined, value);
    await node.block([path(), path()]);
  }
  for (let block = 60; block < 160; block++)
    await node.block([createNode(undefined, value), createNode(undefined, value)]);
  await quick.until(({ ids }) => ids.at(-1) === '160.0.0');
  expect(quick.ids).toHaveLength(160);
  expect(slow.ids.length).toBeLessThan(480);
  slow.socket.resume();
  await slow.until(({ ids }) => ids.at(-1) === '160.1.2');
  expect(new Set(slow.ids).size).toBe(160 * 4);
});

it('ends streams when it closes', async () => {
  const reader = await new Reader('').until(({ text }) => text.includes('retry'));
  const start = Date.now();
  await api.close();
  await reader.until(({ closed }) => closed);
  expect(Date.now() - start).toBeLessThan(2_000);
});
