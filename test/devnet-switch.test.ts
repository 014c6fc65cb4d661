import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, operations } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { openKeyFile, readKeyFile } from '@varve/crypto/files';
import { type BlockHash, type ChainId, height, publicKeyHex, toHex } from '@varve/encoding';
import { type EvidenceRecord, encodeEvidence, sealSignBytes } from '@varve/ledger';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectOneChain, placeOf } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { TestDevnet } from './support/devnet.ts';
import { endAll } from './support/process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination } = operations;
const VALIDATORS = 4;
const PER_ERA = 40;

describe('varve devnet switch', () => {
  const folder = temporaryFolder();
  let devnet: TestDevnet;
  /** All that was called final, and where it said it was. */
  const acknowledged = new Map<string, string>();
  /** The transactions of each era, oldest first. */
  const eras: { readonly protocol: string; readonly ids: readonly string[] }[] = [];
  /** Heights of the blocks that decided: each is the last of its configuration. */
  const decided: number[] = [];
  const clients = () => devnet.members.map((_, i) => devnet.client(i));

  beforeAll(async () => {
    devnet = await TestDevnet.start(VALIDATORS);
  });
  afterAll(async () => {
    await devnet?.stop();
    await endAll();
    folder.clean();
  });

  /** Submits at all validators, and expects everything to become final once. */
  async function submitEra(name: string, protocol: string): Promise<void> {
    const ids: string[] = [];
    await Promise.all(
      clients().map(async (client, at) => {
        for (let n = 0; n < PER_ERA / VALIDATORS; n++) {
          const result = await client.submit(coordination.create(`/${name}-${at}-${n}`, name));
          expect(result).toMatchObject({ status: 'final', outcome: { code: 'OK' } });
          acknowledged.set(result.transactionId, placeOf(result));
          ids.push(result.transactionId);
        }
      }),
    );
    eras.push({ protocol, ids });
  }

  async function switchTo(protocol: string, number: number): Promise<void> {
    const told = JSON.parse(await devnet.command('devnet', 'switch', '--protocol', protocol, '--json'));
    expect(told).toMatchObject({ to: protocol, number, approving: ['org1', 'org2', 'org3'] });
    expect(told.validators).toHaveLength(VALIDATORS);
    decided.push(told.height);
    for (const client of clients()) {
      const status = await client.status();
      expect(status).toMatchObject({ protocol, mode: 'validator', observerOnly: null, configuration: { number } });
    }
    const status = JSON.parse(await devnet.command('devnet', 'status', '--json'));
    expect(status.protocol).toBe(protocol);
  }

  it('commits under raft, then tendermint, then raft again', async () => {
    await submitEra('first', 'raft');
    await switchTo('tendermint', 1);
    await submitEra('second', 'tendermint');
    await switchTo('raft', 2);
    await submitEra('third', 'raft');
  });

  it('goes on under load: what is submitted while it switches is final once', async () => {
    const stop = new AbortController();
    const failures: unknown[] = [];
    const load = async (client: Client, name: string): Promise<void> => {
      for (let n = 0; !stop.signal.aborted; n++) {
        const result = await client.submit(coordination.create(`/${name}-${n}`, ''), { timeoutMs: 30_000 });
        acknowledged.set(result.transactionId, placeOf(result));
      }
    };
    const before = acknowledged.size;
    const loads = clients().map((client, i) => load(client, `load-${i}`).catch((error) => failures.push(error)));
    try {
      await switchTo('tendermint', 3);
      await switchTo('raft', 4);
    } finally {
      stop.abort();
      await Promise.all(loads);
    }
    expect(failures).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(before);
  });

  it('one chain stands on all, each transaction in it once', async () => {
    expect(eras.map(({ protocol }) => protocol)).toEqual(['raft', 'tendermint', 'raft']);
    await expectOneChain(clients(), acknowledged);
  });

  it('another engine orders after each decision: the index starts anew', async () => {
    const [client] = clients();
    const indexAt = async (height: number) => (await client?.block(height))?.header.index ?? 0;
    for (const height of decided.slice(0, 2)) expect(await indexAt(height + 1)).toBeLessThan(await indexAt(height));
  });

  it('evidence of later eras is verified offline from the genesis document and the configurations', async () => {
    const answer = await (await fetch(`${devnet.members[0]?.httpUrl}/v1/configurations`)).text();
    const all = join(folder.path, 'configurations.json');
    writeFileSync(all, answer);
    const { configurations } = JSON.parse(answer);
    const passphrase = readFileSync(devnet.file.passphraseFile, 'utf8').trim();
    const keys = openKeyFile(readKeyFile(join(devnet.members[0]?.dataDirectory ?? '', 'key.json')), passphrase);
    const signer = createSigner(keys.secrets.get('signing') ?? new Uint8Array());
    const verify = async (file: string, ...args: readonly string[]) => {
      const run = await varve(['evidence', 'verify', file, '--genesis', devnet.file.genesisFile, '--json', ...args]);
      return { exitCode: run.code, ...JSON.parse(run.stdout) };
    };
    for (const { number, hash } of [configurations[1], configurations.at(-1)]) {
      const file = join(folder.path, `era-${number}.evidence`);
      const [first, second] = ['11', '22'].map((block) => {
        const bytes = sealSignBytes(devnet.file.chainId as ChainId, hash, height(7), block.repeat(32) as BlockHash);
        return { bytes, signature: signer.sign(bytes) };
      }) as [EvidenceRecord['first'], EvidenceRecord['second']];
      const signingKey = publicKeyHex(toHex(signer.publicKey));
      writeFileSync(file, encodeEvidence({ signingKey, configurationHash: hash, first, second }));
      const configurationNumber = number;
      expect(await verify(file, '--configurations', all)).toMatchObject({
        exitCode: 0,
        valid: true,
        validator: 'validator-1',
        configurationNumber,
      });
      expect(await verify(file)).toMatchObject({ exitCode: 1, reason: 'CONFIGURATION_UNKNOWN' });
      // Another certificate than that of the step's own block.
      const spoiled = join(folder.path, 'spoiled.json');
      const { certificate } = configurations[number].step;
      writeFileSync(spoiled, answer.replace(certificate, `${certificate.slice(0, -8)}00000000`));
      expect(await verify(file, '--configurations', spoiled)).toMatchObject({
        exitCode: 1,
        code: 'EVIDENCE_INVALID',
        reason: 'CONFIGURATION_STEP_INVALID',
      });
    }
  });

  it('receipts of each era are verified offline from the genesis document alone', async () => {
    for (const [era, { ids }] of eras.entries()) {
      for (const [i, id] of [ids[0], ids.at(-1)].entries()) {
        const file = join(folder.path, `era-${era}-${i}.receipt`);
        await devnet.command('receipt', 'get', id ?? '', '--out', file);
        const verdict = await varve(['receipt', 'verify', file, '--genesis', devnet.file.genesisFile, '--json']);
        expect(verdict.code).toBe(0);
        expect(JSON.parse(verdict.stdout)).toMatchObject({
          valid: true,
          transactionId: id,
          code: 'OK',
          faultModel: eras[era]?.protocol === 'tendermint' ? 'byzantine' : 'crash',
        });
      }
    }
  });

  it('a checkpoint of a later era vouches for those before it, and is of one history with an early one', async () => {
    const [early, late] = ['early', 'late'].map((name) => join(folder.path, `${name}.checkpoint`)) as [string, string];
    await devnet.command('checkpoint', 'get', '--height', String(decided[0]), '--out', early);
    await devnet.command('checkpoint', 'get', '--out', late);
    const said = async (...args: readonly string[]) => {
      const run = await varve([...args, '--json']);
      return { exitCode: run.code, ...JSON.parse(run.stdout) };
    };
    const node = devnet.members[2]?.httpUrl ?? '';
    expect(await said('checkpoint', 'verify', late, '--trust', early)).toMatchObject({ exitCode: 0, configuration: 4 });
    const compared = ['checkpoint', 'compare', late, early, '--genesis', devnet.file.genesisFile, '--node', node];
    expect(await said(...compared)).toMatchObject({ exitCode: 0, relation: 'consistent', height: decided[0] });
    const old = ['receipt', 'verify', join(folder.path, 'era-0-0.receipt'), '--checkpoint', late];
    expect(await said(...old)).toMatchObject({ exitCode: 1, reason: 'BEFORE_CHECKPOINT' });
    expect(await said(...old, '--node', node)).toMatchObject({ exitCode: 0, vouchedBy: 'checkpoint' });
  });

  it('the protocol stays when all validators start again', async () => {
    await switchTo('tendermint', 5);
    await devnet.command('devnet', 'stop');
    await devnet.command('devnet', '--detach');
    await submitEra('restarted', 'tendermint');
    for (const client of clients()) expect(await client.status()).toMatchObject({ protocol: 'tendermint' });
    await expectOneChain(clients(), acknowledged);
  });
});
