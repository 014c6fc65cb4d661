import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import type { PublicKeyHex } from '@varve/encoding';
import type { RefusalReason } from './errors.ts';
import { networkKeyOf } from './keys.ts';
import { CONNECTIONS_PER_PEER_MAX, COOL_DOWN_MS, SOCKET_BUFFER_BYTES_MAX } from './limits.ts';

/** What admission asks of its owner. */
export interface AdmissionPort {
  isAdmitted(networkKey: PublicKeyHex): boolean;
  onRefused(networkKey: string, reason: RefusalReason): void;
  connectionCount(peerId: PeerId): number;
}

/** Who may have a connection. Asked right after the handshake proved a key, before the peer can open any stream. */
export class Admission {
  readonly #port: AdmissionPort;
  readonly #coolUntil = new Map<PublicKeyHex, number>();

  constructor(port: AdmissionPort) {
    this.#port = port;
  }

  /** Keeps `peer` out for `COOL_DOWN_MS`. */
  coolDown(peer: PublicKeyHex): void {
    this.#coolUntil.set(peer, performance.now() + COOL_DOWN_MS);
  }

  /** Milliseconds until `peer` may connect again; 0 now. */
  waitMs(peer: PublicKeyHex): number {
    const until = this.#coolUntil.get(peer);
    if (until === undefined) return 0;
    const waitMs = Math.ceil(until - performance.now());
    if (waitMs <= 0) this.#coolUntil.delete(peer);
    return Math.max(0, waitMs);
  }

  /** The reason to refuse the peer, or `undefined`. */
  refusal(peerId: PeerId): RefusalReason | undefined {
    const networkKey = networkKeyOf(peerId);
    if (networkKey === undefined) return 'KEY_TYPE';
    if (!this.#port.isAdmitted(networkKey)) return 'NOT_ADMITTED';
    if (this.waitMs(networkKey) > 0) return 'COOLING_DOWN';
    return this.#port.connectionCount(peerId) >= CONNECTIONS_PER_PEER_MAX ? 'TOO_MANY_CONNECTIONS' : undefined;
  }

  /** The library's hooks. */
  gater(): ConnectionGater {
    const deny = (peerId: PeerId, socket: MultiaddrConnection) => {
      socket.maxWriteBufferLength = SOCKET_BUFFER_BYTES_MAX;
      const reason = this.refusal(peerId);
      if (reason) this.#port.onRefused(networkKeyOf(peerId) ?? peerId.toString(), reason);
      return reason !== undefined;
    };
    return {
      denyInboundEncryptedConnection: deny,
      denyOutboundEncryptedConnection: deny,
      // What a peer says about addresses is not used: the configuration and the chain name them.
      filterMultiaddrForPeer: () => false,
    };
  }
}
