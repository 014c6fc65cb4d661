import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Client, createClient, operations, type Submittable, VarveError } from '@varve/client';
import { createSigner, type Signer } from '@varve/crypto';
import { type AccountId, type ChainId, concatBytes, fromHex, toHex } from '@varve/encoding';
import { type Operation, prepareTransaction } from '@varve/ledger';
import { accountIdOf } from '@varve/modules';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { agreement, expectOneChain } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { TestDevnet } from './support/devnet.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination, assets, accounts } = operations;
const VALIDATORS = 3;
const folder = temporaryFolder();
let devnet: TestDevnet;
let signer: Signer;

beforeAll(async () => {
  devnet = await TestDevnet.start(VALIDATORS);
  signer = devnet.signer();
});
afterAll(async () => {
  await devnet?.stop();
  folder.clean();
});

const url = (i = 0): string => devnet.members[i]?.httpUrl ?? '';
const clients = (): Client[] => devnet.members.map(({ httpUrl }) => createClient({ url: httpUrl, signer }));

interface Choices {
  readonly by?: Signer;
  readonly chainId?: string;
  readonly account?: AccountId;
  readonly validUntil?: number;
  readonly signature?: Uint8Array;
  readonly operations?: readonly Operation[];
}

/** A signed transaction with anything wrong with it. */
function transaction(choices: Choices = {}): Uint8Array {
  const by = choices.by ?? signer;
  const { signedBytes, assemble } = prepareTransaction(
    {
      chainId: (choices.chainId ?? devnet.file.chainId) as ChainId,
      account: choices.account ?? accountIdOf(by.publicKey),
      nonce: randomBytes(16),
      validUntil: choices.validUntil ?? Date.now() + 60_000,
      operations: choices.operations ?? [coordination.create(`/bad-${toHex(randomBytes(4))}`, '')],
    },
    by.publicKey,
  );
  return assemble(choices.signature ?? by.sign(signedBytes)).bytes;
}

/** The same transaction, with a length of its body written in two bytes more than it needs. */
function padded(bytes: Uint8Array): Uint8Array {
  expect(bytes[43]).toBe(0x58);
  return concatBytes(bytes.subarray(0, 43), Uint8Array.of(0x59, 0, bytes[44] ?? 0), bytes.subarray(45));
}

const REFUSALS: readonly {
  readonly what: string;
  readonly code: string;
  readonly status: number;
  make(): Uint8Array;
}[] = [
  {
    what: 'of an unknown account',
    code: 'KEY_INACTIVE',
    status: 403,
    make: () => transaction({ by: createSigner(randomBytes(32)) }),
  },
  {
    what: "of another account than the key's",
    code: 'KEY_INACTIVE',
    status: 403,
    make: () => transaction({ account: devnet.file.accounts[1]?.accountId as AccountId }),
  },
  {
    what: 'for another chain',
    code: 'CHAIN_MISMATCH',
    status: 422,
    make: () => transaction({ chainId: 'ab'.repeat(32) }),
  },
  {
    what: 'that has expired',
    code: 'TRANSACTION_EXPIRED',
    status: 422,
    make: () => transaction({ validUntil: Date.now() - 60_000 }),
  },
  {
    what: 'that is valid for too long',
    code: 'VALIDITY_TOO_LONG',
    status: 422,
    make: () => transaction({ validUntil: Date.now() + 3_600_000 }),
  },
  { what: 'that is noise', code: 'TRANSACTION_MALFORMED', status: 400, make: () => randomBytes(200) },
  { what: 'that is cut', code: 'TRANSACTION_MALFORMED', status: 400, make: () => transaction().subarray(0, -1) },
  {
    what: 'that is not canonical',
    code: 'TRANSACTION_MALFORMED',
    status: 400,
    make: () => padded(transaction()),
  },
  {
    what: 'with a byte behind it',
    code: 'TRANSACTION_MALFORMED',
    status: 400,
    make: () => concatBytes(transaction(), Uint8Array.of(0)),
  },
  {
    what: 'that is too large',
    code: 'TRANSACTION_TOO_LARGE',
    status: 413,
    make: () => transaction({ operations: [coordination.create('/large', randomBytes(300_000))] }),
  },
  {
    what: 'with a wrong signature',
    code: 'SIGNATURE_INVALID',
    status: 422,
    make: () => transaction({ signature: randomBytes(64) }),
  },
];

async function post(body: Uint8Array | string, type: string, at = 0, wait = 'final'): Promise<Response> {
  const options = { method: 'POST', headers: { 'content-type': type }, body: body as Uint8Array<ArrayBuffer> };
  return fetch(`${url(at)}/v1/transactions?wait=${wait}`, options);
}

/** Heights of all nodes, once they agree. */
const height = (): Promise<number> => agreement(clients());

async function poolSizes(): Promise<number[]> {
  return Promise.all(clients().map(async (client) => (await client.status()).pool.transactions));
}

describe('a transaction', () => {
  it.each(REFUSALS)('$what is refused with $code everywhere, and has no effect', async ({ make, code, status }) => {
    const before = await height();
    const bytes = make();
    for (const i of devnet.members.keys()) {
      const answer = await post(bytes, 'application/cose', i);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect({ status: answer.status, ...(await answer.json()) }).toMatchObject({ status, code });
    }
    if (bytes.length < 100_000) {
      const json = await post(JSON.stringify({ transaction: toHex(bytes) }), 'application/json');
      expect({ status: json.status, ...(await json.json()) }).toMatchObject({ status, code });
    }
    const file = join(folder.path, `${code}-${toHex(randomBytes(4))}`);
    writeFileSync(file, bytes);
    const { code: exit, stdout } = await varve(['tx', 'submit', file, '--data', devnet.directory, '--json']);
    expect({ exit, ...JSON.parse(stdout) }).toMatchObject({ exit: 5, code });
    expect(await height()).toBe(before);
    expect(await poolSizes()).toEqual([0, 0, 0]);
  });

  it('in a batch is refused alone: the others are executed', async () => {
    const [good, bad] = [transaction(), transaction({ signature: randomBytes(64) })];
    const answer = await post(concatBytes(good, bad, good), 'application/cbor-seq');
    expect(answer.status).toBe(207);
    const { results } = (await answer.json()) as { results: { status: string; problem?: { code: string } }[] };
    expect(results.map(({ status }) => status)).toEqual(['final', 'refused', 'final']);
    expect(results[1]?.problem?.code).toBe('SIGNATURE_INVALID');
  });

  it('that is repeated is answered with its present state and executed once', async () => {
    const bytes = transaction();
    const { receipt, ...first } = await (await post(bytes, 'application/cose')).json();
    expect(receipt).toMatch(/^[0-9a-f]+$/);
    expect(first).toMatchObject({ status: 'final', known: false, outcome: { code: 'OK' } });
    const before = await height();
    for (const i of devnet.members.keys()) {
      const again = await post(bytes, 'application/cose', i, 'none');
      expect(again.status).toBe(200);
      expect(await again.json()).toMatchObject({ ...first, known: true });
    }
    expect(await height()).toBe(before);
    const { places } = await expectOneChain(clients());
    expect(places.get(first.transactionId)).toEqual([`${first.height}/${first.index}`]);
  });

  it('posted to all validators at once, many times, is executed once', async () => {
    const many = Array.from({ length: 10 }, () => transaction());
    const answers = await Promise.all(
      many.flatMap((bytes) => [0, 1, 2, 0, 1, 2].map(async (i) => (await post(bytes, 'application/cose', i)).json())),
    );
    expect(answers.filter(({ status }) => status !== 'final')).toEqual([]);
    const { places } = await expectOneChain(clients());
    for (const { transactionId, height: at, index } of answers)
      expect(places.get(transactionId)).toEqual([`${at}/${index}`]);
  });
});

describe('an executed transaction that fails', () => {
  const poor = createSigner(randomBytes(32));

  async function failing(what: Submittable, by: Signer): Promise<VarveError> {
    const error = await createClient({ url: url(1), signer: by })
      .submit(what)
      .catch((thrown: unknown) => thrown);
    if (error instanceof VarveError) return error;
    throw new Error(`it did not fail: ${JSON.stringify(error)}`);
  }

  it.each([
    {
      what: 'an admin of the accounts',
      code: 'ROLE_MISSING',
      operation: () => accounts.registerNode(randomKey(), 'w'),
    },
    {
      what: 'a client of assets without funds',
      code: 'FUNDS_INSUFFICIENT',
      operation: () => assets.transfer('gold', devnet.file.accounts[0]?.accountId ?? '', 5n),
    },
  ])('of one who is not $what has the outcome $code and no other effect', async ({ code, operation }) => {
    const client = clients()[0] as Client;
    await client.submitRaw(accounts.create(poor.publicKey, ['client']));
    await client.submitRaw(assets.define('gold', 'Gold', 0));
    const { stateRoot } = (await client.block(await height())).header;
    const path = `/undone-${code}`;
    const error = await failing([coordination.create(path, ''), operation()], poor);
    expect(error).toMatchObject({ code, result: { status: 'final', outcome: { code, failedOperation: 1 } } });
    // Of the validator that answered: the others may learn of the block a moment later.
    const answered = clients()[1] as Client;
    const { header } = await answered.block(error.result?.height ?? 0);
    expect(header).toMatchObject({ transactionCount: 1, stateRoot });
    expect(await answered.state('coordination', path)).toMatchObject({ found: false });
  });

  it('is told by the command line with its code', async () => {
    const key = ['--as', 'org2', '--data', devnet.directory, '--json'];
    const failed = await varve(['tx', 'transfer', 'gold', 'org1', '7', ...key]);
    expect(failed.code).not.toBe(0);
    expect(JSON.parse(failed.stdout)).toMatchObject({ outcome: { code: 'FUNDS_INSUFFICIENT' } });
  });
});

function randomKey(): Uint8Array {
  return createSigner(randomBytes(32)).publicKey;
}

describe('names and bodies of every kind', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])(
    'the path /%s is a path',
    async (name) => {
      const client = clients()[0] as Client;
      expect(await client.state('coordination', `/${name}`)).toMatchObject({ found: false });
      const result = await client.submit(coordination.create(`/${name}`, name));
      for (const other of clients()) {
        const state = await other.state('coordination', `/${name}`, { minHeight: result.height ?? 0 });
        expect(state).toMatchObject({ found: true, version: 0 });
        expect(fromHex(state.value ?? '')).toEqual(new TextEncoder().encode(name));
      }
      for (const what of ['state', 'accounts', 'blocks', 'transactions'])
        expect((await fetch(`${url()}/v1/${what}/${name}`)).status).toBeLessThan(500);
      expect((await fetch(`${url()}/v1/state/${name}/00`)).status).toBe(404);
      expect((await fetch(`${url()}/v1/search?q=${name}`)).status).toBe(200);
    },
  );

  it.each(['/ünïcödé', '/日本語', '/💥', '/e\u0301', '/\u00e9'])('unicode stays apart: %s', async (path) => {
    const client = clients()[1] as Client;
    const result = await client.submitRaw(coordination.create(path, path));
    if (result.status === 'refused') return expect(result.problem.status).toBeLessThan(500);
    if (result.outcome?.code !== 'OK') return expect(result.outcome?.code).toBe('PATH_MALFORMED');
    expect(fromHex((await client.state('coordination', path)).value ?? '')).toEqual(new TextEncoder().encode(path));
  });

  it.each([
    { what: 'nested JSON', type: 'application/json', body: '['.repeat(100_000), status: 400 },
    { what: 'JSON that is none', type: 'application/json', body: '{"transaction":', status: 400 },
    {
      what: 'JSON with a prototype',
      type: 'application/json',
      body: '{"__proto__":{"transaction":"00"}}',
      status: 400,
    },
    { what: 'another type', type: 'text/plain', body: 'hello', status: 415 },
    { what: 'an empty body', type: 'application/cose', body: '', status: 400 },
    { what: 'a giant transaction', type: 'application/cose', body: new Uint8Array(5 << 20), status: 413 },
    { what: 'a giant batch', type: 'application/cbor-seq', body: new Uint8Array(5 << 20), status: 413 },
    { what: 'giant JSON', type: 'application/json', body: ' '.repeat(1 << 20), status: 413 },
  ])('$what is refused with $status', async ({ type, body, status }) => {
    const answer = await post(body, type);
    expect({ status: answer.status, ...(await answer.json()) }).toMatchObject({ status, code: expect.any(String) });
  });

  it('a body without end is cut off', async () => {
    const head =
      'POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-type: application/cose\r\ntransfer-encoding: chunked\r\n\r\n';
    const { hostname, port } = new URL(url());
    const socket = connect(Number(port), hostname);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sent = 0;
    let answer = '';
    await new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        answer += data;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      const push = (): void => {
        while (!socket.destroyed && sent < 64 << 20) {
          sent += chunk.length;
          if (!socket.write(chunk)) {
            socket.once('drain', push);
            return;
          }
        }
        socket.destroy();
      };
      socket.write(head, push);
    });
    expect(sent).toBeLessThan(64 << 20);
    expect(answer === '' || answer.startsWith('HTTP/1.1 413')).toBe(true);
  });
});

it('slow connections do not stop others, and are closed', async () => {
  const { hostname, port } = new URL(url(2));
  const open: Socket[] = [];
  let closed = 0;
  try {
    for (let i = 0; i < 300; i++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.resume();
      socket.on('close', () => {
        closed += 1;
      });
      socket.write(
        i % 2 === 0
          ? 'GET /v1/status HTT'
          : 'POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nx',
      );
      open.push(socket);
    }
    const others = [url(0), url(1)].map((at) => createClient({ url: at, signer }));
    for (const [i, other] of others.entries())
      expect(await other.submit(coordination.create(`/beside-slow-${i}`, ''))).toMatchObject({ status: 'final' });
    await expect.poll(() => closed, { timeout: 40_000, interval: 200 }).toBe(300);
    const client = createClient({ url: url(2), signer });
    expect(await client.submit(coordination.create('/after-slow', ''))).toMatchObject({ status: 'final' });
  } finally {
    for (const socket of open) socket.destroy();
  }
});
