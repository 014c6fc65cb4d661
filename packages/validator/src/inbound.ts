import type { PublicKeyHex } from '@varve/encoding';
import type { AdmissionDesk } from './admission.ts';
import type { Barriers } from './barriers.ts';
import type { GossipTopic, Instant } from './events.ts';
import type { EvidenceBook } from './evidence.ts';
import type { Follow } from './follow.ts';
import type { Instance } from './instance.ts';
import { CORRECTION_INTERVAL_MS } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { type PeerMessage, readPacket } from './packet.ts';
import type { Peer, Peers } from './peers.ts';
import type { Spread } from './spread.ts';

/** Who takes what peers send. */
export interface InboundParts {
  readonly peers: Peers;
  readonly outbox: Outbox;
  readonly desk: AdmissionDesk;
  readonly follow: Follow;
  readonly spread: Spread;
  readonly barriers: Barriers;
  readonly evidence: EvidenceBook;
  readonly instance: () => Instance;
  readonly barrierWanted: (peer: PublicKeyHex, context: number) => void;
}

/** Opens packets and hands each message to the part that it is for. */
export class Inbound {
  readonly #parts: InboundParts;

  constructor(parts: InboundParts) {
    this.#parts = parts;
  }

  /** A packet of the authenticated peer `from`. */
  packet(from: PublicKeyHex, bytes: Uint8Array, now: Instant): void {
    const { peers, outbox } = this.#parts;
    const peer = peers.get(from) ?? peers.connect(from);
    const messages = readPacket(bytes);
    if (typeof messages === 'string') return outbox.misbehaved(from, messages);
    if (peers.isFlooding(peer, messages.length, now.monotonic)) {
      return outbox.misbehaved(from, 'a flood of messages');
    }
    for (const message of messages) this.#message(peer, message, now);
  }

  #message(peer: Peer, message: PeerMessage, now: Instant): void {
    const { peers, desk, follow, spread, barriers } = this.#parts;
    const instance = this.#parts.instance();
    const from = peer.networkKey;
    switch (message.kind) {
      case 'hello':
        return instance.greeting.receive(peer, message.hello, now);
      case 'frame': {
        if (!peer.member || peers.isTwice(peer, now.monotonic)) return;
        if (message.frame.instance !== instance.id) {
          if (now.monotonic - peer.correctedAt < CORRECTION_INTERVAL_MS) return;
          peer.correctedAt = now.monotonic;
          return instance.greeting.greet(peer, now);
        }
        return instance.engine?.receive(peer.member.name, message.frame, now.monotonic);
      }
      case 'seals':
        if (!peers.isTwice(peer, now.monotonic)) instance.sealing.receive(peer, message.seals);
        return;
      case 'transactions':
        return desk.receive(from, message.transactions, now);
      case 'blocksWanted':
        return follow.serve(from, message.from, message.to);
      case 'blocks':
        return follow.receive(from, message.blocks, now.monotonic);
      case 'barrierWanted':
        return this.#parts.barrierWanted(from, message.context);
      case 'barrier':
        return barriers.confirmedAtHeight(message.context, message.height);
      case 'certificate':
        return instance.sealing.receiveCertificate(from, message.certificate);
      case 'offer':
        return spread.offered(from, message.ids);
      case 'wanted':
        return spread.wanted(from, message.ids);
      case 'evidence':
        return this.#parts.evidence.receive(peer, message.records);
      case 'witness':
        return instance.greeting.receiveWitness(peer, message);
    }
  }

  /** Gossip; whoever relayed it vouches for nothing. */
  gossip(topic: GossipTopic, bytes: Uint8Array, now: Instant): void {
    const { instance, follow, desk } = this.#parts;
    const messages = readPacket(bytes);
    if (typeof messages === 'string') return;
    for (const message of messages) {
      if (topic === 'blocks' && message.kind === 'blocks' && instance().engine === undefined)
        follow.gossiped(message.blocks);
      if (topic === 'transactions' && message.kind === 'transactions')
        desk.receive(undefined, message.transactions, now);
    }
  }
}
