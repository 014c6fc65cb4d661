import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import type { PublicKeyHex } from '@varve/encoding';
import { createLibp2p } from 'libp2p';
import { afterEach, describe, expect, it } from 'vitest';
import { packetProtocol } from '../../src/network/index.ts';
import { chainId, keyOf, peerOf, startHost, startNode, stopAll, until, untilLinked } from './harness.ts';

afterEach(stopAll);

describe('admission', () => {
  it('refuses an unregistered peer that dials, before it can open a stream', async () => {
    const stranger = await startNode(2);
    const a = await startNode(1, { isAdmitted: (key) => key !== stranger.key });
    stranger.network.setPeers([peerOf(a)]);
    await until(
      () => a.refusals.filter((text) => text === `${stranger.key} NOT_ADMITTED`).length >= 2,
      'refused twice',
    );
    expect([a.links, stranger.links, a.packets]).toEqual([[], [], []]);
  });

  it('refuses an unregistered peer that it dials itself', async () => {
    const stranger = await startNode(2);
    const a = await startNode(1, { isAdmitted: () => false });
    a.network.setPeers([peerOf(stranger)]);
    await until(
      () => a.refusals.filter((text) => text === `${stranger.key} NOT_ADMITTED`).length >= 2,
      'refused twice',
    );
    expect([a.links, stranger.links]).toEqual([[], []]);
  });

  it('is asked live: a peer gets in once it is registered, and out by reviewPeers', async () => {
    const admitted = new Set<PublicKeyHex>();
    const b = await startNode(2);
    const a = await startNode(1, { isAdmitted: (key) => admitted.has(key) });
    b.network.setPeers([peerOf(a)]);
    await until(() => a.refusals.length > 0, 'refused');
    admitted.add(b.key);
    await untilLinked(a, b);
    a.network.reviewPeers();
    expect(a.network.connected()).toEqual([b.key]);
    admitted.clear();
    a.network.reviewPeers();
    expect(a.network.connected()).toEqual([]);
    expect(a.network.send(b.key, Uint8Array.of(1))).toBe(false);
    await until(() => b.links.length === 2, 'down');
    expect(a.links).toEqual([`${b.key} up`, `${b.key} down`]);
  });

  it('refuses keys that are not of Ed25519', async () => {
    const a = await startNode(1);
    const host = await createLibp2p({
      privateKey: await generateKeyPair('secp256k1'),
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
    const id = host.peerId.toString();
    await host.dial(multiaddr(a.address)).catch(() => undefined);
    await until(() => a.refusals.length > 0, 'refused');
    expect(a.refusals).toEqual([`${id} KEY_TYPE`]);
    await host.stop();
  });

  it('lets nobody of another chain have a link', async () => {
    const a = await startNode(1);
    const other = await startNode(2, { chainId: 'c2'.repeat(32) });
    other.network.setPeers([peerOf(a)]);
    const unsupported = (key: string) => `${key} PROTOCOL_UNSUPPORTED`;
    await until(
      () => a.refusals.includes(unsupported(other.key)) || other.refusals.includes(unsupported(a.key)),
      'refused',
    );
    expect([a.links, other.links]).toEqual([[], []]);
  });
});

describe('a member that misbehaves', () => {
  it('is cut off for a frame over the limit, and kept out', async () => {
    const a = await startNode(1);
    const host = await startHost(2);
    // Without it the node would end the connection, perhaps before it has read anything.
    await host.handle(packetProtocol(chainId), () => undefined);
    const connection = await host.dial(multiaddr(a.address));
    const stream = await connection.newStream(packetProtocol(chainId));
    stream.send(Uint8Array.of(0, 0, 0, 1, 7, 0x00, 0x80, 0x00, 0x01, 1, 2, 3));
    await until(() => connection.status !== 'open', 'connection closed');
    const key = await keyOf(2);
    expect(a.packets).toEqual([{ from: key, bytes: Uint8Array.of(7) }]);
    expect(a.refusals[0]).toBe(`${key} FRAME_TOO_LARGE`);
    await host.dial(multiaddr(a.address)).catch(() => undefined);
    await until(() => a.refusals.includes(`${key} COOLING_DOWN`), 'kept out');
  });

  it('cannot open packet streams without number', async () => {
    const a = await startNode(1);
    const host = await startHost(2);
    await host.handle(packetProtocol(chainId), () => undefined);
    const connection = await host.dial(multiaddr(a.address));
    await until(() => a.links.length === 1, 'up');
    const streams = await Promise.all(
      Array.from({ length: 8 }, () =>
        connection.newStream(packetProtocol(chainId), { maxOutboundStreams: 100 }).catch(() => undefined),
      ),
    );
    await until(() => streams.filter((stream) => stream?.status === 'open').length <= 3, 'the rest reset');
  });

  it('which does not read loses packets, not the memory of the sender, nor delays its stop', async () => {
    const a = await startNode(1);
    const host = await startHost(2);
    await host.handle(packetProtocol(chainId), (stream) => stream.pause());
    await host.dial(multiaddr(a.address));
    const key = await keyOf(2);
    await until(() => a.network.connected().includes(key), 'up');
    let accepted = 0;
    while (a.network.send(key, new Uint8Array(1024 * 1024)) && accepted < 100) {
      accepted++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(30);
    const stopAt = performance.now();
    await a.network.stop();
    expect(performance.now() - stopAt).toBeLessThan(2_000);
  });

  it('which resets our stream gets another one on the same connection', async () => {
    const a = await startNode(1);
    const host = await startHost(2);
    let streams = 0;
    let reset = () => {};
    await host.handle(packetProtocol(chainId), (stream) => {
      streams++;
      reset = () => stream.abort(new RangeError('test'));
    });
    const connection = await host.dial(multiaddr(a.address));
    await until(() => a.links.length === 1, 'up');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    reset();
    await until(() => streams === 2, 'opened again');
    await until(() => a.network.send(a.network.connected()[0] as PublicKeyHex, Uint8Array.of(1)), 'sends again');
    expect([connection.status, a.links.length]).toEqual(['open', 1]);
  });
});
