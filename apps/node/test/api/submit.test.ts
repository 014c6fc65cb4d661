import { concatBytes, toHex } from '@varve/encoding';
import { decodeReceipt } from '@varve/ledger';
import { RecordDamaged } from '@varve/ledger/chain';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { batchSchema, problemSchema, resultSchema } from '../../src/api/schemas.ts';
import { createNode, signerOf, TestNode } from './test-node.ts';

let node: TestNode;
let api: Api;

beforeEach(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0, waitingMax: 5 });
});
afterEach(() => api.close());

interface Posted {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked against their schemas.
  readonly body: any;
  readonly headers: Record<string, unknown>;
}

async function post(payload: Uint8Array | object | string, query = '', type = 'application/cose'): Promise<Posted> {
  const answer = await api.server.inject({
    method: 'POST',
    url: `/v1/transactions${query}`,
    headers: { 'content-type': type },
    payload: payload instanceof Uint8Array ? Buffer.from(payload) : payload,
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

const fits = (schema: TSchema, value: unknown): void => expect([...Value.Errors(schema, value)]).toEqual([]);

it('answers 202 pending without waiting', async () => {
  node.automatic = false;
  const transaction = node.sign([createNode()]);
  const { status, body, headers } = await post(transaction.bytes);
  expect(status).toBe(202);
  fits(resultSchema, body);
  expect(body).toEqual({
    transactionId: transaction.id,
    status: 'pending',
    height: null,
    index: null,
    outcome: null,
    known: false,
  });
  expect(headers['varve-height']).toBe('0');
});

it('waits for committed, and for final with the receipt inlined', async () => {
  const committed = await post(node.sign([createNode()]).bytes, '?wait=committed');
  expect(committed).toMatchObject({ status: 200, body: { height: 1, index: 0, outcome: { code: 'OK' } } });
  const transaction = node.sign([createNode()]);
  const { status, body } = await post(transaction.bytes, '?wait=final&timeout=5000');
  expect(status).toBe(200);
  fits(resultSchema, body);
  expect(body).toMatchObject({ status: 'final', height: 2, transactionId: transaction.id, known: false });
  const receipt = decodeReceipt(Buffer.from(body.receipt, 'hex'));
  expect(toHex(receipt.transaction)).toBe(toHex(transaction.bytes));
});

it('takes JSON', async () => {
  const transaction = node.sign([createNode()]);
  const body = { transaction: toHex(transaction.bytes) };
  expect(await post(body, '?wait=final', 'application/json')).toMatchObject({ status: 200, body: { status: 'final' } });
});

it('answers 200 with the outcome of a failed execution', async () => {
  const answer = await post(node.sign([createNode('/missing/child')]).bytes, '?wait=final');
  expect(answer.status).toBe(200);
  expect(answer.body.outcome.code).not.toBe('OK');
  expect(answer.body.outcome.failedOperation).toBe(0);
});

it('answers a repeated transaction with its present state', async () => {
  node.automatic = false;
  const { bytes } = node.sign([createNode()]);
  await post(bytes);
  expect(await post(bytes)).toMatchObject({ status: 200, body: { status: 'pending', known: true } });
  node.commit();
  expect(await post(bytes)).toMatchObject({ status: 200, body: { status: 'committed', known: true, height: 1 } });
  expect(await post(bytes, '?wait=final&timeout=20')).toMatchObject({ status: 202, body: { status: 'committed' } });
  const waiting = post(bytes, '?wait=final');
  await new Promise((resolve) => setTimeout(resolve, 20));
  node.certify();
  expect(await waiting).toMatchObject({ status: 200, body: { status: 'final', known: true } });
  expect(await post(bytes, '?wait=final')).toMatchObject({ status: 200, body: { status: 'final', known: true } });
});

it('answers a timeout with 202 pending', async () => {
  node.automatic = false;
  const answer = await post(node.sign([createNode()]).bytes, '?wait=final&timeout=30');
  expect(answer).toMatchObject({ status: 202, body: { status: 'pending' } });
});

it('tells a waiting submitter that its transaction was discarded', async () => {
  node.automatic = false;
  const waiting = post(node.sign([createNode()]).bytes, '?wait=committed');
  await new Promise((resolve) => setTimeout(resolve, 20));
  node.discard('TRANSACTION_EXPIRED');
  expect(await waiting).toMatchObject({ status: 422, body: { code: 'TRANSACTION_EXPIRED', status: 422 } });
});

it('lets waiting submitters go when the node stops', async () => {
  node.automatic = false;
  const waiting = post(node.sign([createNode()]).bytes, '?wait=committed');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await api.close();
  expect(await waiting).toMatchObject({ status: 202, body: { status: 'pending' } });
});

it.each([
  ['TRANSACTION_MALFORMED', 400, () => Uint8Array.of(1, 2, 3)],
  ['TRANSACTION_EXPIRED', 422, () => node.sign([createNode()], { validUntil: 5 }).bytes],
  ['VALIDITY_TOO_LONG', 422, () => node.sign([createNode()], { validUntil: Date.now() + 9e6 }).bytes],
  ['CHAIN_MISMATCH', 422, () => node.sign([createNode()], { chainId: 'ab'.repeat(32) }).bytes],
  ['KEY_INACTIVE', 403, () => node.sign([createNode()], { signer: signerOf('nobody') }).bytes],
  ['SIGNATURE_INVALID', 422, () => node.sign([createNode()]).bytes.with(-1, 0).with(-2, 0)],
  ['TRANSACTION_TOO_LARGE', 413, () => node.sign([createNode('/large', 'x'.repeat(70_000))]).bytes],
])('refuses with %s', async (code, expected, bytes) => {
  const { status, body, headers } = await post(bytes());
  fits(problemSchema, body);
  expect({ status, code: body.code, retry: body.retry }).toEqual({ status: expected, code, retry: 'never' });
  expect(headers['content-type']).toContain('application/problem+json');
  expect(body.type).toBe(`/errors#${code}`);
});

it('refuses with POOL_FULL and TRANSACTION_CONFLICT', async () => {
  node.automatic = false;
  node.poolMax = 1;
  const transaction = node.sign([createNode()]);
  await post(transaction.bytes);
  const full = await post(node.sign([createNode()]).bytes);
  expect(full).toMatchObject({ status: 429, body: { code: 'POOL_FULL', retry: 'later' } });
  expect(full.headers['retry-after']).toBe('1');
  const other = await post(transaction.bytes.with(-1, (transaction.bytes.at(-1) as number) ^ 1));
  expect(other).toMatchObject({ status: 409, body: { code: 'TRANSACTION_CONFLICT', transactionId: transaction.id } });
});

it('refuses to wait for more than it may, and submits nothing', async () => {
  const six = concatBytes(...Array.from({ length: 6 }, () => node.sign([createNode()]).bytes));
  const answer = await post(six, '?wait=final', 'application/cbor-seq');
  expect(answer).toMatchObject({ status: 503, body: { code: 'WAITERS_FULL' } });
  expect(node.view().pool.transactions).toBe(0);
});

it('gives each item of a sequence its result: one status where they agree, else 207', async () => {
  const good = node.sign([createNode()]);
  const bad = node.sign([createNode()], { validUntil: 5 });
  const same = await post(
    concatBytes(good.bytes, node.sign([createNode()]).bytes),
    '?wait=final',
    'application/cbor-seq',
  );
  fits(batchSchema, same.body);
  expect(same.status).toBe(200);
  expect(same.body.results.map((one: { index: number }) => one.index)).toEqual([0, 1]);
  const mixed = await post(concatBytes(good.bytes, bad.bytes), '?wait=final', 'application/cbor-seq');
  fits(batchSchema, mixed.body);
  expect(mixed.status).toBe(207);
  expect(mixed.body.results).toMatchObject([
    { transactionId: good.id, status: 'final', known: true },
    { transactionId: bad.id, status: 'refused', problem: { code: 'TRANSACTION_EXPIRED' } },
  ]);
  expect(await post(bad.bytes, '', 'application/cbor-seq')).toMatchObject({ status: 422, body: { results: [{}] } });
});

it('splits sequences strictly', async () => {
  const { bytes } = node.sign([createNode()]);
  for (const body of [new Uint8Array(), concatBytes(bytes, Uint8Array.of(0)), bytes.subarray(0, -1)]) {
    expect(await post(body, '', 'application/cbor-seq')).toMatchObject({
      status: 400,
      body: { code: 'SEQUENCE_MALFORMED' },
    });
  }
  const many = Buffer.concat(Array.from({ length: 1_001 }, () => bytes));
  expect(await post(many, '', 'application/cbor-seq')).toMatchObject({
    status: 413,
    body: { code: 'TRANSACTIONS_TOO_MANY' },
  });
});

it.each([
  ['{"transaction":', 'JSON_MALFORMED', 400],
  ['', 'JSON_MALFORMED', 400],
  ['{}', 'REQUEST_INVALID', 400],
  ['{"transaction":"xyz"}', 'REQUEST_INVALID', 400],
  ['{"transaction":"00","more":1}', 'REQUEST_INVALID', 400],
  ['['.repeat(200_000), 'JSON_MALFORMED', 400],
  [' '.repeat(300_000), 'BODY_TOO_LARGE', 413],
])('refuses the JSON body %#', async (text, code, status) => {
  const answer = await post(text, '', 'application/json');
  fits(problemSchema, answer.body);
  expect(answer).toMatchObject({ status, body: { code } });
});

it('refuses other types, large bodies and wrong parameters', async () => {
  expect(await post('x', '', 'text/plain')).toMatchObject({ status: 415, body: { code: 'CONTENT_TYPE_UNSUPPORTED' } });
  expect(await post(new Uint8Array(1_100_000))).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  expect(await post(new Uint8Array(5_000_000), '', 'application/cbor-seq')).toMatchObject({
    status: 413,
    body: { code: 'BODY_TOO_LARGE' },
  });
  for (const query of ['?wait=soon', '?timeout=-1', '?timeout=x', '?wiat=final']) {
    expect(await post(Uint8Array.of(0), query)).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  }
});

it('reports a damaged record, and answers with a code', async () => {
  const { id } = await node.block([createNode()]);
  const get = vi.spyOn(node.ledger.records, 'get').mockImplementation((key) => {
    throw new RecordDamaged(key);
  });
  const answer = await api.server.inject(`/v1/transactions/${id}`);
  expect([answer.statusCode, answer.json().code]).toEqual([500, 'RECORD_DAMAGED']);
  expect(node.damages).toHaveLength(1);
  get.mockRestore();
});

it('prefers what a block says to why the pool let go', async () => {
  const { id, bytes } = await node.block([createNode()]);
  const inBlock = node.transactionState(id);
  const state = vi.spyOn(node, 'transactionState').mockReturnValueOnce({ state: 'pending' });
  const waiting = post(bytes, '?wait=final');
  await expect.poll(() => state.mock.calls.length, { timeout: 10_000 }).toBe(1);
  node.tell({ kind: 'discarded', transactions: [{ id, code: 'TRANSACTION_EXPIRED' }] });
  expect(await waiting).toMatchObject({ status: 200, body: { status: 'final', height: 1 } });
  expect(inBlock).toMatchObject({ state: 'final' });
  state.mockRestore();
});

it('answers with a code where it cannot be read what became of a transaction', async () => {
  node.automatic = false;
  const [first, second] = [node.sign([createNode()]), node.sign([createNode()])];
  const waiting = post(concatBytes(first.bytes, second.bytes), '?wait=final', 'application/cbor-seq');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const state = vi.spyOn(node, 'transactionState').mockImplementation(() => {
    throw new RecordDamaged(Uint8Array.of(1));
  });
  node.discard('TRANSACTION_EXPIRED');
  expect(await waiting).toMatchObject({ status: 500, body: { code: 'RECORD_DAMAGED' } });
  expect(node.damages).toHaveLength(1);
  state.mockRestore();
});

it('goes on to wait for a block to be final, whatever the pool says of its transactions', async () => {
  node.automatic = false;
  const transaction = node.sign([createNode()]);
  const waiting = post(transaction.bytes, '?wait=final');
  await new Promise((resolve) => setTimeout(resolve, 20));
  node.commit();
  node.tell({ kind: 'discarded', transactions: [{ id: transaction.id, code: 'TRANSACTION_KNOWN' }] });
  node.certify();
  expect(await waiting).toMatchObject({ status: 200, body: { status: 'final', height: 1 } });
});
