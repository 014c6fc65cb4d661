import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, varve } from './harness.ts';

const KEY = /^[0-9a-f]{64}$/;

describe('exit codes and errors', () => {
  it.each([
    { args: ['nothing'], exitCode: 2, code: 'USAGE' },
    { args: ['keys', 'new'], exitCode: 2, code: 'USAGE' },
    { args: ['query', 'tx', '1234', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'USAGE' },
    { args: ['query', 'block', 'newest', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'USAGE' },
    { args: ['query', 'asset', 'USD', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'USAGE' },
    { args: ['query', 'balance', 'gold', 'me', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'USAGE' },
    { args: ['tx', 'create', 'x', 'b', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'USAGE' },
    { args: ['tx', 'define', 'USD', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'USAGE' },
    { args: ['tx', 'create', '/a', 'b', '--node', 'http://127.0.0.1:9'], exitCode: 2, code: 'SIGNER_MISSING' },
    { args: ['tx', 'create', '/a', 'b', '--wait', 'long'], exitCode: 2, code: 'USAGE' },
    { args: ['devnet', '--validators', '0'], exitCode: 2, code: 'USAGE' },
    {
      args: ['genesis', 'new', '--title', 't', '--org', 'a', '--protocol', 'pbft', '--out', 'g'],
      exitCode: 2,
      code: 'USAGE',
    },
    { args: ['genesis', 'check', 'missing.yaml'], exitCode: 3, code: 'FILE_FAILED' },
    { args: ['node', 'start', '--data', 'missing'], exitCode: 3, code: 'NODE_UNINITIALIZED' },
    { args: ['devnet', 'status', '--data', 'missing'], exitCode: 3, code: 'DEVNET_MISSING' },
    { args: ['query', 'status', '--node', 'http://127.0.0.1:9'], exitCode: 4, code: 'NODE_UNREACHABLE' },
  ])('$args ends with $exitCode and $code', async ({ args, exitCode, code }) => {
    const run = await varve([...args, '--json']);
    const { hint, ...error } = JSON.parse(run.stdout);
    expect({ ...error, exitCode: run.exitCode }).toMatchObject({ code, exitCode });
    expect(hint).not.toBe('see docs/errors.md');
    const told = await varve(args);
    expect(told).toMatchObject({ exitCode, stdout: '' });
    expect(told.stderr).toContain(code);
  });

  it('prints help on standard output and ends with 0', async () => {
    const run = await varve(['--help']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^Examples:\n {2}varve devnet\n/);
  });
});

describe('key files', () => {
  const folder = temporaryFolder();
  const passphrase = join(folder, 'passphrase');
  writeFileSync(passphrase, 'correct horse\n');
  const environment = { VARVE_PASSPHRASE_FILE: passphrase };

  it.each([
    { flags: [], shown: ['signingKey', 'networkKey'] },
    { flags: ['--observer'], shown: ['networkKey'] },
    { flags: ['--account'], shown: ['accountKey', 'accountId'] },
  ])('of $flags hold $shown', async ({ flags, shown }) => {
    const file = join(folder, `${shown.join('-')}.json`);
    const made = await varve(['keys', 'new', '--out', file, ...flags, '--json'], environment);
    expect(made.exitCode).toBe(0);
    const parts = JSON.parse(made.stdout);
    expect(Object.keys(parts).sort()).toEqual([...shown].sort());
    for (const key of Object.values(parts)) expect(key).toMatch(KEY);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await varve(['keys', 'show', file, '--json'])).stdout)).toEqual(parts);
  });

  it('are never overwritten, and need a passphrase', async () => {
    const out = join(folder, 'twice.json');
    expect((await varve(['keys', 'new', '--out', out])).stderr).toContain('PASSPHRASE_NEEDED');
    expect((await varve(['keys', 'new', '--out', out], environment)).exitCode).toBe(0);
    const before = readFileSync(out, 'utf8');
    expect(await varve(['keys', 'new', '--out', out], environment)).toMatchObject({ exitCode: 3 });
    expect(readFileSync(out, 'utf8')).toBe(before);
  });
});

describe('a network of separate hands', () => {
  it('writes a genesis, and initializes only validators of it', async () => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('passphrase'), 'correct horse\n');
    const environment = { VARVE_PASSPHRASE_FILE: at('passphrase') };
    const ok = async (...args: string[]): Promise<string> => {
      const run = await varve([...args, '--json'], environment);
      expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 0 });
      return run.stdout;
    };
    await ok('keys', 'new', '--name', 'acme-1', '--organization', 'acme', '--out', at('acme.json'));
    await ok('keys', 'new', '--name', 'globex-1', '--organization', 'globex', '--out', at('globex.json'));
    await ok('keys', 'new', '--account', '--organization', 'acme', '--out', at('alice.json'));
    writeFileSync(at('globex.public'), await ok('keys', 'show', at('globex.json')));
    await ok('genesis', 'new', '--title', 'T', '--org', 'acme:Acme Ltd', '--org', 'globex', '--out', at('g.yaml'));
    writeFileSync(at('g.yaml'), `# Agreed on Friday.\n${readFileSync(at('g.yaml'), 'utf8')}`);
    await ok('genesis', 'add-validator', at('g.yaml'), '--key', at('acme.json'));
    const early = await varve([
      'node',
      'init',
      '--data',
      at('n'),
      '--genesis',
      at('g.yaml'),
      '--key',
      at('globex.json'),
      '--json',
    ]);
    expect(JSON.parse(early.stdout).code).toBe('KEY_NOT_IN_GENESIS');
    await ok('genesis', 'add-validator', at('g.yaml'), '--public', at('globex.public'));
    await ok('genesis', 'add-account', at('g.yaml'), '--key', at('alice.json'), '--roles', 'admin,client');
    expect(readFileSync(at('g.yaml'), 'utf8')).toMatch(/^# Agreed on Friday\./);
    const { chainId, validators, accounts } = JSON.parse(await ok('genesis', 'check', at('g.yaml')));
    const { accountId } = JSON.parse(await ok('keys', 'show', at('alice.json')));
    expect(accounts).toMatchObject([{ accountId, organization: 'acme', roles: ['admin', 'client'] }]);
    const checked = await varve(['genesis', 'check', at('g.yaml')]);
    expect(checked.stdout).toContain(accountId);
    expect(checked.stderr).toMatch(/^warning: organization globex has no account with the role admin/);
    expect(validators).toEqual(['acme-1', 'globex-1']);
    const peer = 'acme-1@/ip4/127.0.0.1/tcp/7801';
    const init = [
      'node',
      'init',
      '--data',
      at('n'),
      '--genesis',
      at('g.yaml'),
      '--key',
      at('globex.json'),
      '--peer',
      peer,
    ];
    expect(JSON.parse(await ok(...init))).toMatchObject({ chainId, name: 'globex-1' });
    expect(JSON.parse(await ok('genesis', 'check', at('n/genesis.json'))).chainId).toBe(chainId);
    expect((await varve([...init, '--json'])).stdout).toContain('NODE_INITIALIZED');
    const wrong = await varve(['node', 'start', '--data', at('n'), '--key', at('acme.json'), '--json'], environment);
    expect(wrong.exitCode).toBe(3);
    expect(JSON.parse(wrong.stdout.trim().split('\n').at(-1) ?? '').code).toBe('KEY_MISMATCH');
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('of %s knows commands and options', async (shell) => {
    const { stdout, exitCode } = await varve(['completion', shell]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('devnet');
    expect(stdout).toContain('add-validator');
    expect(stdout).toContain('passphrase-file');
  });

  it('refuses other shells', async () => {
    expect((await varve(['completion', 'csh'])).exitCode).toBe(2);
  });
});
