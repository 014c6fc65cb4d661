import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { chainId, keyOf, type Node, startNode, stopAll, until } from './harness.ts';

const script = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await stopAll();
});

/** Starts the echoing network with key 2 in another process. */
async function startChild(peer: Node, listen: string): Promise<{ child: ChildProcess; address: string }> {
  const flags = ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, script, '2', listen, chainId, peer.key, peer.address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = child.stdout ? await once(child.stdout, 'data') : [];
  return { child, address: String(line).trim() };
}

it('survives a killed process: down at once, up with its successor on the same port, from either side’s dial', async () => {
  const key = await keyOf(2);
  const a = await startNode(1);
  const first = await startChild(a, '/ip4/127.0.0.1/tcp/0');
  a.network.setPeers([{ networkKey: key, address: first.address }]);
  await until(() => a.links.length === 1, 'up');
  const killedAt = performance.now();
  first.child.kill('SIGKILL');
  await until(() => a.links.length === 2, 'down');
  expect(performance.now() - killedAt).toBeLessThan(2_000);
  await startChild(a, first.address);
  await until(() => a.links.length === 3, 'up again');
  // The echo is dropped while the other direction's stream is still being opened.
  await until(() => {
    a.network.send(key, Uint8Array.of(42));
    return a.packets.length > 0;
  }, 'echo');
  expect(a.packets[0]).toEqual({ from: key, bytes: Uint8Array.of(42) });
  expect(a.links).toEqual([`${key} up`, `${key} down`, `${key} up`]);
});

it('stops in time although the peer is frozen with packets under way', async () => {
  const key = await keyOf(2);
  const a = await startNode(1);
  const { child } = await startChild(a, '/ip4/127.0.0.1/tcp/0');
  await until(() => a.links.length === 1, 'up');
  child.kill('SIGSTOP');
  let accepted = 0;
  while (a.network.send(key, new Uint8Array(1024 * 1024)) && accepted < 100) {
    accepted++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(accepted).toBeLessThan(60);
  const stopAt = performance.now();
  await a.network.stop();
  expect(performance.now() - stopAt).toBeLessThan(2_000);
});
