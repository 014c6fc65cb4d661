import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, operations } from '@varve/client';
import { createSigner, type Signer } from '@varve/crypto';
import { openKeyFile, readKeyFile } from '@varve/crypto/files';
import { fromHex } from '@varve/encoding';
import { decodeGenesis } from '@varve/ledger';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { agreement, expectOneChain, placeOf } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { eventually } from './support/devnet.ts';
import { genesisBytesOf, verifyStateAnswer } from './support/evidence.ts';
import { CliProcess, endAll, freePorts, isAlive, type Ready } from './support/process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination } = operations;
const NAMES = ['acme-1', 'globex-1', 'initech-1'];
const folder = temporaryFolder();
const file = (name: string): string => join(folder.path, name);
const passphrase = file('passphrase');
const acknowledged = new Map<string, string>();
let signer: Signer | undefined;
const nodes = new Map<string, { process: CliProcess; ready: Ready }>();

/** Runs a command that must succeed, and parses what it prints. */
async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await varve([...args, '--json']);
  if (code !== 0) throw new Error(`varve ${args.join(' ')} exited with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

const withKey = (name: string): readonly string[] => [
  '--key',
  file(`${name}.key.json`),
  '--passphrase-file',
  passphrase,
];

/** Nodes of one network may judge signatures in different ways: the verdicts are the same. */
const ways: Readonly<Record<string, readonly string[]>> = {
  'acme-1': ['--signature-thread', 'own'],
  'globex-1': ['--signature-thread', 'own', '--signatures', 'single'],
};

function startNode(name: string): CliProcess {
  const options = ['--data', file(name), '--passphrase-file', passphrase, ...(ways[name] ?? [])];
  return new CliProcess(['node', 'start', ...options, '--json']);
}

async function start(...names: readonly string[]): Promise<void> {
  const started = names.map((name) => ({ name, process: startNode(name) }));
  for (const { name, process } of started) nodes.set(name, { process, ready: await process.ready() });
}

function url(name: string): string {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`${name} was not started`);
  return node.ready.httpUrl;
}

function clientOf(name: string): ReturnType<typeof createClient> {
  // To open a key file is dear on purpose.
  signer ??= createSigner(
    openKeyFile(readKeyFile(file('alice.key.json')), 'correct horse').secrets.get('account') as Uint8Array,
  );
  return createClient({ url: url(name), signer });
}

beforeAll(() => writeFileSync(passphrase, 'correct horse\n', { mode: 0o600 }));
afterAll(async () => {
  await endAll();
  folder.clean();
});

describe('a network of separately initialized nodes', () => {
  it('is made with genesis, keys and node init', async () => {
    const genesis = file('genesis.yaml');
    const organizations = ['--org', 'acme:Acme Ltd', '--org', 'globex', '--org', 'initech'];
    await json('genesis', 'new', '--title', 'Harbour ledger', ...organizations, '--out', genesis);
    for (const name of NAMES) {
      const about = ['--name', name, '--organization', name.replace('-1', '')];
      await json('keys', 'new', ...about, '--out', file(`${name}.key.json`), '--passphrase-file', passphrase);
      await json('genesis', 'add-validator', genesis, '--key', file(`${name}.key.json`));
    }
    const alice = ['--account', '--organization', 'acme', '--out', file('alice.key.json')];
    await json('keys', 'new', ...alice, '--passphrase-file', passphrase);
    await json('genesis', 'add-account', genesis, '--key', file('alice.key.json'), '--roles', 'admin,client');
    const checked = await json('genesis', 'check', genesis);
    expect(checked).toMatchObject({ protocol: 'raft', validators: NAMES });

    const ports = await freePorts(2 * NAMES.length);
    const address = (i: number): string => `/ip4/127.0.0.1/tcp/${ports[i]}`;
    for (const [i, name] of NAMES.entries()) {
      const peers = NAMES.flatMap((peer, j) => (j === i ? [] : ['--peer', `${peer}@${address(j)}`]));
      const where = ['--listen', address(i), '--http', `127.0.0.1:${ports[NAMES.length + i]}`];
      const args = ['--data', file(name), '--genesis', genesis, ...withKey(name), ...where, ...peers];
      expect(await json('node', 'init', ...args)).toMatchObject({ chainId: checked.chainId, name });
    }
    const twice = await varve(['node', 'init', '--data', file('acme-1'), '--genesis', genesis, ...withKey('acme-1')]);
    expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('NODE_INITIALIZED') });
  });

  it('commits', async () => {
    await start(...NAMES);
    const result = await clientOf('globex-1').submit(coordination.create('/first', 'value'));
    expect(result).toMatchObject({ status: 'final', outcome: { code: 'OK' } });
    acknowledged.set(result.transactionId, placeOf(result));
    const { places } = await expectOneChain(NAMES.map(clientOf), acknowledged);
    expect(places.size).toBe(1);
  });

  it('serves the command line, with a key file of its own', async () => {
    const args = ['tx', 'create', '/from-cli', 'x', '--node', url('initech-1')];
    const result = await json(...args, '--key', file('alice.key.json'), '--passphrase-file', passphrase);
    expect(result).toMatchObject({ status: 'final', outcome: { code: 'OK' } });
    const state = await json('query', 'state', 'coordination', '--path', '/from-cli', '--node', url('acme-1'));
    expect(state).toMatchObject({ found: true, value: '78' });
  });
});

describe('an observer', () => {
  let networkKey: string;

  it('that is not registered is refused before it can open a stream', async () => {
    const key = ['--observer', '--name', 'watcher', '--out', file('watcher.key.json')];
    networkKey = String((await json('keys', 'new', ...key, '--passphrase-file', passphrase)).networkKey);
    const peers = NAMES.flatMap((name) => ['--peer', `${name}@${nodes.get(name)?.ready.addresses[0]}`]);
    const where = ['--listen', '/ip4/127.0.0.1/tcp/0', '--http', '127.0.0.1:0', '--observer', ...peers];
    const init = ['--data', file('watcher'), '--genesis', file('genesis.yaml'), ...withKey('watcher'), ...where];
    await json('node', 'init', ...init);
    await start('watcher');
    await eventually('it is refused', () =>
      readFileSync(join(file('acme-1'), 'node.log'), 'utf8')
        .split('\n')
        .some((line) => line.includes('NOT_ADMITTED') && line.includes(networkKey)),
    );
    const status = await clientOf('watcher').status();
    expect(status).toMatchObject({ mode: 'observer', name: null, height: 0, peers: { connected: 0 } });
    for (const name of NAMES) {
      const { others } = await clientOf(name).validators();
      expect(others.filter((peer) => peer.networkKey === networkKey && peer.connected)).toEqual([]);
    }
    const refused = await clientOf('watcher')
      .state('coordination', '/first', { consistency: 'linearizable' })
      .catch((e) => e);
    expect(refused).toMatchObject({ code: 'BARRIER_UNAVAILABLE', status: 503 });
  });

  it('is admitted by a transaction, without a restart, and follows', async () => {
    const pids = [...nodes.values()].map(({ ready }) => ready.pid);
    const register = ['account', 'register-node', file('watcher.key.json'), 'watcher', '--node', url('acme-1')];
    const registered = await json(...register, '--key', file('alice.key.json'), '--passphrase-file', passphrase);
    expect(registered).toMatchObject({ outcome: { code: 'OK' } });
    const everybody = ['watcher', ...NAMES];
    await agreement(everybody.map(clientOf));
    expect([...nodes.values()].map(({ ready }) => ready.pid)).toEqual(pids);
    expect(pids.every(isAlive)).toBe(true);
    await expectOneChain(everybody.map(clientOf), acknowledged);
    await eventually('it is ready', async () => (await fetch(`${url('watcher')}/readyz`)).ok);
  });

  it('serves reads: local, linearizable, and final with a proof', async () => {
    const written = await clientOf('acme-1').submit(coordination.create('/read', 'me'));
    const observer = clientOf('watcher');
    const linearizable = await observer.state('coordination', '/read', { consistency: 'linearizable' });
    expect(linearizable).toMatchObject({ found: true, value: '6d65', consistency: 'linearizable' });
    expect(linearizable.height).toBeGreaterThanOrEqual(written.height ?? Number.NaN);
    const local = await observer.state('coordination', '/read', { consistency: 'local' });
    expect(local).toMatchObject({ found: true, value: '6d65', consistency: 'local' });
    const final = await observer.state('coordination', '/read', { consistency: 'final' });
    const genesis = genesisBytesOf(file('watcher'));
    expect(verifyStateAnswer(final, genesis)).toBe(true);
    expect(decodeGenesis(genesis).title).toBe('Harbour ledger');
    expect(fromHex(final.value ?? '')).toEqual(new TextEncoder().encode('me'));
  });

  it('hands transactions on, and answers with receipt', async () => {
    const from = performance.now();
    const result = await clientOf('watcher').submit(coordination.create('/through-the-observer', ''));
    // It is told when it happens, not when its patience ends.
    expect(performance.now() - from).toBeLessThan(20_000);
    expect(result).toMatchObject({ status: 'final', outcome: { code: 'OK' } });
    expect(result.receipt).toBeDefined();
    acknowledged.set(result.transactionId, placeOf(result));
    await expectOneChain(['watcher', ...NAMES].map(clientOf), acknowledged);
  });

  it('follows on when it was away', async () => {
    const watcher = nodes.get('watcher');
    watcher?.process.signal('SIGKILL');
    await watcher?.process.ended;
    for (let n = 0; n < 20; n++) {
      const result = await clientOf('acme-1').submit(coordination.create(`/away-${n}`, ''));
      acknowledged.set(result.transactionId, placeOf(result));
    }
    await start('watcher');
    await expectOneChain(['watcher', ...NAMES].map(clientOf), acknowledged);
  });

  it('is cut off when it is revoked', async () => {
    const args = ['account', 'revoke-node', networkKey, '--node', url('globex-1')];
    await json(...args, '--key', file('alice.key.json'), '--passphrase-file', passphrase);
    await eventually('it is disconnected', async () => (await clientOf('watcher').status()).peers.connected === 0);
    const before = await clientOf('watcher').status();
    const result = await clientOf('acme-1').submit(coordination.create('/unseen', ''));
    expect(result.status).toBe('final');
    for (const name of NAMES) {
      const { others } = await clientOf(name).validators();
      expect(others.filter((peer) => peer.networkKey === networkKey && peer.connected)).toEqual([]);
    }
    expect((await clientOf('watcher').status()).height).toBeLessThan(result.height ?? 0);
    expect(before.mode).toBe('observer');
  });
});

it('every node stops clean when asked', async () => {
  for (const [name, { process }] of nodes) expect({ name, ...(await process.stop()) }).toMatchObject({ name, code: 0 });
});
