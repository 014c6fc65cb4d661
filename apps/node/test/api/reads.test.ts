import { sha256 } from '@varve/crypto';
import { bytesEqual, fromHex, toHex } from '@varve/encoding';
import {
  certificateFault,
  decodeCertificate,
  decodeConfiguration,
  decodeHeader,
  decodeStateEntry,
  encodeConfiguration,
  stateTreeKey,
} from '@varve/ledger';
import { decodeStateProof, verifyStateProof } from '@varve/merkle';
import { accountIdOf, accountKey, proposalIdOf, proposalKey } from '@varve/modules';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import {
  blockSchema,
  blocksSchema,
  problemSchema,
  receiptSchema,
  stateSchema,
  transactionSchema,
} from '../../src/api/schemas.ts';
import {
  accountSchema,
  configurationsSchema,
  genesisSchema,
  searchSchema,
  statusSchema,
  validatorsSchema,
} from '../../src/api/schemas-node.ts';
import { parseGenesisDocument } from '../../src/setup/genesis-document.ts';
import { admin, createNode, TestNode } from './test-node.ts';

let node: TestNode;
let api: Api;
let first: { id: string };
let last: { id: string };
const adminId = accountIdOf(admin.publicKey);

beforeAll(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0, heightWaitMs: 50 });
  first = await node.block([createNode('/a', 'hello')]);
  last = await node.block([
    createNode('/a/b', 'x'),
    { module: 'coordination', method: 'set', arguments: ['/a', Uint8Array.of(0xff), null] },
  ]);
});
afterAll(() => api.close());
beforeEach(() => {
  node.barrierCode = undefined;
  node.changes = {};
});

// biome-ignore lint/suspicious/noExplicitAny: answers are checked against their schemas.
type Got = { status: number; body: any; headers: Record<string, unknown>; text: string };

async function get(url: string, schema?: TSchema, headers: Record<string, string> = {}): Promise<Got> {
  const answer = await api.server.inject({ method: 'GET', url, headers });
  const isJson = String(answer.headers['content-type']).includes('json');
  const body = isJson ? answer.json() : undefined;
  if (schema) expect([...Value.Errors(schema, body)]).toEqual([]);
  expect(answer.headers['varve-height']).toBe(String(node.ledger.tip.header.height));
  return { status: answer.statusCode, body, headers: answer.headers, text: answer.body };
}

async function problemAt(url: string, headers: Record<string, string> = {}): Promise<string> {
  const { status, body, headers: answered } = await get(url, problemSchema, headers);
  expect(answered['content-type']).toContain('application/problem+json');
  expect(body.status).toBe(status);
  return `${status} ${body.code}`;
}

it('says how it is', async () => {
  const { body } = await get('/v1/status', statusSchema);
  expect(body).toMatchObject({
    chainId: node.ledger.chainId,
    height: 2,
    finalHeight: 2,
    role: 'leader',
    protocol: 'raft',
  });
  expect(body.configuration).toMatchObject({ number: 0, validators: 3, quorum: 2, validityMs: 600_000 });
});

it('lists configurations and validators', async () => {
  const { body } = await get('/v1/configurations', configurationsSchema);
  expect(body.organizations).toEqual(['acme']);
  expect(body.configurations).toMatchObject([{ number: 0, protocol: 'raft', current: true, firstHeight: 0 }]);
  const [{ hash, bytes }] = body.configurations;
  expect(toHex(sha256(fromHex(bytes)))).toBe(hash);
  expect(decodeConfiguration(fromHex(bytes))).toEqual(node.ledger.configuration);
  const { body: members } = await get('/v1/validators', validatorsSchema);
  expect(members).toMatchObject({ up: 2, quorum: 2, others: [] });
  expect(members.validators).toMatchObject([
    { name: 'validator-1', self: true, connected: true, behind: 0 },
    { name: 'validator-2', connected: true, behind: 2 },
    { name: 'validator-3', connected: false, height: null, sealMissing: true },
  ]);
});

it('lists the configuration that a block decided, and its proposal', async () => {
  const changing = new TestNode();
  const changingApi = await createApi(changing, { host: '127.0.0.1', port: 0 });
  const { configuration, configurationHash: parentHash } = changing.ledger;
  const next = encodeConfiguration({ ...configuration, number: 1, parentHash, protocol: 'tendermint' });
  await changing.block([{ module: 'governance', method: 'propose', arguments: [next, true] }]);
  const listed = (await changingApi.server.inject('/v1/configurations')).json();
  expect(listed.configurations).toMatchObject([
    { number: 0, protocol: 'raft', current: false, firstHeight: 0 },
    { number: 1, protocol: 'tendermint', current: true, firstHeight: 2, quorum: 3, bytes: toHex(next) },
  ]);
  const key = toHex(proposalKey(proposalIdOf(next, true)));
  const state = (await changingApi.server.inject(`/v1/state/governance/${key}`)).json();
  expect(state.decoded).toMatchObject({
    kind: 'proposal',
    proposalId: key.slice(2),
    configuration: toHex(next),
    adopted: 1,
    votes: [{ organization: 'acme', approve: true }],
  });
  await changingApi.close();
});

it('shows transactions and their receipts', async () => {
  const { body } = await get(`/v1/transactions/${first.id}`, transactionSchema);
  expect(body).toMatchObject({ status: 'final', execution: { height: 1, index: 0, account: adminId } });
  expect(body.execution.operations).toEqual([
    { module: 'coordination', method: 'create', arguments: ['/a', toHex(new TextEncoder().encode('hello'))] },
  ]);
  const receipt = await get(`/v1/transactions/${first.id}/receipt`, receiptSchema);
  expect(receipt.body).toMatchObject({ transactionId: first.id, index: 0, later: null, certificate: { height: 1 } });
  const binary = await api.server.inject({
    url: `/v1/transactions/${first.id}/receipt`,
    headers: { accept: 'application/cbor' },
  });
  expect(binary.headers['content-type']).toBe('application/cbor');
  expect(toHex(binary.rawPayload)).toBe(receipt.body.receipt);
});

it('serves the genesis document, whose hash is the chain id', async () => {
  const { body } = await get('/v1/genesis', genesisSchema);
  expect(parseGenesisDocument(JSON.stringify(body.document), 'genesis.json')).toEqual(node.ledger.genesis);
  expect(body.chainId).toBe(node.ledger.chainId);
  const binary = await api.server.inject({ url: '/v1/genesis', headers: { accept: 'application/cbor' } });
  expect(toHex(sha256(binary.rawPayload))).toBe(body.chainId);
  expect(toHex(binary.rawPayload)).toBe(body.genesis);
});

it('refuses receipts of what is unknown or not final', async () => {
  const other = new TestNode();
  other.automatic = false;
  const otherApi = await createApi(other, { host: '127.0.0.1', port: 0 });
  const { id, bytes } = other.sign([createNode()]);
  const ask = async (path = '/receipt'): Promise<string> => {
    const answer = await otherApi.server.inject(`/v1/transactions/${id}${path}`);
    return `${answer.statusCode} ${answer.json().code ?? answer.json().status}`;
  };
  expect(await ask()).toBe('404 TRANSACTION_UNKNOWN');
  expect(await ask('')).toBe('404 TRANSACTION_UNKNOWN');
  await other.submit([bytes]);
  expect(await ask('')).toBe('200 pending');
  expect(await ask()).toBe('409 RECEIPT_NOT_FINAL');
  other.commit();
  expect(await ask('')).toBe('200 committed');
  expect(await ask()).toBe('409 RECEIPT_NOT_FINAL');
  other.certify();
  expect(await ask('')).toBe('200 final');
  await otherApi.close();
});

it('shows blocks by height, hash and name, and pages of them', async () => {
  const { body } = await get('/v1/blocks/2', blockSchema);
  expect(body).toMatchObject({ final: true, header: { height: 2, transactionCount: 1 }, certificate: { height: 2 } });
  expect(body.certificate.signatures.map((one: { validator: string }) => one.validator)).toEqual([
    'validator-1',
    'validator-2',
  ]);
  expect(body.transactions).toMatchObject([{ transactionId: last.id, outcome: { code: 'OK' } }]);
  for (const name of [body.hash, 'latest', 'final']) expect((await get(`/v1/blocks/${name}`)).body).toEqual(body);
  expect((await get('/v1/blocks/0', blockSchema)).body).toMatchObject({ transactions: [], certificate: null });
  const page = await get('/v1/blocks?limit=2', blocksSchema);
  expect(page.body.blocks.map((one: { header: { height: number } }) => one.header.height)).toEqual([2, 1]);
  expect(page.body.next).toBe(1);
  expect((await get('/v1/blocks?before=1', blocksSchema)).body).toMatchObject({
    blocks: [{ header: { height: 0 } }],
    next: null,
  });
  expect(await problemAt('/v1/blocks/3')).toBe('404 BLOCK_UNKNOWN');
  expect(await problemAt(`/v1/blocks/${'0'.repeat(64)}`)).toBe('404 BLOCK_UNKNOWN');
  expect(await problemAt('/v1/blocks/soon')).toBe('400 REQUEST_INVALID');
  expect(await problemAt('/v1/blocks?limit=1000')).toBe('400 REQUEST_INVALID');
});

it('gives state with a proof that holds', async () => {
  const { body } = await get('/v1/state/coordination?path=/a&consistency=final', stateSchema);
  expect(body).toMatchObject({ found: true, value: 'ff', version: 1, modifiedHeight: 2, height: 2 });
  expect(body.decoded).toEqual({ kind: 'node', path: '/a', text: null, children: 1 });
  const header = decodeHeader(fromHex(body.proof.header));
  expect(header.hash).toBe(body.blockHash);
  const certificate = decodeCertificate(fromHex(body.proof.certificate));
  const { chainId, configuration, configurationHash } = node.ledger;
  expect(certificateFault(certificate, chainId, configuration, configurationHash)).toBeUndefined();
  const proof = decodeStateProof(fromHex(body.proof.stateProof));
  const verdict = verifyStateProof(header.header.stateRoot, stateTreeKey('coordination', fromHex(body.key)), proof);
  expect(verdict.ok && verdict.value !== undefined).toBe(true);
  expect(
    bytesEqual(
      fromHex(body.value),
      decodeStateEntry(node.ledger.records.get(stateKeyOf(body.key)) as Uint8Array).bytes,
    ),
  ).toBe(true);
  expect((await get('/v1/state/coordination?path=/none&proof=true', stateSchema)).body).toMatchObject({
    found: false,
    value: null,
    decoded: null,
    proof: { certificate: expect.any(String) },
  });
});

function stateKeyOf(key: string): Uint8Array {
  const name = new TextEncoder().encode('coordination');
  return Uint8Array.from([0x53, name.length, ...name, ...fromHex(key)]);
}

it('decodes values of known modules and reads at three consistencies', async () => {
  const key = toHex(accountKey(adminId));
  for (const consistency of ['local', 'linearizable', 'final']) {
    const { body } = await get(`/v1/state/accounts/${key}?consistency=${consistency}`, stateSchema);
    expect(body).toMatchObject({ consistency, decoded: { kind: 'account', accountId: adminId, organization: 'acme' } });
    expect(body.proof === null).toBe(consistency !== 'final');
  }
  expect((await get(`/v1/accounts/${adminId}`, accountSchema)).body).toMatchObject({ roles: ['admin', 'client'] });
  expect(await problemAt(`/v1/accounts/${'0'.repeat(64)}`)).toBe('404 ACCOUNT_UNKNOWN');
  expect(await problemAt('/v1/accounts/xyz')).toBe('400 REQUEST_INVALID');
  expect(await problemAt('/v1/state/nothing/00')).toBe('404 MODULE_UNKNOWN');
  expect(await problemAt('/v1/state/accounts/0')).toBe('400 REQUEST_INVALID');
  expect(await problemAt('/v1/state/coordination?path=a//b')).toBe('400 REQUEST_INVALID');
});

it('says that no barrier is to be had, and still reads locally', async () => {
  node.barrierCode = 'BARRIER_UNAVAILABLE';
  expect(await problemAt('/v1/state/coordination?path=/a')).toBe('503 BARRIER_UNAVAILABLE');
  expect((await get('/v1/state/coordination?path=/a&consistency=local')).status).toBe(200);
  node.barrierCode = 'NODE_STOPPING';
  expect(await problemAt('/v1/state/coordination?path=/a')).toBe('503 NODE_STOPPING');
});

it('waits for a height', async () => {
  expect(await problemAt('/v1/status', { 'varve-min-height': '3' })).toBe('408 HEIGHT_NOT_REACHED');
  expect(await problemAt('/v1/status', { 'varve-min-height': 'soon' })).toBe('400 REQUEST_INVALID');
  expect((await get('/v1/status', statusSchema, { 'varve-min-height': '2' })).status).toBe(200);
});

it.each(['2', 'hash', 'transaction', 'account', 'key', 'VALIDATOR-2', 'nothing'])('finds %s', async (what) => {
  const queries: Record<string, string> = {
    hash: node.ledger.tip.hash,
    transaction: first.id,
    account: adminId,
    key: toHex(admin.publicKey),
  };
  const { body } = await get(`/v1/search?q=${queries[what] ?? what}`, searchSchema);
  const kinds: Record<string, string[]> = {
    '2': ['block', 'validator'],
    hash: ['block'],
    transaction: ['transaction'],
    account: ['account'],
    key: ['account'],
    'VALIDATOR-2': ['validator'],
    nothing: [],
  };
  expect(body.hits.map((hit: { kind: string }) => hit.kind)).toEqual(kinds[what]);
});

it('tells supervisors whether it lives and is ready', async () => {
  expect((await get('/livez')).text).toBe('ok\n');
  expect((await get('/readyz')).text).toBe('ok\n');
  expect((await get('/readyz?verbose')).text).toContain('[+] leader ok');
  node.changes = { mode: 'observer-only', observerOnly: { code: 'STORE_ROLLED_BACK', reason: 'a backup' } };
  expect(await problemAt('/readyz')).toBe('503 NOT_READY');
  const verbose = await get('/readyz?verbose');
  expect(verbose.status).toBe(503);
  expect(verbose.text).toContain('[!] mode: must not vote: STORE_ROLLED_BACK (a backup)');
});

it('counts', async () => {
  const { text, headers } = await get('/metrics');
  expect(headers['content-type']).toContain('text/plain');
  for (const line of [
    'varve_height 2',
    'varve_final_height 2',
    'varve_transactions_executed_total 2',
    'varve_engine_role{protocol="raft",role="leader"} 1',
    'varve_network_sent_bytes_total 100',
    'varve_network_sent_packets_total 3',
    'varve_network_received_packets_total 4',
    'varve_cpu_seconds_total{stage="total"} 1',
    'varve_http_requests_total{method="GET",route="/livez",status="200"} 1',
  ])
    expect(text).toContain(line);
});

it('describes itself, and shows it without another host', async () => {
  const { body } = await get('/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/v1/status', '/v1/transactions', '/v1/state/{module}/{key}']),
  );
  expect((await api.server.inject('/docs')).headers.location).toBe('/docs/');
});
