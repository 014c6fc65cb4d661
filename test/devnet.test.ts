import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, operations } from '@varve/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { expectOneChain, placeOf, readChain } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { PROTOCOL, TestDevnet } from './support/devnet.ts';
import { CliProcess, endAll, isAlive } from './support/process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination } = operations;
let devnet: TestDevnet;
let startedMs: number;
const acknowledged = new Map<string, string>();

const clients = (): ReturnType<TestDevnet['client']>[] => devnet.members.map((_, i) => devnet.client(i));

beforeAll(async () => {
  const from = performance.now();
  devnet = await TestDevnet.start(4);
  startedMs = performance.now() - from;
});
afterAll(async () => {
  await devnet?.stop();
  await endAll();
});

it('starts four validators that are ready', async () => {
  expect(startedMs).toBeLessThan(60_000);
  const status = JSON.parse(await devnet.command('devnet', 'status', '--json'));
  expect(status).toMatchObject({ protocol: PROTOCOL, chainId: devnet.file.chainId });
  expect(status.validators).toHaveLength(4);
  for (const one of status.validators) expect(one).toMatchObject({ running: true, ready: true });
  const roles = status.validators.map((one: { status: { role: string } }) => one.status.role).sort();
  expect(roles).toEqual(['follower', 'follower', 'follower', 'leader']);
  expect(await devnet.command('devnet', 'status')).toMatch(
    /^4 validators under \w+, chain [0-9a-f]{64}\n\nvalidator +pid +state +height/,
  );
});

it('a transaction posted to any validator is final there, with outcome and receipt', async () => {
  for (const [i, client] of clients().entries()) {
    const result = await client.submit(coordination.create(`/from-${i}`, `value ${i}`), { timeoutMs: 30_000 });
    expect(result).toMatchObject({ status: 'final', known: false, outcome: { code: 'OK', failedOperation: null } });
    expect(result.receipt).toMatch(/^[0-9a-f]+$/);
    acknowledged.set(result.transactionId, placeOf(result));
  }
});

it('one block hash stands at each height on all four', async () => {
  const { hashes, places } = await expectOneChain(clients(), acknowledged);
  expect(places.size).toBe(acknowledged.size);
  expect(hashes.length).toBeGreaterThan(1);
  expect(new Set(hashes).size).toBe(hashes.length);
});

it('what is missing, or elsewhere than acknowledged, would be noticed', async () => {
  const [id = '', place = ''] = [...acknowledged][0] ?? [];
  await expect(expectOneChain(clients(), new Map([['ab'.repeat(32), place]]))).rejects.toThrow('missing or elsewhere');
  await expect(expectOneChain(clients(), new Map([[id, '999/0']]))).rejects.toThrow('missing or elsewhere');
});

it("prints the API's own bodies as JSON", async () => {
  const { stdout, stderr, code } = await varve(['query', 'block', '1', '--json', '--data', devnet.directory]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const answer = await fetch(`${devnet.members[0]?.httpUrl}/v1/blocks/1`);
  expect(JSON.parse(stdout)).toEqual(await answer.json());
  const failed = await varve(['query', 'block', '999999', '--json', '--data', devnet.directory]);
  expect(failed.code).not.toBe(0);
  expect(JSON.parse(failed.stdout)).toMatchObject({ code: 'BLOCK_UNKNOWN' });
  const text = await varve(['query', 'block', '999999', '--data', devnet.directory]);
  expect(text.stdout).toBe('');
  expect(text.stderr).toMatch(/^error BLOCK_UNKNOWN: .*\nhint: /);
});

it('a frozen validator is passed over', async () => {
  const pid = devnet.members[0]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    const { name } = JSON.parse(await devnet.command('query', 'status', '--json'));
    expect(name).toBe(devnet.members[1]?.name);
    const created = JSON.parse(await devnet.command('tx', 'create', '/frozen', 'value', '--json'));
    expect(created).toMatchObject({ status: 'final', outcome: { code: 'OK' } });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

it('refuses a second start while it runs', async () => {
  const second = await varve(['devnet', '--data', devnet.directory, '--detach', '--json']);
  expect(second.code).not.toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ code: 'DEVNET_RUNNING' });
});

it('stops, says so, and continues the same chain when started again', async () => {
  const before = await readChain(devnet.client(0));
  const pids = devnet.members.map(({ pid }) => pid);
  const stopped = JSON.parse(await devnet.command('devnet', 'stop', '--json'));
  expect(stopped).toEqual({ stopped: devnet.members.map(({ name }) => name), killed: [] });
  expect(pids.filter(isAlive)).toEqual([]);
  const status = JSON.parse(await devnet.command('devnet', 'status', '--json'));
  for (const one of status.validators) expect(one).toMatchObject({ running: false, status: null });
  expect(JSON.parse(await devnet.command('devnet', 'stop', '--json'))).toEqual({ stopped: [], killed: [] });

  const again = JSON.parse(await devnet.command('devnet', '--detach', '--json'));
  expect(again.chainId).toBe(devnet.file.chainId);
  const result = await devnet.client(1).submit(coordination.set('/from-0', 'after the restart'));
  acknowledged.set(result.transactionId, placeOf(result));
  const after = await expectOneChain(clients(), acknowledged);
  expect(after.hashes.slice(0, before.hashes.length)).toEqual(before.hashes);
  expect(result.height).toBeGreaterThanOrEqual(before.hashes.length);
});

it('refuses another protocol or size on the folder of a network', async () => {
  await devnet.command('devnet', 'stop');
  const other = await varve(['devnet', '--validators', '3', '--data', devnet.directory, '--detach', '--json']);
  expect(other.code).toBe(3);
  expect(JSON.parse(other.stdout)).toMatchObject({ code: 'DEVNET_DIFFERENT' });
});

it('in the foreground, stops clean on SIGINT within 3 s and leaves no process', async () => {
  const process = new CliProcess(['devnet', '--data', devnet.directory, '--json']);
  const ready = JSON.parse(await process.firstLine());
  const pids: number[] = ready.validators.map(({ pid }: { pid: number }) => pid);
  expect(pids.filter(isAlive)).toEqual(pids);
  const result = await devnet.client(2).submit(coordination.create('/foreground', ''));
  expect(result.status).toBe('final');
  const from = performance.now();
  process.signal('SIGINT');
  const { code, stderr } = await process.ended;
  expect(performance.now() - from).toBeLessThan(3_000);
  expect({ code, end: stderr.trim().split('\n').at(-1) }).toEqual({ code: 0, end: 'all validators stopped' });
  expect(pids.filter(isAlive)).toEqual([]);
});

it('validators of a foreground devnet end when it is killed', async () => {
  const process = new CliProcess(['devnet', '--data', devnet.directory, '--json']);
  const ready = JSON.parse(await process.firstLine());
  const pids: number[] = ready.validators.map(({ pid }: { pid: number }) => pid);
  process.signal('SIGKILL');
  await process.ended;
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  const log = readFileSync(join(ready.validators[0].dataDirectory, 'output.log'), 'utf8');
  expect(log).toContain('the starting process is gone');
});

it('a stop asked for during the start leaves no process', async () => {
  const folder = temporaryFolder();
  try {
    const directory = join(folder.path, 'new');
    const process = new CliProcess(['devnet', '--data', directory, '--ports', '0', '--validators', '3']);
    await expect.poll(() => process.stderr, { timeout: 30_000 }).toContain('starting 3 validators');
    process.signal('SIGINT');
    expect((await process.ended).code).toBe(0);
    expect(existsSync(join(directory, 'devnet.json'))).toBe(true);
    const { stdout } = await varve(['devnet', 'status', '--data', directory, '--json']);
    for (const one of JSON.parse(stdout).validators) expect(one).toMatchObject({ running: false });
  } finally {
    folder.clean();
  }
});

it('an address where nothing listens is told as such', async () => {
  await expect(createClient({ url: devnet.members[0]?.httpUrl ?? '' }).status()).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
  });
  const { code, stdout } = await varve(['query', 'status', '--data', devnet.directory, '--json']);
  expect({ code, body: JSON.parse(stdout).code }).toEqual({ code: 4, body: 'NODE_UNREACHABLE' });
});
