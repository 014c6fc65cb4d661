import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../apps/node/src/setup/ports.ts';
import { EtcdClient } from './etcd-client.ts';
import { ServerGroup } from './server-group.ts';
import { type RunningSystem, runningSystem } from './system.ts';

const MEMBERS = 3;
const CONNECTIONS = 6;
const READY_MS_MAX = 30_000;

/** Three members of etcd, which sync each entry unless told otherwise, and six connections that put keys. */
export async function startEtcd(inFlight: number, valueBytes: number): Promise<RunningSystem> {
  const group = new ServerGroup('etcd');
  try {
    const ports = await freePorts(MEMBERS);
    const members = ports.map(({ http, network }, i) => ({
      name: `m${i + 1}`,
      client: `http://127.0.0.1:${http}`,
      peer: `http://127.0.0.1:${network}`,
    }));
    const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    for (const { name, client, peer } of members) {
      const folder = join(group.folder, name);
      mkdirSync(folder, { mode: 0o700 });
      group.start('/usr/bin/etcd', [
        ...['--name', name, '--data-dir', folder],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--initial-cluster-token', group.folder],
        ...['--logger', 'zap', '--log-level', 'warn'],
      ]);
    }
    await group.ready(
      async () => (await Promise.all(members.map(({ client }) => isHealthy(client)))).every(Boolean),
      READY_MS_MAX,
    );
    const clients = Array.from({ length: CONNECTIONS }, (_, i) => new EtcdClient(ports[i % MEMBERS]?.http ?? 0));
    const value = randomBytes(valueBytes);
    let made = 0;
    const sessions = clients.map((client) => () => client.put(Buffer.from(`/bench/${made++}`), value));
    return runningSystem(group, clients, sessions, inFlight);
  } catch (error) {
    await group.stop();
    throw error;
  }
}

/** A member is healthy when its cluster has a leader. */
async function isHealthy(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health`);
  const { health } = (await answer.json()) as { readonly health?: string };
  return health === 'true';
}
