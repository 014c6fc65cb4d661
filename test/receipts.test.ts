import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient, operations } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { fromHex, toHex } from '@varve/encoding';
import { decodeGenesis, encodeGenesis } from '@varve/ledger';
import { verifyReceipt } from '@varve/verify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { slowVerifyReceipt } from '../packages/ledger/test/slow-verifier.ts';
import { agreement } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { TestDevnet } from './support/devnet.ts';
import { attempt, genesisBytesOf, verifyStateAnswer } from './support/evidence.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination, assets } = operations;
const folder = temporaryFolder();
let devnet: TestDevnet;
let clients: readonly Client[];
let genesis: Uint8Array;
/** Transactions by what they are, with the outcome that their receipts must prove. */
const transactions = new Map<string, { readonly id: string; readonly code: string }>();

beforeAll(async () => {
  devnet = await TestDevnet.start(3);
  clients = devnet.members.map((_, i) => devnet.client(i));
  genesis = genesisBytesOf(devnet.directory);
  const [first] = clients as [Client];
  const single = await first.submit(coordination.create('/a', 'hello'));
  transactions.set('alone in its block', { id: single.transactionId, code: 'OK' });
  const batch = await first.submitBatch(
    Array.from({ length: 21 }, (_, i) => coordination.create(`/batch-${i}`, String(i))),
  );
  for (const i of [0, 13, 20])
    transactions.set(`number ${i} of a batch`, { id: batch[i]?.transactionId ?? '', code: 'OK' });
  const failed = await first.submitRaw(assets.burn('nothing', 1n));
  transactions.set('that failed', { id: failed.transactionId ?? '', code: 'ASSET_UNKNOWN' });
  await agreement(clients);
});
afterAll(async () => {
  await devnet?.stop();
  folder.clean();
});

/** What both verifiers say; they must agree. */
function verdictOf(receipt: Uint8Array, against = genesis): { id: string; code: string; height: number } | string {
  const verdict = verifyReceipt(receipt, { genesis: decodeGenesis(against) });
  const slow = attempt(() => slowVerifyReceipt(receipt, against));
  expect(slow !== undefined).toBe(verdict.ok);
  if (!verdict.ok) return verdict.reason;
  const { transactionId: id, code, height } = verdict.report;
  expect(slow).toMatchObject({ transactionId: id, code, height });
  return { id, code, height };
}

async function verifyByCommand(receipt: Uint8Array, name: string, genesisFile = devnet.file.genesisFile) {
  const file = join(folder.path, name);
  writeFileSync(file, receipt);
  const { code, stdout } = await varve(['receipt', 'verify', file, '--genesis', genesisFile, '--json']);
  return { exit: code, body: JSON.parse(stdout) };
}

/** The document with another title: a valid genesis of another chain. */
function otherGenesis(): Uint8Array {
  return encodeGenesis({ ...decodeGenesis(genesis), title: 'Another ledger' });
}

describe('receipts', () => {
  it('of every node are verified by both verifiers, and by the command line', async () => {
    expect(transactions.size).toBe(5);
    for (const [what, { id, code }] of transactions) {
      for (const [i, client] of clients.entries()) {
        const answer = await client.receipt(id);
        const verdict = verdictOf(fromHex(answer.receipt));
        expect(verdict, `${what}, node ${i}`).toEqual({ id, code, height: answer.header.height });
        const binary = await fetch(`${client.url}/v1/transactions/${id}/receipt`, {
          headers: { accept: 'application/cbor' },
        });
        expect(toHex(new Uint8Array(await binary.arrayBuffer()))).toBe(answer.receipt);
        if (i > 0) continue;
        const { exit, body } = await verifyByCommand(fromHex(answer.receipt), `${id}-${i}`);
        expect(exit).toBe(0);
        expect(body).toMatchObject({ valid: true, transactionId: id, code });
      }
    }
  });

  it('are written to a file by the command line', async () => {
    const id = transactions.get('alone in its block')?.id ?? '';
    const out = join(folder.path, 'hello.receipt');
    await devnet.command('receipt', 'get', id, '--out', out);
    const text = await varve(['receipt', 'verify', out, '--genesis', devnet.file.genesisFile]);
    expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/^valid +yes\n/) });
    const again = await varve(['receipt', 'get', id, '--out', out, '--data', devnet.directory, '--json']);
    expect({ exit: again.code, ...JSON.parse(again.stdout) }).toMatchObject({ exit: 3, code: 'FILE_EXISTS' });
  });

  it('with any bit changed are refused by both, or prove the same', async () => {
    const { id = '' } = transactions.get('number 13 of a batch') ?? {};
    const receipt = fromHex((await (clients[1] as Client).receipt(id)).receipt);
    const proven = verdictOf(receipt);
    const reasons = new Map<string, number>();
    for (let at = 0; at < receipt.length; at += 7) {
      const changed = Uint8Array.from(receipt);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const verdict = verdictOf(changed);
      if (typeof verdict !== 'string')
        throw new Error(`byte ${at} can be changed: ${JSON.stringify({ verdict, proven })}`);
      reasons.set(verdict, (reasons.get(verdict) ?? 0) + 1);
    }
    expect(reasons.size).toBeGreaterThan(3);
    for (const at of [20, 200, receipt.length - 20]) {
      const changed = Uint8Array.from(receipt);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const { exit, body } = await verifyByCommand(changed, `tampered-${at}`);
      expect(exit).toBe(1);
      expect(body).toMatchObject({ code: 'RECEIPT_INVALID', reason: verdictOf(changed) });
    }
  });

  it('prove nothing under the genesis document of another chain', async () => {
    const { id = '' } = transactions.get('alone in its block') ?? {};
    const receipt = fromHex((await (clients[2] as Client).receipt(id)).receipt);
    expect(verdictOf(receipt, otherGenesis())).toEqual(expect.any(String));
    const network = await TestDevnet.start(1);
    try {
      const { exit, body } = await verifyByCommand(receipt, 'foreign', network.file.genesisFile);
      expect(exit).toBe(1);
      expect(body).toMatchObject({ code: 'RECEIPT_INVALID' });
    } finally {
      await network.stop();
    }
  });
});

describe('state proofs', () => {
  it('of every node are right, of what is there and of what is not', async () => {
    for (const client of clients) {
      for (const [path, value] of [
        ['/a', 'hello'],
        ['/batch-7', '7'],
        ['/absent', null],
      ] as const) {
        const answer = await client.state('coordination', path, { consistency: 'final' });
        expect(answer.found).toBe(value !== null);
        expect(answer.value).toBe(value === null ? null : toHex(new TextEncoder().encode(value)));
        expect(verifyStateAnswer(answer, genesis)).toBe(true);
        expect(verifyStateAnswer(answer, otherGenesis())).toBe(false);
      }
    }
  });

  it('of another value, key, version or presence prove nothing', async () => {
    const [client] = clients as [Client];
    const there = await client.state('coordination', '/a', { consistency: 'final' });
    const absent = await client.state('coordination', '/absent', { consistency: 'final' });
    const other = await client.state('coordination', '/batch-7', { consistency: 'final' });
    const lies = [
      { ...there, value: toHex(new TextEncoder().encode('hellO')) },
      { ...there, version: 1 },
      { ...there, modifiedHeight: (there.modifiedHeight ?? 0) + 1 },
      { ...there, key: other.key },
      { ...there, module: 'assets' },
      { ...there, value: null, version: null, modifiedHeight: null },
      { ...absent, value: '00', version: 0, modifiedHeight: 1 },
      { ...absent, key: there.key },
      { ...there, proof: absent.proof },
    ];
    for (const lie of lies) expect(verifyStateAnswer(lie, genesis)).toBe(false);
    const proof = there.proof?.stateProof ?? '';
    for (let at = 0; at < proof.length; at += 9) {
      const digit = proof[at] === '0' ? '1' : '0';
      const stateProof = proof.slice(0, at) + digit + proof.slice(at + 1);
      expect(verifyStateAnswer({ ...there, proof: there.proof && { ...there.proof, stateProof } }, genesis)).toBe(
        false,
      );
    }
  });
});

it('a transaction that is not final has no receipt', async () => {
  const stranger = createClient({ url: clients[0]?.url ?? '', signer: createSigner(new Uint8Array(32).fill(9)) });
  await expect(stranger.receipt('ab'.repeat(32))).rejects.toMatchObject({ code: 'TRANSACTION_UNKNOWN', status: 404 });
});
