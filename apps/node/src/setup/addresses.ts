/** Where the HTTP API listens; port 0 takes a free one. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** A peer as an operator names it. */
export interface PeerEntry {
  /** A validator's name in the genesis document, or a network key. */
  readonly node: string;
  /** A multiaddr. */
  readonly address: string;
}

/** `HOST:PORT`, `[IPV6]:PORT` or `PORT` alone, which is of this machine only; `undefined` when it is none of them. */
export function parseHttpAddress(text: string): HttpAddress | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):)?(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}

/** `NODE@MULTIADDR`, where the node is a validator's name or a network key; `undefined` when it is not that. */
export function parsePeer(text: string): PeerEntry | undefined {
  const at = text.indexOf('@');
  if (at < 1 || text[at + 1] !== '/') return undefined;
  return { node: text.slice(0, at), address: text.slice(at + 1) };
}

/** Whether only programs of this machine reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
