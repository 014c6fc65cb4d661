import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, operations } from '@varve/client';
import { afterEach, expect, it, vi } from 'vitest';
import { agreement, expectOneChain, placeOf } from './support/chain.ts';
import { temporaryFolder } from './support/command.ts';
import { eventually, TestDevnet } from './support/devnet.ts';
import { CliProcess, endAll, isAlive } from './support/process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const MIB = 1024 * 1024;
const mounted: string[] = [];

afterEach(async () => {
  await endAll();
  for (const path of mounted.splice(0)) spawnSync('umount', [path]);
});

/** A file system of its own, in memory, of this size; `false` where this user may not mount one. */
function mountSmallDisk(path: string, mebibytes: number): boolean {
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path]).status === 0;
  if (made) mounted.push(path);
  return made;
}

/** Leaves this many bytes free. */
function fill(folder: string, name: string, left: number): string {
  const { bavail, bsize } = statfsSync(folder);
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(Math.max(0, bavail * bsize - left)));
  return path;
}

it('a disk that fills up is reported, then ends the node with a code; room for it brings everything back', async (context) => {
  const folder = temporaryFolder();
  const probe = join(folder.path, 'probe');
  mkdirSync(probe);
  if (!mountSmallDisk(probe, 1)) context.skip('this user may not mount a small disk');
  const devnet = await TestDevnet.start(4);
  try {
    const member = devnet.members[3];
    if (member === undefined) throw new Error('no fourth validator');
    const { dataDirectory: data, pid, httpUrl } = member;
    const own = createClient({ url: httpUrl });
    const client = devnet.client(0);
    const acknowledged = new Map<string, string>();
    const submit = async (name: string): Promise<void> => {
      const operation = operations.coordination.create(`/${name}`, 'on a small disk '.repeat(60));
      const result = await client.submit(operation, { timeoutMs: 60_000 });
      acknowledged.set(result.transactionId, placeOf(result));
    };
    await submit('before');
    process.kill(pid, 'SIGTERM');
    await eventually('the fourth is down', () => !isAlive(pid));

    const copy = join(folder.path, 'copy');
    cpSync(data, copy, { recursive: true });
    mountSmallDisk(data, 400);
    cpSync(copy, data, { recursive: true });
    const node = new CliProcess(['node', 'start', '--data', data, '--json']);
    await node.ready();

    const ballast = fill(data, 'ballast', 200 * MIB);
    await eventually('it says that the disk is low', async () =>
      (await own.status()).conditions.some(({ code }) => code === 'DISK_LOW'),
    );
    const refused = createClient({ url: httpUrl, signer: devnet.signer(3) }).submit(
      operations.coordination.create('/refused', 'x'),
    );
    await expect(refused).rejects.toMatchObject({ code: 'DISK_LOW', retry: 'elsewhere' });

    const rest = fill(data, 'rest', 64 * 1024);
    let over = false;
    const ended = node.ended.then((finished) => {
      over = true;
      return finished;
    });
    await eventually('its write fails', async () => {
      if (!over) await submit(`full-${acknowledged.size}`);
      return over;
    });
    const { code, stdout } = await ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      code: 'STORE_DISK_FULL',
      hint: expect.stringContaining('make room'),
    });
    await submit('without-it');

    rmSync(ballast);
    rmSync(rest);
    const again = new CliProcess(['node', 'start', '--data', data, '--json']);
    await again.ready();
    const all = [0, 1, 2].map((i) => devnet.client(i));
    await agreement([...all, own]);
    await expectOneChain([...all, own], acknowledged);
    expect(await own.status()).toMatchObject({ mode: 'validator', observerOnly: null });
    expect((await again.stop()).code).toBe(0);
  } finally {
    await endAll();
    for (const path of mounted.splice(0)) spawnSync('umount', [path]);
    await devnet.stop();
    folder.clean();
  }
});
