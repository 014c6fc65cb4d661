import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '@varve/crypto';
import { configurationHash, encodeCbor, fromHex, toHex } from '@varve/encoding';
import { decodeConfiguration, encodeConfiguration } from '@varve/ledger';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Api, createApi } from '../../../apps/node/src/api/index.ts';
import { admin, signerOf, TestNode } from '../../../apps/node/test/api/test-node.ts';
import { accountOf, type Client, createClient, NodeUnreachable, operations, VarveError } from '../src/index.ts';

let node: TestNode;
let api: Api;
let client: Client;
const { coordination, assets, accounts, governance } = operations;

beforeEach(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0, heightWaitMs: 50 });
  await api.listen();
  client = createClient({ url: api.address, signer: admin });
});
afterEach(() => api.close());

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(VarveError);
  return (error as VarveError).code;
}

it('submits operations and waits until they are final', async () => {
  const result = await client.submit(coordination.create('/a', 'hello'));
  expect(result).toMatchObject({ status: 'final', height: 1, outcome: { code: 'OK' }, receipt: expect.any(String) });
  const { transactionId } = result;
  expect(await client.transaction(transactionId)).toMatchObject({ status: 'final' });
  expect((await client.receipt(transactionId)).receipt).toBe(result.receipt);
  expect(await client.state('coordination', '/a')).toMatchObject({
    found: true,
    version: 0,
    decoded: { text: 'hello' },
  });
  expect(await client.block(1)).toEqual(await client.block('final'));
  expect((await client.blockPage({ limit: 1 })).next).toBe(1);
  expect(await client.account(accountOf(admin.publicKey))).toMatchObject({ organization: 'acme' });
  expect((await client.validators()).validators).toHaveLength(3);
  expect((await client.configurations()).configurations).toHaveLength(1);
  expect((await client.search('validator')).hits).toHaveLength(3);
  expect((await client.status({ minHeight: 1 })).height).toBe(1);
});

it('does not wait longer for a node that takes a transaction and says nothing', async () => {
  const sent = await client.build(coordination.create('/silent', ''));
  const silent = createServer(() => undefined);
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const { port } = silent.address() as AddressInfo;
  const waiting = createClient({ url: `http://127.0.0.1:${port}`, signer: admin });
  try {
    await expect(waiting.submit(sent, { timeoutMs: 10 })).rejects.toBeInstanceOf(NodeUnreachable);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

it('builds every operation the modules know', async () => {
  const holder = signerOf('holder');
  const to = accountOf(holder.publicKey);
  const own = accountOf(admin.publicKey);
  await client.submit([
    coordination.create('/q', ''),
    coordination.createSequential('/q/item-', 'x'),
    coordination.check('/q', 0),
    coordination.set('/q', Uint8Array.of(1), 0),
    coordination.delete('/q/item-0000000000'),
    coordination.delete('/q', 1),
    accounts.create(holder.publicKey, ['client']),
    accounts.setRoles(to, ['client', 'reader']),
    accounts.addKey(to, signerOf('second').publicKey),
    accounts.removeKey(to, signerOf('second').publicKey),
    accounts.registerNode(signerOf('observer').publicKey, 'observer'),
    accounts.revokeNode(signerOf('observer').publicKey),
    assets.define('gold', 'Gold', 2),
    assets.issue('gold', own, 1_000n),
    assets.transfer('gold', to, 256n),
    assets.burn('gold', 1n),
  ]);
  const [{ bytes: present = '', hash = '' } = {}] = (await client.configurations()).configurations;
  const configuration = decodeConfiguration(fromHex(present));
  const next = encodeConfiguration({ ...configuration, number: 1, parentHash: configurationHash(hash) });
  const id = sha256(encodeCbor([next, false]));
  const [seat] = configuration.validators;
  if (seat === undefined) throw new TypeError('a configuration has validators');
  const { header, hash: block } = await client.block('latest');
  expect(await codeOf(client.submit(governance.withdraw(id)))).toBe('PROPOSAL_UNKNOWN');
  expect(await codeOf(client.submit(governance.vote(toHex(id), true)))).toBe('PROPOSAL_UNKNOWN');
  const ready = governance.ready(seat, 1, header.height, block, new Uint8Array(64));
  expect(await codeOf(client.submit(ready))).toBe('PROOF_INVALID');
  await client.submit(governance.propose(next));
  expect(() => assets.burn('gold', -1n)).toThrow(VarveError);
  expect(() => accounts.create('zz', [])).toThrow(VarveError);
});

it('rejects a failed execution, which submitRaw returns', async () => {
  const missing = coordination.create('/missing/child', '');
  const error = await client.submit(missing).catch((reason: VarveError) => reason);
  expect(error).toMatchObject({ name: 'VarveError', retry: 'never', result: { height: 1 } });
  expect(await client.submitRaw(missing)).toMatchObject({ status: 'final', outcome: { failedOperation: 0 } });
});

it('rejects a refusal with its code, and tells a missing signer', async () => {
  expect(await codeOf(client.submit(coordination.create('/a', ''), { signer: signerOf('nobody') }))).toBe(
    'KEY_INACTIVE',
  );
  const raw = await client.submitRaw(coordination.create('/a', ''), { signer: signerOf('nobody') });
  expect(raw).toMatchObject({ status: 'refused', problem: { code: 'KEY_INACTIVE', retry: 'never' } });
  const stranger = createClient({ url: api.address });
  expect(await codeOf(stranger.submit(coordination.create('/a', '')))).toBe('SIGNER_MISSING');
  expect(await codeOf(client.block(99))).toBe('BLOCK_UNKNOWN');
});

it('ends a wait with WAIT_TIMEOUT, and takes the same bytes up again', async () => {
  node.automatic = false;
  const transaction = await client.build(coordination.create('/late', ''));
  expect(await codeOf(client.submit(transaction, { timeoutMs: 60 }))).toBe('WAIT_TIMEOUT');
  expect(await client.submitRaw(transaction, { wait: 'none' })).toMatchObject({ status: 'pending', known: true });
  const again = client.submit(transaction);
  node.commit();
  node.certify();
  expect(await again).toMatchObject({ status: 'final', height: 1 });
});

it('resends what the node forgot or could not take', async () => {
  node.automatic = false;
  node.poolMax = 0;
  const waiting = client.submit(coordination.create('/retry', ''));
  await vi.waitFor(() => expect(node.view().height).toBe(0));
  setTimeout(() => {
    node.poolMax = 10;
    node.automatic = true;
  }, 150);
  expect(await waiting).toMatchObject({ status: 'final' });
});

it('submits batches, with a result for each item', async () => {
  const results = await client.submitBatch([
    coordination.create('/x', ''),
    [coordination.create('/y', ''), coordination.create('/y/z', '')],
    node.sign([coordination.create('/old', '')], { validUntil: 5 }),
  ]);
  expect(results).toMatchObject([
    { status: 'final', index: 0 },
    { status: 'final', index: 1 },
    { status: 'refused', problem: { code: 'TRANSACTION_EXPIRED' } },
  ]);
  expect(await client.submitBatch([])).toEqual([]);
});

it('names the node that does not answer, and what answers in its place', async () => {
  const dead = createClient({ url: 'http://127.0.0.1:1', signer: admin });
  const error = await dead.submit(coordination.create('/a', '')).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NodeUnreachable);
  expect(error).toMatchObject({
    code: 'NODE_UNREACHABLE',
    url: 'http://127.0.0.1:1',
    hint: expect.stringContaining('is the node up'),
  });
  const other: Server = createServer((_request, response) => response.end('<p>hello'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  expect(await codeOf(createClient({ url }).status())).toBe('ANSWER_MALFORMED');
  other.close();
});

it('waits for heights', async () => {
  expect(await codeOf(client.waitForHeight(1, { timeoutMs: 80 }))).toBe('HEIGHT_NOT_REACHED');
  const waiting = client.waitForHeight(1);
  await client.submit(coordination.create('/a', ''));
  expect(await waiting).toMatchObject({ height: 1 });
});

it('sends the token', async () => {
  const guarded = await createApi(node, { host: '127.0.0.1', port: 0, token: 'secret' });
  await guarded.listen();
  expect(await codeOf(createClient({ url: guarded.address }).status())).toBe('TOKEN_INVALID');
  expect(await createClient({ url: guarded.address, token: 'secret' }).status()).toMatchObject({ height: 0 });
  await guarded.close();
});

it('follows events over restarts of the node, each once', async () => {
  for (let i = 0; i < 3; i++) await node.block([coordination.create(`/n${i}`, '')]);
  const port = Number(new URL(api.address).port);
  const seen: string[] = [];
  const following = (async () => {
    for await (const item of client.events({ after: 0, topics: ['blocks', 'transactions'] })) {
      seen.push(item.cursor);
      if (item.cursor === '5.1.0') return;
    }
  })();
  await vi.waitFor(() => expect(seen).toHaveLength(6));
  await api.close();
  for (let i = 3; i < 5; i++) await node.block([coordination.create(`/n${i}`, '')]);
  api = await createApi(node, { host: '127.0.0.1', port });
  await api.listen();
  await following;
  expect(seen).toEqual([1, 2, 3, 4, 5].flatMap((height) => [`${height}.0.0`, `${height}.1.0`]));
});

it('misses nothing when the connection is lost before the first event', async () => {
  const port = Number(new URL(api.address).port);
  const blocks = client.blocks()[Symbol.asyncIterator]();
  const first = blocks.next();
  await vi.waitFor(async () => expect(await openStreams()).toBe(1));
  await api.close();
  await node.block([coordination.create('/missed', '')]);
  api = await createApi(node, { host: '127.0.0.1', port });
  await api.listen();
  expect((await first).value).toMatchObject({ header: { height: 1 } });
  await blocks.return?.();

  function openStreams(): Promise<number> {
    return new Promise((resolve) => api.server.server.getConnections((_error, count) => resolve(count)));
  }
});

it('iterates blocks from any height, and ends on a signal', async () => {
  await node.block([coordination.create('/a', '')]);
  const heights: number[] = [];
  const controller = new AbortController();
  for await (const block of client.blocks({ from: 0, signal: controller.signal })) {
    heights.push(block.header.height);
    if (heights.length === 2) controller.abort();
  }
  expect(heights).toEqual([0, 1]);
  const refused = client.events({ after: 'nonsense' })[Symbol.asyncIterator]();
  expect(await codeOf(refused.next())).toBe('CURSOR_MALFORMED');
  const dead = createClient({ url: 'http://127.0.0.1:1' }).events()[Symbol.asyncIterator]();
  expect(await codeOf(dead.next())).toBe('NODE_UNREACHABLE');
});

it.each([502, 503, 504])('takes %i without a problem for a node that is gone', async (status) => {
  const fetcher: typeof fetch = async () => new Response('Service Unavailable', { status });
  await expect(createClient({ url: 'http://127.0.0.1:1', fetch: fetcher }).status()).rejects.toBeInstanceOf(
    NodeUnreachable,
  );
});

it('asks again where a kept connection was closed as the question left', async () => {
  const calls: string[] = [];
  const client = createClient({
    url: 'http://127.0.0.1:1',
    fetch: async (_input, init) => {
      calls.push(init?.method ?? 'GET');
      if (calls.length % 2 === 1) throw new TypeError('fetch failed', { cause: new Error('other side closed') });
      return Response.json({ height: 7 });
    },
  });
  expect(await client.status()).toMatchObject({ height: 7 });
  expect(calls).toEqual(['GET', 'GET']);
});
