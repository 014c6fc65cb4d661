import type { PublicKeyHex } from '@varve/encoding';
import type { RefusalReason } from './errors.ts';
import type { GossipTopic } from './gossip.ts';

/** The callbacks are never called before `start` resolves and never after `stop` is called. They must not throw. */
export interface NetworkOptions {
  /** The 32-byte Ed25519 seed of the network key. */
  readonly networkSeed: Uint8Array;
  /** Multiaddrs such as `/ip4/127.0.0.1/tcp/7801`; port 0 takes a free one. */
  readonly listen: readonly string[];
  /** Hexadecimal. It is part of every protocol and topic name: another chain cannot talk to this one. */
  readonly chainId: string;
  /** Asked live, at each connection and stream. Everybody else is refused before any stream can be opened. */
  readonly isAdmitted: (networkKey: PublicKeyHex) => boolean;
  /** A whole packet, in the order sent on one stream; the bytes are the callee's own. */
  readonly onPacket: (from: PublicKeyHex, packet: Uint8Array) => void;
  /**
   * Packets can (`true`) or can no longer (`false`) be sent to `peer`; strictly in turn for each peer.
   * It speaks of this direction only: an answer is lost while the peer still opens its own stream.
   */
  readonly onLink: (peer: PublicKeyHex, up: boolean) => void;
  /**
   * A gossip message. `from` passed it on and need not be its author.
   * @returns `false` to reject it: it is not forwarded, and counts against `from`.
   */
  readonly onGossip: (from: PublicKeyHex, topic: GossipTopic, data: Uint8Array) => boolean | Promise<boolean>;
  /** For logs and metrics. The key is a peer id when it is not of Ed25519. */
  readonly onRefused?: (networkKey: string, reason: RefusalReason) => void;
}

/** A peer to keep connected. */
export type NetworkPeer = { readonly networkKey: PublicKeyHex; readonly address: string };

/** The protocol id of packet streams of one chain. */
export function packetProtocol(chainId: string): string {
  return `/varve/${chainId}/packet/1.0.0`;
}
