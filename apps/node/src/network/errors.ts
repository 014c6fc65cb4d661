import type { Connection } from '@libp2p/interface';

/** What can go wrong at the network's own interface; a peer's failure is never thrown. */
export type NetworkErrors = {
  /** Another program listens on the address. */
  PORT_IN_USE: { address: string };
  /** The address cannot be listened on for another reason. */
  LISTEN_FAILED: { address: string; reason: string };
  /** Not a multiaddr of TCP, such as `/ip4/127.0.0.1/tcp/7801`. */
  ADDRESS_MALFORMED: { address: string };
  /** The seed of the network key is not of 32 bytes. */
  NETWORK_SEED_MALFORMED: { bytes: number };
  /** A caller's packet or gossip message is over the limit: a bug of the caller. */
  PACKET_TOO_LARGE: { bytes: number; bytesMax: number };
};

/** A failed operation of the network. */
export class NetworkError<C extends keyof NetworkErrors = keyof NetworkErrors> extends Error {
  override readonly name = 'NetworkError';
  readonly code: C;
  readonly details: NetworkErrors[C];

  constructor(code: C, details: NetworkErrors[C], options?: ErrorOptions) {
    super(`${code}: ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * Why a peer was refused or cut off.
 * `NOT_ADMITTED`: not a registered key. `KEY_TYPE`: not an Ed25519 key. `COOLING_DOWN`: disconnected a moment ago.
 * `TOO_MANY_CONNECTIONS`: of this one peer. `PROTOCOL_UNSUPPORTED`: does not speak this chain's protocol.
 * `FRAME_TOO_LARGE`: announced a frame over the limit. `STALLED`: does not read. `ADDRESS_MALFORMED`: cannot be dialled.
 */
export type RefusalReason =
  | 'NOT_ADMITTED'
  | 'KEY_TYPE'
  | 'COOLING_DOWN'
  | 'TOO_MANY_CONNECTIONS'
  | 'PROTOCOL_UNSUPPORTED'
  | 'FRAME_TOO_LARGE'
  | 'STALLED'
  | 'ADDRESS_MALFORMED';

/** What a stream or connection is aborted with: it reaches the library's log and nothing else. */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
}

/** Ends a connection at once. One that is ending already may refuse to say goodbye: that is no reason to stop here. */
export function abortConnection(connection: Pick<Connection, 'abort'>, reason: string): void {
  try {
    connection.abort(new ConnectionEnded(reason));
  } catch {
    // The library closes it all the same.
  }
}
