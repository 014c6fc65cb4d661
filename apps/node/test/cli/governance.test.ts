import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealKeyFile, writeKeyFile } from '@varve/crypto/files';
import { fromHex, nodeId, publicKeyHex, toHex } from '@varve/encoding';
import { CONFIGURATION_PARENT_NONE, configurationHashOf, decodeConfiguration, PARAMETERS_DEFAULT } from '@varve/ledger';
import { changedConfigurationIn, proposalIdOf, readyMarkIn } from '@varve/modules';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { Options } from '../../src/cli/command.ts';
import { describeChanges, nextConfiguration, type Present } from '../../src/cli/governance/next-configuration.ts';
import { parseConfigurationDocument } from '../../src/setup/configuration-document.ts';
import { signerOf, TestNode } from '../api/test-node.ts';
import { temporaryFolder, varve } from './harness.ts';

const key = (name: string) => publicKeyHex(toHex(signerOf(name).publicKey));
const seat = (name: string, organization = 'acme') => ({
  name: nodeId(name),
  organization,
  signingKey: key(name),
  networkKey: key(`net-${name}`),
});
const written = (name: string, organization = 'acme') => {
  const { signingKey, networkKey } = seat(name);
  return `${name}:${organization}:${signingKey}:${networkKey}`;
};

describe('the next configuration', () => {
  const folder = temporaryFolder();
  const configuration = {
    number: 0,
    parentHash: CONFIGURATION_PARENT_NONE,
    protocol: 'raft',
    validators: [seat('a1'), seat('b1', 'globex')],
    parameters: PARAMETERS_DEFAULT,
  } as const;
  const hash = configurationHashOf(configuration);
  const present: Present = { configuration, hash, organizations: ['acme', 'globex'], known: new Map() };
  const next = (options: Record<string, unknown>) => nextConfiguration(present, new Options(options));
  let files = 0;
  const file = (content: unknown) => {
    const path = join(folder, `next-${files++}.json`);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it('is the child of the present one, with another protocol', () => {
    const made = next({ protocol: 'tendermint' });
    expect(made).toEqual({ ...configuration, number: 1, parentHash: hash, protocol: 'tendermint' });
    expect(describeChanges(configuration, made)).toEqual(['protocol raft becomes tendermint']);
  });

  it('adds, removes and replaces seats, in order of their names', () => {
    const made = next({ remove: ['a1'], add: [written('c1'), written('a2')] });
    expect(made.validators.map(({ name }) => name)).toEqual(['a2', 'b1', 'c1']);
    expect(describeChanges(configuration, made)).toEqual(['removes a1 of acme', 'adds a2 of acme', 'adds c1 of acme']);
    const other = written('z9').replace('z9', 'a1');
    const replaced = next({ remove: ['a1'], add: [other] });
    expect(describeChanges(configuration, replaced)).toEqual(['a1 gets other keys or another organization']);
  });

  it('takes a seat from a file of public keys', () => {
    const path = join(folder, 'd1.json');
    writeFileSync(path, JSON.stringify(seat('d1')));
    expect(next({ add: [path] }).validators.at(-1)).toEqual(seat('d1'));
    writeFileSync(path, JSON.stringify({ name: 'd1' }));
    expect(() => next({ add: [path] })).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }));
  });

  it('takes from a file what it names, then the flags', () => {
    const from = file({ protocol: 'tendermint', validators: [seat('x')], parameters: { operationsMax: 99 } });
    const made = next({ from, add: [written('y')] });
    expect(made).toMatchObject({ protocol: 'tendermint', parameters: { ...PARAMETERS_DEFAULT, operationsMax: 99 } });
    expect(made.validators.map(({ name }) => name)).toEqual(['x', 'y']);
    expect(next({ from, protocol: 'raft' }).protocol).toBe('raft');
    expect(describeChanges(configuration, next({ from: file({ parameters: { operationsMax: 99 } }) }))).toEqual([
      'operationsMax 64 becomes 99',
    ]);
  });

  it('reads times, null and policies as the API writes them', () => {
    const parse = (parameters: unknown) =>
      parseConfigurationDocument(JSON.stringify({ parameters }), 'f', []).changes.parameters;
    const timeFloor = '2026-01-02T03:04:05.678Z';
    expect(parse({ timeFloor, policies: [] })).toEqual({ timeFloor: Date.parse(timeFloor), policies: [] });
    expect(parse({ timeFloor: null })).toEqual({ timeFloor: null });
  });

  it.each([
    ['USAGE', {}],
    ['USAGE', { protocol: 'raft' }],
    ['USAGE', { remove: ['c1'] }],
    ['USAGE', { add: [written('a1')] }],
    ['USAGE', { add: ['a9:acme:00'] }],
    ['USAGE', { add: [written('a9').toUpperCase()] }],
    ['USAGE', { protocol: 'pbft' }],
    ['CONFIGURATION_MALFORMED', { remove: ['a1', 'b1'] }],
    ['CONFIGURATION_MALFORMED', { add: [`a9:acme:${key('a1')}:${key('z')}`] }],
    ['CONFIGURATION_STALE', { from: file({ hash: '00'.repeat(32), protocol: 'tendermint' }) }],
  ])('fails with %s: %o', (code, options) => {
    expect(() => next(options)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [{ protokol: 'raft' }, 'protokol'],
    [{ protocol: 'pbft' }, 'no engine'],
    [{ validators: [seat('a1', 'initech')] }, 'initech'],
    [{ parameters: { rules: -1 } }, 'rules'],
  ])('refuses the document %o', (content, said) => {
    const from = file(content);
    const invalid = { code: 'CONFIGURATION_INVALID', message: expect.stringContaining(said) };
    expect(() => next({ from })).toThrow(expect.objectContaining(invalid));
  });
});

describe('governance commands', () => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  const environment = { VARVE_PASSPHRASE_FILE: at('passphrase') };
  writeFileSync(at('passphrase'), 'correct horse\n');
  const seedOf = (name: string) => new TextEncoder().encode(name.padEnd(32, '.'));
  writeKeyFile(at('admin.json'), sealKeyFile(new Map([['account', seedOf('admin')]]), 'correct horse'));
  writeKeyFile(
    at('v4.json'),
    sealKeyFile(new Map(['signing', 'network'].map((role) => [role, seedOf(role)])), 'correct horse', {
      name: 'v4',
      organization: 'acme',
    }),
  );
  let node: TestNode;
  let api: Api;
  beforeEach(async () => {
    node = new TestNode();
    api = await createApi(node, { host: '127.0.0.1', port: 0 });
    await api.listen();
  });
  afterEach(() => api.close());

  const run = (...args: string[]) => varve(['governance', ...args, '--node', api.address, '--json'], environment);
  const sign = async (...args: string[]) => {
    const { stdout, exitCode } = await run(...args, '--key', at('admin.json'));
    return { exitCode, ...JSON.parse(stdout) };
  };

  it('propose the exact bytes, and say that one organization of one decides', async () => {
    const before = node.ledger.configuration;
    const made = await sign('propose', '--protocol', 'tendermint', '--override');
    expect(made).toMatchObject({ exitCode: 0, status: 'final', proposalState: 'adopted', adopted: 1 });
    const next = changedConfigurationIn(node.ledger);
    expect(next).toEqual({
      ...before,
      number: 1,
      parentHash: configurationHashOf(before),
      protocol: 'tendermint',
    });
    const shown = JSON.parse((await run('show', made.proposalId)).stdout);
    expect(shown).toMatchObject({
      state: 'adopted',
      organization: 'acme',
      override: true,
      needed: 1,
      changes: ['protocol raft becomes tendermint'],
      votes: [{ organization: 'acme', approve: true }],
    });
    expect(toHex(proposalIdOf(fromHex(shown.bytes), true))).toBe(made.proposalId);
    expect(decodeConfiguration(fromHex(shown.bytes))).toEqual(next);
    expect(JSON.parse((await run('show')).stdout)).toMatchObject({ number: 1, protocol: 'tendermint' });
    expect(JSON.parse((await run('list')).stdout)).toEqual({ proposals: [] });
    const told = await varve(['governance', 'show', made.proposalId, '--node', api.address]);
    expect(told.stdout).toMatch(/^state +adopted in block 1$/m);
  });

  it('show what can be edited and proposed', async () => {
    const { stdout } = await run('show');
    writeFileSync(at('next.json'), stdout.replace('"operationsMax":64', '"operationsMax":65'));
    expect(await sign('propose', '--from', at('next.json'))).toMatchObject({ exitCode: 0, adopted: 1 });
    expect(changedConfigurationIn(node.ledger)?.parameters.operationsMax).toBe(65);
    expect(await sign('propose', '--from', at('next.json'))).toMatchObject({
      exitCode: 1,
      code: 'CONFIGURATION_STALE',
    });
  });

  it('prove that a candidate is ready, with its key file, and seat it', async () => {
    expect(await sign('propose', '--add', at('v4.json'))).toMatchObject({
      exitCode: 5,
      outcome: { code: 'SEAT_NOT_READY' },
    });
    expect(await sign('ready', at('v4.json'))).toMatchObject({ exitCode: 0, outcome: { code: 'OK' } });
    const mark = readyMarkIn(node.ledger, { signingKey: key('signing'), organization: 'acme' });
    expect(mark).toMatchObject({ name: 'v4', rules: 1 });
    expect(await sign('propose', '--add', at('v4.json'))).toMatchObject({ exitCode: 0, adopted: 3 });
    expect(changedConfigurationIn(node.ledger)?.validators.map(({ name }) => name)).toContain('v4');
  });

  it.each([
    [2, 'USAGE', ['vote', 'ab'.repeat(32)]],
    [2, 'USAGE', ['vote', 'ab'.repeat(32), '--approve', '--reject']],
    [2, 'USAGE', ['vote', '12', '--approve']],
    [2, 'USAGE', ['withdraw', '12']],
    [2, 'USAGE', ['propose']],
    [2, 'USAGE', ['propose', '--protocol', 'pbft']],
    [3, 'KEY_MISSING', ['ready', at('admin.json'), '--name', 'v4', '--organization', 'acme']],
    [2, 'USAGE', ['ready', at('admin.json')]],
  ])('end with %i and %s: %o', async (exitCode, code, args) => {
    expect(await sign(...args)).toMatchObject({ exitCode, code });
  });

  it('say which proposal there is not', async () => {
    const shown = await run('show', 'ab'.repeat(32));
    expect(JSON.parse(shown.stdout)).toMatchObject({ code: 'PROPOSAL_UNKNOWN' });
    expect(await sign('vote', 'ab'.repeat(32), '--approve')).toMatchObject({
      exitCode: 5,
      outcome: { code: 'PROPOSAL_UNKNOWN' },
    });
    expect(await sign('withdraw', 'ab'.repeat(32))).toMatchObject({ exitCode: 5 });
  });

  it('write and send nothing on a dry run', async () => {
    const dry = await sign('propose', '--protocol', 'tendermint', '--dry-run');
    expect(dry.operations).toMatchObject([{ module: 'governance', method: 'propose' }]);
    expect(node.ledger.tip.header.height).toBe(0);
  });
});

describe('devnet switch', () => {
  it.each([
    [2, 'USAGE', []],
    [2, 'USAGE', ['--protocol', 'pbft']],
    [3, 'DEVNET_MISSING', ['--protocol', 'raft']],
  ])('ends with %i and %s: %o', async (exitCode, code, args) => {
    const run = await varve(['devnet', 'switch', ...args, '--data', 'missing', '--json']);
    expect({ exitCode: run.exitCode, ...JSON.parse(run.stdout) }).toMatchObject({ exitCode, code });
  });
});
