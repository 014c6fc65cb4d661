import { VarveError } from '@varve/client';
import type { Anchor, Configuration } from '@varve/consensus';
import type { Signer } from '@varve/crypto';
import {
  type ChainId,
  type ConfigurationHash,
  type InstanceId,
  type NodeId,
  type PublicKeyHex,
  toHex,
} from '@varve/encoding';
import { decodeHello, decodePacket, encodeHello, encodePackets, type PeerMessage } from '@varve/validator';
import { Equivocate } from '../../../../packages/simulation/src/byzantine/equivocate.ts';
import { Liar } from '../../../../packages/simulation/src/byzantine/liar.ts';
import { Plot } from '../../../../packages/simulation/src/byzantine/plot.ts';
import { Dice } from '../../../../packages/simulation/src/world/dice.ts';
import { Network } from '../../src/network/index.ts';
import type { NetworkPeer } from '../../src/network/options.ts';
import { GarbageSource } from './garbage-source.ts';
import { LedgerlessVoter } from './ledgerless-voter.ts';

/** How often it speaks unasked, milliseconds. */
const SPEAK_MS = 50;
/** How often it chooses another manner of lying. */
const MANNER_MS = 2_000;
const HELLO_MS = 1_000;

/** Whose seat a hostile node takes, and how it behaves. */
export interface HostileOptions {
  readonly networkSeed: Uint8Array;
  readonly signer: Signer;
  readonly listen: readonly string[];
  readonly peers: readonly NetworkPeer[];
  readonly chainId: ChainId;
  readonly configuration: Configuration;
  readonly configurationHash: ConfigurationHash;
  readonly instance: InstanceId;
  /** The newest final block of the others. */
  readonly anchor: () => Promise<Anchor>;
  readonly garbageBytesPerSecond: number;
  /** How often it sends what cannot be read to one of the others, which ends the connection. */
  readonly unreadableMs: number;
}

/** What a hostile node did so far. */
export interface HostileReport {
  readonly garbageBytes: number;
  /** Statements that contradict others of its own. */
  readonly lies: number;
  /** Links that the others let it have. */
  readonly links: number;
  readonly cpuMicros: number;
}

/** A validator on real sockets that equivocates and sends garbage. */
export class HostileNode {
  readonly #options: HostileOptions;
  readonly #liar: Liar;
  readonly #garbage: GarbageSource;
  readonly #voter: LedgerlessVoter;
  readonly #names: ReadonlyMap<PublicKeyHex, NodeId>;
  readonly #keys: ReadonlyMap<NodeId, PublicKeyHex>;
  /** The others that let it speak; whose turn it is to get what cannot be read comes first. */
  readonly #links = new Set<PublicKeyHex>();
  readonly #timers: readonly NodeJS.Timeout[];
  #network: Network | undefined;
  #manner: Equivocate;
  #manners = 0;
  #lies = 0;
  #linkCount = 0;
  #garbageBytes = 0;
  /** Bytes of garbage that it may send now. */
  #allowance = 0;
  #spokeAt: number = performance.now();
  #height = 0;
  #isAsking = false;

  private constructor(options: HostileOptions, anchor: Anchor) {
    const { configuration, signer, instance } = options;
    this.#options = options;
    const members = configuration.validators;
    this.#names = new Map(members.map(({ networkKey, name }) => [networkKey, name]));
    this.#keys = new Map(members.map(({ networkKey, name }) => [name, networkKey]));
    const hex = toHex(signer.publicKey) as PublicKeyHex;
    const self = members.find(({ signingKey }) => signingKey === hex);
    if (self === undefined) throw new Error('the key has no seat');
    const plot = new Plot(
      1,
      members.map(({ name }) => name),
    );
    const key = { publicKey: signer.publicKey, hex, sign: (message: Uint8Array) => signer.sign(message) };
    this.#liar = new Liar(self.name, key, plot);
    this.#garbage = new GarbageSource(this.#liar);
    this.#manner = this.#nextManner();
    this.#height = anchor.height;
    this.#voter = new LedgerlessVoter(
      this.#liar.voice,
      { configuration, instance, anchor },
      {
        send: (to, message) => this.#say(this.#keys.get(to), message),
        isBehind: () => void this.#sync(),
      },
    );
    this.#timers = [
      setInterval(() => this.#speak(), SPEAK_MS),
      setInterval(() => this.#insult(), options.unreadableMs),
      setInterval(() => this.#greet(), HELLO_MS),
      setInterval(() => this.#nextManner(), MANNER_MS),
    ];
  }

  /** Takes the seat; the validator whose it is must not run. */
  static async start(options: HostileOptions): Promise<HostileNode> {
    const node = new HostileNode(options, await options.anchor());
    node.#network = await Network.start({
      networkSeed: options.networkSeed,
      listen: options.listen,
      chainId: options.chainId,
      isAdmitted: () => true,
      onPacket: (from, packet) => node.#receive(from, packet),
      onLink: (peer, up) => node.#link(peer, up),
      onGossip: () => true,
    });
    node.#network.setPeers(options.peers);
    return node;
  }

  get report(): HostileReport {
    const { user, system } = process.cpuUsage();
    return {
      garbageBytes: this.#garbageBytes,
      lies: this.#lies + this.#manner.hits,
      links: this.#linkCount,
      cpuMicros: user + system,
    };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#voter.stop();
    await this.#network?.stop();
  }

  #link(peer: PublicKeyHex, up: boolean): void {
    if (up) {
      this.#links.add(peer);
      this.#linkCount += 1;
      this.#greet(peer);
    } else this.#links.delete(peer);
    const name = this.#names.get(peer);
    if (name !== undefined) this.#voter.link(name, up);
  }

  #receive(from: PublicKeyHex, packet: Uint8Array): void {
    const name = this.#names.get(from);
    for (const heard of this.#liar.incoming(packet)) {
      for (const message of decodePacket(heard)) {
        if (message.kind === 'frame' && name !== undefined) this.#voter.receive(name, message.frame);
        if (message.kind === 'transactions') this.#voter.heard(message.transactions);
        if (message.kind === 'hello') this.#height = Math.max(this.#height, decodeHello(message.hello).finalHeight);
      }
    }
  }

  /** What becomes of the truth on its way to `to`. */
  #say(to: PublicKeyHex | undefined, message: PeerMessage): void {
    if (to === undefined) return;
    for (const packet of encodePackets([message])) this.#send(to, this.#liar.outgoing(to, packet));
  }

  #send(to: PublicKeyHex, packets: readonly Uint8Array[]): number {
    let bytes = 0;
    for (const packet of packets) if (this.#network?.send(to, packet)) bytes += packet.length;
    return bytes;
  }

  #speak(): void {
    const { garbageBytesPerSecond } = this.#options;
    const now = performance.now();
    this.#allowance += (garbageBytesPerSecond * (now - this.#spokeAt)) / 1000;
    // What it could not send to anybody it makes up for in a second at most.
    this.#allowance = Math.min(this.#allowance, garbageBytesPerSecond);
    this.#spokeAt = now;
    let sent = 0;
    for (let before = -1; before < sent && sent < this.#allowance; ) {
      before = sent;
      for (const peer of this.#links) sent += this.#send(peer, this.#garbage.worthless());
    }
    this.#allowance -= sent;
    this.#garbageBytes += sent;
    for (const peer of this.#links) this.#send(peer, this.#liar.speak(peer));
  }

  #insult(): void {
    const [peer] = this.#links;
    if (peer === undefined) return;
    // Next time it is another's turn, also where this one takes its time to cut the link.
    this.#links.delete(peer);
    this.#links.add(peer);
    this.#garbageBytes += this.#send(peer, this.#garbage.unreadable());
  }

  #greet(only?: PublicKeyHex): void {
    const { chainId, configurationHash } = this.#options;
    const said = { height: this.#height, finalHeight: this.#height, clock: Date.now(), rules: 1, witnesses: [] };
    // The liar puts in the boot id of all its lives.
    const hello = encodeHello({ chainId, configurationHash, bootId: '00'.repeat(16), ...said });
    for (const peer of only ? [only] : this.#links) this.#say(peer, { kind: 'hello', hello });
  }

  #nextManner(): Equivocate {
    const { tricks } = this.#liar;
    if (tricks.size > 0) this.#lies += this.#manner.hits;
    tricks.clear();
    this.#manner = new Equivocate(this.#liar, new Dice(`manner ${this.#manners++}`));
    tricks.add(this.#manner);
    return this.#manner;
  }

  async #sync(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#voter.synced(await this.#options.anchor());
    } catch (error) {
      // The node that it asks may be busy with its garbage; it asks again when it is told again that it is behind.
      if (!(error instanceof VarveError)) throw error;
    } finally {
      this.#isAsking = false;
    }
  }
}
