import { once } from 'node:events';
import { createServer } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import { type Network, networkKeyOf, packetProtocol, peerIdOf } from '../../src/network/index.ts';
import {
  chainId,
  keyOf,
  type Node,
  peerOf,
  seedOf,
  startHost,
  startNode,
  stopAll,
  until,
  untilLinked,
} from './harness.ts';

afterEach(stopAll);

describe('links', () => {
  it('come up once on each side when both dial at once', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    a.network.setPeers([peerOf(b)]);
    b.network.setPeers([peerOf(a)]);
    await untilLinked(a, b);
    for (let i = 0; i < 50; i++) {
      a.network.send(b.key, Uint8Array.of(i));
      b.network.send(a.key, Uint8Array.of(i));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(() => a.packets.length === 50 && b.packets.length === 50, 'packets arrived');
    expect([a.links, b.links]).toEqual([[`${b.key} up`], [`${a.key} up`]]);
  });

  it('come back when a peer restarts on its port', async () => {
    const a = await startNode(1);
    const first = await startNode(2);
    a.network.setPeers([peerOf(first)]);
    await untilLinked(a, first);
    await first.network.stop();
    await until(() => a.links.length === 2, 'down');
    const second = await startNode(2, { listen: [first.address] });
    await untilLinked(a, second);
    expect(a.links).toEqual([`${second.key} up`, `${second.key} down`, `${second.key} up`]);
    expect(a.network.send(second.key, Uint8Array.of(5))).toBe(true);
    expect(second.network.send(a.key, Uint8Array.of(6))).toBe(true);
    await until(() => a.packets.length === 1 && second.packets.length === 1, 'packets arrived');
  });

  it('wait for a peer that starts later', async () => {
    const a = await startNode(1);
    const probe = await startNode(2);
    await probe.network.stop();
    // In its place something that hangs up: so that dials have failed before the peer is there.
    let hungUp = 0;
    const stranger = createServer((socket) => {
      hungUp += 1;
      socket.destroy();
    });
    await once(stranger.listen(Number(/\/tcp\/(\d+)/.exec(probe.address)?.[1]), '127.0.0.1'), 'listening');
    a.network.setPeers([peerOf(probe)]);
    await until(() => hungUp >= 2, 'dialled twice in vain');
    stranger.close();
    await once(stranger, 'close');
    const b = await startNode(2, { listen: [probe.address] });
    await untilLinked(a, b);
  });

  it('of eight nodes make a full mesh on one host', async () => {
    const nodes: Node[] = [];
    for (let i = 1; i <= 8; i++) nodes.push(await startNode(i));
    for (const { network } of nodes) network.setPeers(nodes.map(peerOf));
    await until(() => nodes.every(({ network }) => network.connected().length === 7), 'full mesh');
    for (const a of nodes)
      for (const b of nodes) if (a !== b) expect(a.network.send(b.key, Uint8Array.of(1))).toBe(true);
    await until(() => nodes.every(({ packets }) => packets.length === 7), 'packets arrived');
    expect(nodes.map(({ links }) => links.length)).toEqual(nodes.map(() => 7));
  });

  it('begin afresh when a connected peer dials again: it has lost its end', async () => {
    const a = await startNode(1);
    const host = await startHost(2);
    await host.handle(packetProtocol(chainId), () => undefined);
    const old = await host.dial(multiaddr(a.address));
    await until(() => a.links.length === 1, 'up');
    await new Promise((resolve) => setTimeout(resolve, 5_600));
    await host.dial(multiaddr(a.address), { force: true }).catch(() => undefined);
    await until(() => a.links.length === 2 && old.status !== 'open', 'down');
    await host.dial(multiaddr(a.address));
    await until(() => a.links.length === 3, 'up again');
    expect(a.links.map((text) => text.split(' ')[1])).toEqual(['up', 'down', 'up']);
  });

  it('end by disconnect, with a cool-down, and come back after it', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    b.network.setPeers([peerOf(a)]);
    await untilLinked(a, b);
    const disconnectedAt = performance.now();
    a.network.disconnect(b.key);
    expect(a.network.connected()).toEqual([]);
    await until(() => a.refusals.includes(`${b.key} COOLING_DOWN`), 'refused');
    await untilLinked(a, b);
    expect(performance.now() - disconnectedAt).toBeGreaterThan(4_900);
    expect(a.links).toEqual([`${b.key} up`, `${b.key} down`, `${b.key} up`]);
  });
});

describe('addresses and keys', () => {
  it('names the address in use', async () => {
    const { address } = await startNode(1);
    const started = startNode(2, { listen: ['/ip4/127.0.0.1/tcp/0', address] });
    await expect(started).rejects.toMatchObject({ code: 'PORT_IN_USE', details: { address } });
  });

  it.each(['127.0.0.1:7801', '/ip4/127.0.0.1', '/ip4/127.0.0.1/udp/1', '/ip4/300.0.0.1/tcp/1', ''])(
    'refuses to listen on "%s"',
    async (address) => {
      await expect(startNode(1, { listen: [address] })).rejects.toMatchObject({ code: 'ADDRESS_MALFORMED' });
    },
  );

  it('tells an address that is not of this machine', async () => {
    const started = startNode(1, { listen: ['/ip4/192.0.2.1/tcp/0'] });
    await expect(started).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });

  it('reports a peer’s bad address and goes on with the others', async () => {
    const [a, b] = [await startNode(1), await startNode(2)];
    const bad = await keyOf(3);
    const withId = `${b.address}/p2p/${peerIdOf(b.key).toString()}`;
    a.network.setPeers([
      { networkKey: bad, address: 'nowhere' },
      { networkKey: bad, address: withId },
      { networkKey: b.key, address: withId },
    ]);
    await untilLinked(a, b);
    expect(a.refusals).toEqual([`${bad} ADDRESS_MALFORMED`, `${bad} ADDRESS_MALFORMED`]);
  });

  it('converts keys to peer ids and back', async () => {
    const key = await keyOf(7);
    expect(networkKeyOf(peerIdOf(key))).toBe(key);
    expect(peerIdOf(key).toString()).toMatch(/^12D3KooW/);
  });

  it('refuses a seed of another length', async () => {
    const started: Promise<{ network: Network }> = startNode(1, { networkSeed: seedOf(1).subarray(1) });
    await expect(started).rejects.toMatchObject({ code: 'NETWORK_SEED_MALFORMED' });
  });
});
