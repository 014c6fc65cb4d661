import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { PublicKeyHex } from '@varve/encoding';
import { NetworkError } from './errors.ts';
import { peerIdOf } from './keys.ts';

const hosts = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/**
 * A multiaddr of exactly a host and a TCP port.
 * @throws {NetworkError} `ADDRESS_MALFORMED`.
 */
export function listenAddress(text: string): Multiaddr {
  const address = parse(text);
  const [host, tcp, ...rest] = address.getComponents();
  if (!host || !hosts.has(host.name) || tcp?.name !== 'tcp' || rest.length > 0)
    throw new NetworkError('ADDRESS_MALFORMED', { address: text });
  return address;
}

/**
 * The address to dial a peer at: `text`, which may end in this peer's own id, with the id.
 * @throws {NetworkError} `ADDRESS_MALFORMED`, also when it names another peer.
 */
export function dialAddress(text: string, networkKey: PublicKeyHex): Multiaddr {
  const suffix = `/p2p/${peerIdOf(networkKey).toString()}`;
  const address = listenAddress(text.endsWith(suffix) ? text.slice(0, -suffix.length) : text);
  return address.encapsulate(suffix);
}

function parse(text: string): Multiaddr {
  try {
    return multiaddr(text);
  } catch (error) {
    throw new NetworkError('ADDRESS_MALFORMED', { address: text.slice(0, 200) }, { cause: error });
  }
}
