import { setTimeout as delay } from 'node:timers/promises';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { PublicKeyHex } from '@varve/encoding';
import { dialAddress } from './addresses.ts';
import { Admission } from './admission.ts';
import { Dialer } from './dialer.ts';
import { abortConnection, NetworkError, type RefusalReason } from './errors.ts';
import { FRAME_HEADER_BYTES } from './frames.ts';
import { type GossipTopic, gossipTopics, topicName } from './gossip.ts';
import { createHost, type Host, startHost } from './host.ts';
import { readPackets } from './inbound.ts';
import { networkKeyOf } from './keys.ts';
import {
  DIAL_TIMEOUT_MS,
  GOSSIP_BYTES_MAX,
  PACKET_BYTES_MAX,
  PACKET_STREAMS_MAX,
  STOP_FLUSH_MS,
  STOP_MS_MAX,
  SWEEP_INTERVAL_MS,
} from './limits.ts';
import { Link } from './link.ts';
import { type NetworkOptions, type NetworkPeer, packetProtocol } from './options.ts';

/**
 * The node's libp2p host: bounded packets between members over one stream each way, and gossip.
 *
 * Packets may be lost, when a link breaks or a peer is slow; those that arrive are whole, in order per link, and from
 * the key named. The protocols above repeat what matters.
 */
export class Network {
  readonly networkKey: PublicKeyHex;
  /** Where the host really listens, without the peer id. */
  readonly addresses: readonly string[];
  readonly #options: NetworkOptions;
  readonly #host: Host;
  readonly #admission: Admission;
  readonly #links = new Map<PublicKeyHex, Link>();
  readonly #protocol: string;
  readonly #dialer: Dialer;
  readonly #sweep: NodeJS.Timeout;
  #bytesSent = 0;
  #bytesReceived = 0;
  #packetsSent = 0;
  #packetsReceived = 0;
  #isStarted = true;
  #stopped: Promise<void> | undefined;

  private constructor(options: NetworkOptions, host: Host, admission: Admission, networkKey: PublicKeyHex) {
    this.#options = options;
    this.#host = host;
    this.#admission = admission;
    this.networkKey = networkKey;
    this.addresses = host.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''));
    this.#protocol = packetProtocol(options.chainId);
    this.#dialer = new Dialer({
      isConnected: (peer) => this.#links.get(peer)?.isConnected ?? false,
      waitMs: (peer) => admission.waitMs(peer),
      dial: async (_, address) => {
        await host.dial(address, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
      },
    });
    this.#sweep = setInterval(() => this.#sweepLinks(), SWEEP_INTERVAL_MS);
  }

  /**
   * Listens, and takes connections of admitted peers from then on.
   * @throws {NetworkError} `PORT_IN_USE`, `LISTEN_FAILED`, `ADDRESS_MALFORMED`, `NETWORK_SEED_MALFORMED`.
   */
  static async start(options: NetworkOptions): Promise<Network> {
    const { networkSeed, listen, chainId } = options;
    if (networkSeed.length !== 32) throw new NetworkError('NETWORK_SEED_MALFORMED', { bytes: networkSeed.length });
    const privateKey = await generateKeyPairFromSeed('Ed25519', networkSeed);
    const networkKey = networkKeyOf(peerIdFromPrivateKey(privateKey)) as PublicKeyHex;
    let network: Network | undefined;
    const admission = new Admission({
      // Until the network is there nobody gets in; peers dial again.
      isAdmitted: (key) => network?.isStarted === true && options.isAdmitted(key),
      onRefused: (key, reason) => network?.isStarted === true && options.onRefused?.(key, reason),
      connectionCount: (peerId) => host.getConnections(peerId).length,
    });
    const host = await createHost(privateKey, listen, chainId, admission.gater());
    const receive = (stream: Stream, connection: Connection) => {
      if (network) network.#receive(stream, connection);
    };
    await host.handle(packetProtocol(chainId), receive, {
      maxInboundStreams: PACKET_STREAMS_MAX,
      maxOutboundStreams: PACKET_STREAMS_MAX,
    });
    await startHost(host, listen);
    network = new Network(options, host, admission, networkKey);
    network.#attach();
    return network;
  }

  /** Whether `stop` has not been called. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Bytes of packets with their framing, and of gossip messages, since the start; without the library's own. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** See `bytesSent`. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Packets and gossip messages since the start: one for each peer that they went to. */
  get packetsSent(): number {
    return this.#packetsSent;
  }

  /** See `packetsSent`. */
  get packetsReceived(): number {
    return this.#packetsReceived;
  }

  /**
   * Replaces the peers to keep connected. They are dialled for ever, with a bounded backoff; connections to others
   * stay. An address that cannot be dialled is reported to `onRefused` and left out; the own key is left out.
   */
  setPeers(peers: readonly NetworkPeer[]): void {
    if (!this.isStarted) return;
    const addresses = new Map<PublicKeyHex, Multiaddr>();
    for (const { networkKey, address } of peers) {
      if (networkKey === this.networkKey) continue;
      try {
        addresses.set(networkKey, dialAddress(address, networkKey));
      } catch {
        this.#options.onRefused?.(networkKey, 'ADDRESS_MALFORMED');
      }
    }
    this.#dialer.setTargets(addresses);
  }

  /**
   * Sends `packet`, which must not change before the end of the turn.
   * @returns `false` when it is dropped: no link to the peer, or the peer is too slow.
   * @throws {NetworkError} `PACKET_TOO_LARGE` over `PACKET_BYTES_MAX`.
   */
  send(to: PublicKeyHex, packet: Uint8Array): boolean {
    requireSize(packet, PACKET_BYTES_MAX);
    return this.isStarted && (this.#links.get(to)?.send(packet) ?? false);
  }

  /**
   * Spreads `data` among those who can be reached; nobody subscribed is no error, nor is a message known already.
   * @throws {NetworkError} `PACKET_TOO_LARGE` over `GOSSIP_BYTES_MAX`.
   */
  publish(topic: GossipTopic, data: Uint8Array): void {
    requireSize(data, GOSSIP_BYTES_MAX);
    if (!this.isStarted) return;
    // The library keeps the data for a while, to repeat it. A peer whose stream is full or gone is skipped.
    const published = this.#host.services.gossip.publish(topicName(this.#options.chainId, topic), new Uint8Array(data));
    published.then(
      ({ recipients }) => {
        this.#packetsSent += recipients.length;
        this.#bytesSent += recipients.length * data.length;
      },
      () => undefined,
    );
  }

  /** Cuts `peer` off, and keeps it out for `COOL_DOWN_MS`. */
  disconnect(peer: PublicKeyHex): void {
    this.#admission.coolDown(peer);
    this.#links.get(peer)?.abort('disconnected');
    this.#dropIfIdle(peer);
  }

  /** Closes connections of peers that are no longer admitted; to be called when admission may have changed. */
  reviewPeers(): void {
    for (const peer of [...this.#links.keys()]) {
      if (this.#options.isAdmitted(peer)) continue;
      this.#refused(peer, 'NOT_ADMITTED');
      this.#links.get(peer)?.abort('no longer admitted');
      this.#dropIfIdle(peer);
    }
  }

  /** The peers whose links are up, in no particular order. */
  connected(): readonly PublicKeyHex[] {
    return [...this.#links].filter(([, link]) => link.isUp).map(([peer]) => peer);
  }

  /** Closes everything within 2 s, whatever the peers do. */
  stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #receive(stream: Stream, connection: Connection): void {
    const peer = networkKeyOf(connection.remotePeer);
    if (peer === undefined || !this.isStarted || !this.#options.isAdmitted(peer)) {
      abortConnection(connection, 'not admitted');
      return;
    }
    readPackets(stream, {
      onPacket: (packet) => {
        this.#packetsReceived += 1;
        this.#bytesReceived += FRAME_HEADER_BYTES + packet.length;
        if (this.isStarted) this.#options.onPacket(peer, packet);
      },
      onViolation: () => {
        this.#refused(peer, 'FRAME_TOO_LARGE');
        this.disconnect(peer);
        abortConnection(connection, 'frame too large');
      },
    });
  }

  #attach(): void {
    this.#host.addEventListener('connection:open', ({ detail }) => this.#onOpen(detail));
    this.#host.addEventListener('connection:close', ({ detail }) => this.#onClose(detail));
    const { gossip } = this.#host.services;
    for (const topic of gossipTopics) {
      const name = topicName(this.#options.chainId, topic);
      gossip.topicValidators.set(name, (peerId, { data }) => this.#judge(peerId, topic, data));
      gossip.subscribe(name);
    }
  }

  async #judge(peerId: PeerId, topic: GossipTopic, data: Uint8Array): Promise<TopicValidatorResult> {
    const peer = networkKeyOf(peerId);
    if (peer === undefined || !this.isStarted || !this.#options.isAdmitted(peer)) return TopicValidatorResult.Ignore;
    this.#packetsReceived += 1;
    this.#bytesReceived += data.length;
    try {
      const isValid = await this.#options.onGossip(peer, topic, new Uint8Array(data));
      return isValid ? TopicValidatorResult.Accept : TopicValidatorResult.Reject;
    } catch (error) {
      // A bug of ours, which the library would swallow.
      queueMicrotask(() => {
        throw error;
      });
      return TopicValidatorResult.Ignore;
    }
  }

  #onOpen(connection: Connection): void {
    const peer = networkKeyOf(connection.remotePeer);
    // Admission may have been withdrawn between the handshake and now.
    if (peer === undefined || !this.isStarted || this.#admission.waitMs(peer) > 0 || !this.#options.isAdmitted(peer)) {
      abortConnection(connection, 'not admitted');
      return;
    }
    let link = this.#links.get(peer);
    if (!link) {
      link = new Link(peer, {
        protocol: this.#protocol,
        onLink: (_, up) => this.#onLink(peer, up),
        onRefused: (_, reason) => this.#refused(peer, reason),
        onSent: (packets, bytes) => {
          this.#packetsSent += packets;
          this.#bytesSent += bytes;
        },
      });
      this.#links.set(peer, link);
    }
    link.add(connection);
  }

  #onClose(connection: Connection): void {
    const peer = networkKeyOf(connection.remotePeer);
    if (peer === undefined) return;
    this.#links.get(peer)?.remove(connection);
    this.#dropIfIdle(peer);
  }

  #dropIfIdle(peer: PublicKeyHex): void {
    if (this.#links.get(peer)?.isConnected !== false) return;
    this.#links.delete(peer);
    if (this.isStarted) this.#dialer.lost(peer);
  }

  #onLink(peer: PublicKeyHex, up: boolean): void {
    if (!this.isStarted) return;
    if (up) this.#dialer.succeeded(peer);
    this.#options.onLink(peer, up);
  }

  #refused(peer: PublicKeyHex, reason: RefusalReason): void {
    if (this.isStarted) this.#options.onRefused?.(peer, reason);
  }

  #sweepLinks(): void {
    const now = performance.now();
    for (const link of [...this.#links.values()]) link.sweep(now);
  }

  async #stop(): Promise<void> {
    clearInterval(this.#sweep);
    this.#dialer.stop();
    const signal = AbortSignal.timeout(STOP_FLUSH_MS);
    const connections = this.#host.getConnections();
    await Promise.all(connections.map((connection) => connection.close({ signal }).catch(() => undefined)));
    // The library waits without a limit for streams whose peer does not read: nothing may be left open for it.
    for (const connection of this.#host.getConnections()) abortConnection(connection, 'stopping');
    await Promise.race([this.#host.stop(), delay(STOP_MS_MAX, undefined, { ref: false })]);
  }
}

function requireSize(bytes: Uint8Array, bytesMax: number): void {
  if (bytes.length > bytesMax) throw new NetworkError('PACKET_TOO_LARGE', { bytes: bytes.length, bytesMax });
}
