import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import type { PortPair } from './devnet-folder.ts';

/** libp2p ports lie this far above the HTTP ports. */
const NETWORK_OFFSET = 100;
const HOST = '127.0.0.1';
/** Below what systems give to outgoing connections: one of those could take the port of a node that is down. */
const FREE_MIN = 10_000;
const FREE_MAX = 32_000;
/** So many of them are tried for each that is wanted; then the system chooses. */
const DRAWS_MAX = 100;

/** Ports of `count` validators from `base`: HTTP base + i, libp2p base + 100 + i, with i from 1. */
export function portsFrom(base: number, count: number): readonly PortPair[] {
  return Array.from({ length: count }, (_, index) => ({
    http: base + index + 1,
    network: base + NETWORK_OFFSET + index + 1,
  }));
}

/** Ports that nobody uses now; another program may still take one before it is listened on. */
export async function freePorts(count: number): Promise<readonly PortPair[]> {
  // All are held at once, so that none is given twice.
  const held = await Promise.all(Array.from({ length: 2 * count }, holdAny));
  const ports = held.map((server) => {
    const address = server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(held.map((server) => release(server)));
  return Array.from({ length: count }, (_, index) => ({
    http: ports[2 * index] ?? 0,
    network: ports[2 * index + 1] ?? 0,
  }));
}

async function holdAny(): Promise<Server | undefined> {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const server = await hold(randomInt(FREE_MIN, FREE_MAX));
    if (server !== undefined) return server;
  }
  return hold(0);
}

/** The first of these ports that somebody uses. */
export async function takenPort(pairs: readonly PortPair[]): Promise<number | undefined> {
  for (const port of pairs.flatMap(({ http, network }) => [http, network])) {
    const server = await hold(port);
    await release(server);
    if (server === undefined) return port;
  }
  return undefined;
}

function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => resolve(server));
  });
}

function release(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
}
