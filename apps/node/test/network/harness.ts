import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Libp2p } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { type PublicKeyHex, toHex } from '@varve/encoding';
import { createLibp2p } from 'libp2p';
import { type GossipTopic, Network, type NetworkOptions, networkKeyOf } from '../../src/network/index.ts';

export const chainId = 'c1'.repeat(32);
const DEADLINE_MS = 30_000;

/** A network with everything it reported. */
export type Node = {
  readonly network: Network;
  readonly key: PublicKeyHex;
  readonly address: string;
  readonly packets: { readonly from: PublicKeyHex; readonly bytes: Uint8Array }[];
  readonly links: string[];
  readonly gossip: { readonly from: PublicKeyHex; readonly topic: GossipTopic; readonly data: string }[];
  readonly refusals: string[];
};

const running: { stop(): unknown }[] = [];

/** The seed of test key `index`. */
export function seedOf(index: number): Uint8Array {
  return new Uint8Array(32).fill(index);
}

/** The public key of test key `index`. */
export async function keyOf(index: number): Promise<PublicKeyHex> {
  const key = networkKeyOf(peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seedOf(index))));
  if (key === undefined) throw new TypeError('an Ed25519 key has a network key');
  return key;
}

/** Starts a network with test key `index`, on a free port, admitting everybody. */
export async function startNode(index: number, overrides: Partial<NetworkOptions> = {}): Promise<Node> {
  const packets: Node['packets'] = [];
  const links: string[] = [];
  const gossip: Node['gossip'] = [];
  const refusals: string[] = [];
  const network = await Network.start({
    networkSeed: seedOf(index),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    chainId,
    isAdmitted: () => true,
    onPacket: (from, bytes) => void packets.push({ from, bytes }),
    onLink: (peer, up) => void links.push(`${peer} ${up ? 'up' : 'down'}`),
    onGossip: (from, topic, data) => {
      gossip.push({ from, topic, data: Buffer.from(data).toString() });
      return true;
    },
    onRefused: (key, reason) => void refusals.push(`${key} ${reason}`),
    ...overrides,
  });
  running.push(network);
  const [address = ''] = network.addresses;
  return { network, key: network.networkKey, address, packets, links, gossip, refusals };
}

/** A bare libp2p host with test key `index`, to do what a network of ours never does. */
export async function startHost(index: number, encrypter = noise()): Promise<Libp2p> {
  const host = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seedOf(index)),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [encrypter],
    streamMuxers: [yamux()],
  });
  running.push(host);
  return host;
}

/** Ends everything started since the last call. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((node) => node.stop()));
}

/** What `setPeers` takes to reach `node`. */
export function peerOf(node: Node): { networkKey: PublicKeyHex; address: string } {
  return { networkKey: node.key, address: node.address };
}

/** Resolves when both nodes have a link to each other. */
export async function untilLinked(a: Node, b: Node): Promise<void> {
  await until(() => a.network.connected().includes(b.key) && b.network.connected().includes(a.key), 'linked');
}

/** Resolves when `isTrue` is; rejects after a generous deadline. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new RangeError(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Bytes that tell positions apart. */
export function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * 31 + (i >> 8)) & 255);
}

/** A short name of bytes for comparisons: millions of them print badly. */
export function summary(bytes: Uint8Array): string {
  return `${bytes.length} ${toHex(bytes.subarray(0, 8))} ${toHex(bytes.subarray(-8))}`;
}
