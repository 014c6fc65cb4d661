import type { Transaction } from '@varve/ledger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Api, createApi } from '../../../apps/node/src/api/index.ts';
import { admin, signerOf, TestNode } from '../../../apps/node/test/api/test-node.ts';
import { type Client, type ClientOptions, createClient, operations, VarveError } from '../src/index.ts';

const { coordination } = operations;
let node: TestNode;
let api: Api;
/** Content type and query of each submission. */
let posts: string[];

beforeEach(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0, waitingMax: 2_000 });
  await api.listen();
  posts = [];
});
afterEach(() => api.close());

function clientWith(options: Partial<ClientOptions> = {}): Client {
  return createClient({
    url: api.address,
    signer: admin,
    fetch: (input, init) => {
      const type = new Headers(init?.headers).get('content-type');
      if (init?.method === 'POST') posts.push(`${type} ${new URL(String(input)).search}`);
      return fetch(input, init);
    },
    ...options,
  });
}

const create = (i: number): Transaction => node.sign([coordination.create(`/n${i}`, '')]);
const many = (count: number): Transaction[] => Array.from({ length: count }, (_, i) => create(i));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof VarveError ? error.code : String(error)),
  );

describe('transactions submitted in one turn', () => {
  it('share a request, and each has the result of its own', async () => {
    const client = clientWith();
    const sent = many(20);
    const results = await Promise.all(sent.map((one) => client.submit(one, { wait: 'committed' })));
    expect(posts).toEqual([expect.stringMatching(/^application\/cbor-seq \?wait=committed&timeout=\d+$/)]);
    expect(results.map(({ transactionId }) => transactionId)).toEqual(sent.map(({ id }) => id));
    expect(results.every(({ status, outcome }) => status === 'committed' && outcome?.code === 'OK')).toBe(true);
  });

  it('are built and shared from operations, too', async () => {
    const client = clientWith();
    const built = ['/a', '/b', '/c'].map((path) => client.submit(coordination.create(path, ''), { wait: 'none' }));
    expect((await Promise.all(built)).map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    expect(posts).toHaveLength(1);
  });

  it('go alone where a receipt is to come back, unless the caller does without', async () => {
    const client = clientWith();
    const [a, b, c, d] = many(4) as [Transaction, Transaction, Transaction, Transaction];
    const results = await Promise.all([
      client.submit(a),
      client.submit(b),
      client.submit(c, { receipt: false }),
      client.submit(d, { receipt: false }),
    ]);
    expect(results.map(({ receipt }) => typeof receipt)).toEqual(['string', 'string', 'undefined', 'undefined']);
    expect(posts.map((post) => post.split(' ')[0]).sort()).toEqual([
      'application/cbor-seq',
      'application/cose',
      'application/cose',
    ]);
  });

  it('go alone by a client without batching, and a lone one goes as ever', async () => {
    const [a, b, c] = many(3) as [Transaction, Transaction, Transaction];
    const client = clientWith({ batching: false });
    await Promise.all([client.submit(a, { wait: 'committed' }), client.submit(b, { wait: 'committed' })]);
    await clientWith().submit(c, { wait: 'committed' });
    expect(posts.map((post) => post.split(' ')[0])).toEqual(Array(3).fill('application/cose'));
  });

  it('share only with those that wait alike', async () => {
    const client = clientWith();
    const [a, b, c, d] = many(4) as [Transaction, Transaction, Transaction, Transaction];
    await Promise.all([
      client.submit(a, { wait: 'none' }),
      client.submit(b, { wait: 'committed' }),
      client.submit(c, { wait: 'committed', timeoutMs: 5_000 }),
      client.submit(d, { wait: 'none' }),
    ]);
    expect(posts.map((post) => post.replace(/ \?wait=(\w+)&.*$/, ' $1')).sort()).toEqual([
      'application/cbor-seq none',
      'application/cose committed',
      'application/cose committed',
    ]);
  });

  it('take as many requests as the node takes transactions at once', async () => {
    const client = clientWith();
    const results = await Promise.all(many(1_001).map((one) => client.submitRaw(one, { wait: 'none' })));
    expect(new Set(results.map(({ transactionId }) => transactionId)).size).toBe(1_001);
    expect(posts.map((post) => post.split(' ')[0])).toEqual(['application/cbor-seq', 'application/cose']);
  });

  it('take as many requests as the node takes bytes at once', async () => {
    const client = clientWith();
    const value = new Uint8Array(50_000);
    const sent = Array.from({ length: 90 }, (_, i) => node.sign([coordination.create(`/large${i}`, value)]));
    const results = await Promise.all(sent.map((one) => client.submit(one, { wait: 'none' })));
    expect(results.every(({ status }) => status === 'pending')).toBe(true);
    expect(posts).toHaveLength(2);
  });

  it('have errors of their own, the same as alone', async () => {
    const bad = (): Transaction => node.sign([coordination.create('/old', '')], { validUntil: 5 });
    const failing = node.sign([coordination.create('/missing/child', '')]);
    const stranger = node.sign([coordination.create('/x', '')], { signer: signerOf('nobody') });
    const client = clientWith();
    const wait = { wait: 'committed', timeoutMs: 5_000 } as const;
    const shared = [bad(), stranger, failing, create(1)].map((one) => codeOf(client.submit(one, wait)));
    const [expired, inactive, failed, good] = await Promise.all(shared);
    expect(posts).toHaveLength(1);
    expect([expired, inactive, good]).toEqual(['TRANSACTION_EXPIRED', 'KEY_INACTIVE', 'none']);
    const alone = clientWith({ batching: false });
    expect(failed).toBe(await codeOf(alone.submit(node.sign([coordination.create('/missing/other', '')]), wait)));
    const one = bad();
    const [raw] = await Promise.all([client.submitRaw(one, wait), client.submitRaw(create(2), wait)]);
    expect(raw).toEqual(await alone.submitRaw(one, wait));
  });

  it('do not suffer from bytes among them that are no transaction', async () => {
    const client = clientWith();
    const good = create(1);
    const broken = { ...create(2), bytes: Uint8Array.of(1, 2, 3) };
    const double = { ...create(3), bytes: Uint8Array.from([...create(4).bytes, ...create(5).bytes]) };
    const wait = { wait: 'committed' } as const;
    const [first, second] = await Promise.all([client.submit(good, wait), codeOf(client.submit(broken, wait))]);
    expect([first.transactionId, second]).toEqual([good.id, 'TRANSACTION_MALFORMED']);
    const other = create(6);
    const [third, fourth] = await Promise.all([codeOf(client.submit(double, wait)), client.submit(other, wait)]);
    expect([third, fourth.transactionId]).toEqual(['TRANSACTION_MALFORMED', other.id]);
  });

  it('are sent again one by one where the node has no room yet', async () => {
    node.poolMax = 0;
    const client = clientWith();
    const wait = { wait: 'committed' } as const;
    const waiting = Promise.all([client.submit(create(1), wait), client.submit(create(2), wait)]);
    await vi.waitFor(() => expect(posts.length).toBeGreaterThanOrEqual(2), 10_000);
    node.poolMax = 10;
    expect((await waiting).map(({ status }) => status)).toEqual(['committed', 'committed']);
    expect(posts.slice(0, 3).map((post) => post.split(' ')[0])).toEqual([
      'application/cbor-seq',
      'application/cose',
      'application/cose',
    ]);
  });

  it('are given up one by one', async () => {
    node.automatic = false;
    const client = clientWith();
    const controller = new AbortController();
    const wait = { wait: 'committed' } as const;
    const given = client.submit(create(1), { ...wait, signal: controller.signal });
    const kept = client.submit(create(2), wait);
    const never = codeOf(client.submit(create(3), { ...wait, signal: AbortSignal.abort(new Error('before')) }));
    await vi.waitFor(() => expect(node.view().pool.transactions).toBe(2), 10_000);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    expect(await never).toBe('Error: before');
    node.commit();
    expect(await kept).toMatchObject({ status: 'committed' });
  });

  it('all learn that the node does not answer, and why', async () => {
    const dead = createClient({ url: 'http://127.0.0.1:1', signer: admin });
    const wait = { wait: 'none', timeoutMs: 0 } as const;
    const codes = [create(1), create(2)].map((one) => codeOf(dead.submit(one, wait)));
    expect(await Promise.all(codes)).toEqual(['NODE_UNREACHABLE', 'NODE_UNREACHABLE']);
  });
});
