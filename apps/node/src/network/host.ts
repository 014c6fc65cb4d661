import type { GossipSub } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionGater, Ed25519PrivateKey, Libp2p } from '@libp2p/interface';
import { type Ping, ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { listenAddress } from './addresses.ts';
import { encryption } from './encryption.ts';
import { NetworkError } from './errors.ts';
import { gossipService } from './gossip.ts';
import {
  CONNECTIONS_MAX,
  DIAL_TIMEOUT_MS,
  INBOUND_CONNECTIONS_PER_SECOND_MAX,
  PENDING_CONNECTIONS_MAX,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  STREAM_BUFFER_BYTES_MAX,
  STREAM_OPEN_TIMEOUT_MS,
  STREAM_WINDOW_BYTES_MAX,
  STREAMS_MAX,
  UPGRADE_TIMEOUT_MS,
} from './limits.ts';

/** The libp2p host with the services this node runs. */
export type Host = Libp2p<{ identify: Identify; ping: Ping; gossip: GossipSub }>;

/**
 * A host with every limit set, not started.
 * @throws {NetworkError} `ADDRESS_MALFORMED`.
 */
export async function createHost(
  privateKey: Ed25519PrivateKey,
  listen: readonly string[],
  chainId: string,
  connectionGater: ConnectionGater,
): Promise<Host> {
  const addresses = listen.map((text) => listenAddress(text).toString());
  return createLibp2p({
    privateKey,
    start: false,
    addresses: { listen: addresses },
    connectionGater,
    transports: [tcp()],
    connectionEncrypters: [encryption()],
    streamMuxers: [
      yamux({
        maxInboundStreams: STREAMS_MAX,
        maxOutboundStreams: STREAMS_MAX,
        streamOptions: {
          maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
          maxReadBufferLength: STREAM_WINDOW_BYTES_MAX,
          maxWriteBufferLength: STREAM_BUFFER_BYTES_MAX,
        },
      }),
    ],
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      maxIncomingPendingConnections: PENDING_CONNECTIONS_MAX,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND_MAX,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: DIAL_TIMEOUT_MS,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: STREAM_OPEN_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: STREAM_OPEN_TIMEOUT_MS,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: PING_TIMEOUT_MS } },
    services: { identify: identify(), ping: ping(), gossip: gossipService(chainId) },
  });
}

/**
 * Starts `host`; when that fails it is stopped again.
 * @throws {NetworkError} `PORT_IN_USE` or `LISTEN_FAILED`, naming the address.
 */
export async function startHost(host: Host, listen: readonly string[]): Promise<void> {
  try {
    await host.start();
  } catch (error) {
    throw listeningError(error, listen);
  }
}

/** The library tells one error for all addresses, with a line for each failed one. */
function listeningError(error: unknown, listen: readonly string[]): NetworkError {
  const reason = error instanceof Error ? error.message : String(error);
  const lines = reason.split('\n').map((line) => line.trim());
  for (const address of listen) {
    const line = lines.find((candidate) => candidate.startsWith(`${address}: `));
    if (line?.includes('EADDRINUSE')) return new NetworkError('PORT_IN_USE', { address }, { cause: error });
    if (line) return new NetworkError('LISTEN_FAILED', { address, reason: line }, { cause: error });
  }
  return new NetworkError('LISTEN_FAILED', { address: listen.join(' '), reason }, { cause: error });
}
