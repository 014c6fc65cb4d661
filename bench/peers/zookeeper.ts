import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../../apps/node/src/setup/ports.ts';
import { ServerGroup } from './server-group.ts';
import { type RunningSystem, runningSystem } from './system.ts';
import { ZooKeeperClient } from './zookeeper-client.ts';

const JARS = '/usr/share/java';
const SERVERS = 3;
const CONNECTIONS = 6;
const READY_MS_MAX = 60_000;
const PARENT = '/bench';
/** Whatever is created stays in the heap: twenty seconds of it must not fill it. */
const HEAP = ['-Xms256m', '-Xmx1g'];

interface Ports {
  readonly client: number;
  readonly quorum: number;
  readonly election: number;
}

/** Three servers of ZooKeeper that sync each transaction, and six sessions that create nodes. */
export async function startZooKeeper(inFlight: number, valueBytes: number): Promise<RunningSystem> {
  const group = new ServerGroup('zookeeper');
  try {
    const pairs = await freePorts(2 * SERVERS);
    const ports = Array.from({ length: SERVERS }, (_, i) => ({
      client: pairs[2 * i]?.http ?? 0,
      quorum: pairs[2 * i]?.network ?? 0,
      election: pairs[2 * i + 1]?.http ?? 0,
    }));
    for (const [i] of ports.entries()) startServer(group, i, ports);
    await group.ready(
      async () => (await Promise.all(ports.map(({ client }) => hasMode(client)))).every(Boolean),
      READY_MS_MAX,
    );
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, i) => ZooKeeperClient.open(ports[i % SERVERS]?.client ?? 0)),
    );
    await clients[0]?.create(PARENT, new Uint8Array());
    const value = randomBytes(valueBytes);
    let made = 0;
    const sessions = clients.map((client) => () => client.create(`${PARENT}/${made++}`, value));
    return runningSystem(group, clients, sessions, inFlight);
  } catch (error) {
    await group.stop();
    throw error;
  }
}

function startServer(group: ServerGroup, index: number, ports: readonly Ports[]): void {
  const folder = join(group.folder, `data-${index + 1}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'myid'), `${index + 1}\n`);
  const file = join(folder, 'zoo.cfg');
  writeFileSync(file, configuration(folder, ports[index]?.client ?? 0, ports));
  // Debian's package brings no binding of slf4j: without one, no error is ever seen.
  const classPath = [folder, join(JARS, 'slf4j-simple.jar'), join(JARS, 'zookeeper.jar')].join(':');
  group.start('/usr/bin/java', [
    ...HEAP,
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    classPath,
    'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    file,
  ]);
}

function configuration(folder: string, clientPort: number, ports: readonly Ports[]): string {
  const lines = [
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    `dataDir=${folder}`,
    `clientPort=${clientPort}`,
    'clientPortAddress=127.0.0.1',
    'maxClientCnxns=0',
    'admin.enableServer=false',
    '4lw.commands.whitelist=*',
    'forceSync=yes',
    'standaloneEnabled=false',
    ...ports.map(({ quorum, election }, i) => `server.${i + 1}=127.0.0.1:${quorum}:${election}:participant`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Whether a server leads or follows, by its command `srvr`. */
function hasMode(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(/^Mode: (leader|follower)$/m.test(Buffer.concat(parts).toString())));
    socket.write('srvr');
  });
}
