import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { toHex, utf8Encode } from '@varve/encoding';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { genesisJson } from '../../src/setup/genesis-file.ts';
import { createNode, TestNode } from '../api/test-node.ts';
import { temporaryFolder, varve } from './harness.ts';

let node: TestNode;
let api: Api;
let liar: Server;
/** What the liar changes in an answer about the state. */
let lie: Readonly<Record<string, unknown>> = {};
const folder = temporaryFolder();
const genesisFile = join(folder, 'genesis.json');

beforeAll(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0 });
  await api.listen();
  for (const path of ['/a', '/b', '/c']) await node.block([createNode(path, path)]);
  writeFileSync(genesisFile, genesisJson(node.ledger.genesis));
  liar = createServer(async (request, response) => {
    const url = request.url ?? '/';
    const { payload } = await api.server.inject({ url });
    const body = url.startsWith('/v1/state') ? JSON.stringify({ ...JSON.parse(payload), ...lie }) : payload;
    response.setHeader('content-type', 'application/json').end(body);
  });
  await new Promise<void>((done) => liar.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  await new Promise((done) => liar.close(done));
  await api.close();
});

async function state(address: string, ...words: readonly string[]) {
  const { exitCode, stdout } = await varve(['query', 'state', 'coordination', '--node', address, ...words]);
  return { exitCode, stdout };
}

it('checks the proof of a value, of an absent one, and of an earlier height, by what is trusted', async () => {
  const checked = ['--proof', '--genesis', genesisFile];
  const there = await state(api.address, '--path', '/a', ...checked);
  expect(there.exitCode).toBe(0);
  expect(there.stdout).toMatch(/^value +"\/a"$.*^proven +by validator-.*^holds +unless a signer lied/ms);
  const absent = await state(api.address, '--path', '/none', ...checked);
  expect(absent.stdout).toMatch(/^there is nothing, as of height 3$.*^proven +by/ms);
  const earlier = await state(api.address, '--path', '/c', '--height', '2', ...checked);
  expect(earlier.stdout).toMatch(/^there is nothing, as of height 2$.*^proven +by/ms);
  const json = await state(api.address, '--path', '/a', ...checked, '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ found: true, proven: true });
});

it('says that nothing was checked where nothing is trusted', async () => {
  const { exitCode, stdout } = await state(api.address, '--path', '/a', '--proof');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^not checked: name what you trust by --genesis FILE or --checkpoint FILE$/m);
});

it.each([
  ['another value', { value: toHex(utf8Encode('liar')) }],
  ['that it is absent', { found: false, value: null, version: null, modifiedHeight: null }],
  ['another version', { version: 7 }],
  ['another key', { key: toHex(utf8Encode('n/b')) }],
  ['another height', { height: 2 }],
  ['no proof', { proof: null }],
])('takes nothing of a node that says %s', async (_name, told) => {
  lie = told;
  const address = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
  const { exitCode, stdout } = await state(address, '--path', '/a', '--proof', '--genesis', genesisFile, '--json');
  expect({ exitCode, code: JSON.parse(stdout).code }).toEqual({ exitCode: 1, code: 'STATE_PROOF_INVALID' });
});
