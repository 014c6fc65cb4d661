import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeyOf } from '@varve/crypto';
import { openKeyFile, readKeyFile, sealKeyFile, writeKeyFile } from '@varve/crypto/files';
import { toHex } from '@varve/encoding';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { eventually, TestDevnet } from './support/devnet.ts';
import { CliProcess, endAll } from './support/process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const NAME = 'validator-3';
let devnet: TestDevnet;
let running: CliProcess | undefined;
beforeAll(async () => {
  devnet = await TestDevnet.start(3);
});
afterAll(async () => {
  await endAll();
  await devnet?.stop();
});

/** A key file like the one of `NAME`, with another signing key. */
function anotherKeyFile(file: string): string {
  const passphrase = readFileSync(devnet.file.passphraseFile, 'utf8').trim();
  const old = openKeyFile(readKeyFile(join(folder(), 'key.json')), passphrase);
  const signing = randomBytes(32);
  const network = old.secrets.get('network') ?? new Uint8Array();
  const secrets = new Map<string, Uint8Array>([
    ['signing', signing],
    ['network', network],
  ]);
  writeKeyFile(file, sealKeyFile(secrets, passphrase, { name: NAME, organization: 'org3', scryptN: 2 ** 14 }));
  return toHex(publicKeyOf(signing));
}

function folder(): string {
  return devnet.members[2]?.dataDirectory ?? '';
}

/** Starts the third validator with a key file; its address. */
async function start(keyFile: string): Promise<string> {
  running = new CliProcess(['node', 'start', '--data', folder(), '--key', keyFile, '--json']);
  return (await running.ready()).httpUrl;
}

async function statusAt(url: string) {
  return (await fetch(`${url}/v1/status`)).json();
}

it('a validator started with the new key of its seat, before it knows of it, catches up and then votes', async () => {
  const keyFile = join(folder(), 'new.key.json');
  const signingKey = anotherKeyFile(keyFile);
  await devnet.kill(3);
  await devnet.command(
    'governance',
    'ready',
    keyFile,
    '--validator-passphrase-file',
    devnet.file.passphraseFile,
    '--as',
    'org3',
  );
  const proposed = await devnet.command('governance', 'propose', '--remove', NAME, '--add', keyFile, '--json');
  await devnet.command('governance', 'vote', JSON.parse(proposed).proposalId, '--approve', '--as', 'org2');
  const url = await start(keyFile);
  await eventually('a vote with the new key', async () => {
    const { mode, configuration, conditions } = await statusAt(url);
    return mode === 'validator' && configuration.number === 1 && conditions.length === 0;
  });
  const log = readFileSync(join(folder(), 'node.log'), 'utf8');
  expect(log).toContain('"code":"KEY_MISMATCH"');
  const { validators } = await (await fetch(`${url}/v1/validators`)).json();
  expect(validators.find(({ self }: { self: boolean }) => self)).toMatchObject({ name: NAME, signingKey });
});

it('with a wrong key it follows, and says which key its seat has and which it holds', async () => {
  await running?.stop();
  const wrong = join(folder(), 'wrong.key.json');
  const held = anotherKeyFile(wrong);
  const url = await start(wrong);
  const { validators } = await (await fetch(`${url}/v1/validators`)).json();
  const { signingKey } = validators.find(({ name }: { name: string }) => name === NAME);
  const { mode, conditions } = await statusAt(url);
  expect(mode).toBe('observer');
  const [mismatch] = conditions.filter(({ code }: { code: string }) => code === 'KEY_MISMATCH');
  expect(mismatch.detail).toContain(signingKey);
  expect(mismatch.detail).toContain(held);
  const ready = await fetch(`${url}/readyz?verbose`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('KEY_MISMATCH');
  await running?.stop();
  rmSync(wrong);
});
