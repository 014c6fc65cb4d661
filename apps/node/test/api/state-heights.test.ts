import { fromHex, toHex } from '@varve/encoding';
import { certificateFault, decodeCertificate, decodeHeader, stateTreeKey, stateTreeValue } from '@varve/ledger';
import { STATE_HISTORY_HEIGHTS } from '@varve/ledger/chain';
import { decodeStateProof, verifyInclusion, verifyStateProof } from '@varve/merkle';
import { coordinationKey } from '@varve/modules';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { problemSchema, stateSchema } from '../../src/api/schemas.ts';
import { varve } from '../cli/harness.ts';
import { createNode, TestNode } from './test-node.ts';

/** Blocks 1 to `LAST` write `/a` with their height; every third is certified, and the last but one. */
const LAST = STATE_HISTORY_HEIGHTS + 21;
const FINAL = LAST - 1;
const FLOOR = FINAL - STATE_HISTORY_HEIGHTS;

let node: TestNode;
let api: Api;
let url: string;

const KEY = toHex(coordinationKey('/a'));
const textAt = (at: number) => toHex(new TextEncoder().encode(String(at)));
const certified = (at: number) => at % 3 === 0 || at === FINAL;

async function run(at: number): Promise<void> {
  node.automatic = false;
  const value = new TextEncoder().encode(String(at));
  const set = { module: 'coordination', method: 'set', arguments: ['/a', value, null] };
  await node.submit([node.sign([at === 1 ? createNode('/a', '1') : set]).bytes]);
  node.commit();
  if (certified(at)) node.certify();
}

beforeAll(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0, heightWaitMs: 50 });
  for (let at = 1; at <= LAST; at++) await run(at);
  await api.listen();
  url = api.address;
});
afterAll(() => api.close());

// biome-ignore lint/suspicious/noExplicitAny: answers are checked against their schemas.
async function get(path: string, schema: TSchema): Promise<any> {
  const body = (await api.server.inject(path)).json();
  expect([...Value.Errors(schema, body)]).toEqual([]);
  return body;
}

async function problemAt(path: string): Promise<string> {
  const { status, code } = await get(path, problemSchema);
  return `${status} ${code}`;
}

/** Checks every link from the value to a certificate of a quorum. */
async function checkProven(at: number, path: string, value: string | null): Promise<void> {
  const body = await get(`/v1/state/coordination?path=${path}&height=${at}&proof=true`, stateSchema);
  expect(body).toMatchObject({ height: at, found: value !== null, value, consistency: 'final' });
  const { header, hash } = decodeHeader(fromHex(body.proof.header));
  expect([header.height, hash]).toEqual([at, body.blockHash]);
  const { version, modifiedHeight } = body;
  const entry = value === null ? undefined : { version, modifiedHeight, bytes: fromHex(value) };
  const key = stateTreeKey('coordination', coordinationKey(path));
  expect(verifyStateProof(header.stateRoot, key, decodeStateProof(fromHex(body.proof.stateProof)))).toEqual({
    ok: true,
    value: entry && stateTreeValue(entry),
  });
  const certificate = decodeCertificate(fromHex(body.proof.certificate));
  const { chainId, configuration, configurationHash } = node.ledger;
  expect(certificateFault(certificate, chainId, configuration, configurationHash)).toBeUndefined();
  expect('later' in body.proof).toBe(!certified(at));
  if (!certified(at)) {
    const later = decodeHeader(fromHex(body.proof.later.header));
    expect([later.hash, later.header.height]).toEqual([certificate.blockHash, FINAL]);
    const hashes = body.proof.later.path.map(fromHex);
    expect(verifyInclusion(later.header.historyRoot, fromHex(hash), at, FINAL, hashes)).toBe(true);
  } else expect(certificate.blockHash).toBe(hash);
}

it('proves presence and absence at every kept height, by the certificate of the block or of a later one', async () => {
  for (const at of [FLOOR, FLOOR + 1, FLOOR + 2, 100, 101, 102, FINAL - 1, FINAL]) {
    await checkProven(at, '/a', textAt(at));
    await checkProven(at, '/none', null);
  }
});

it('answers at the final height as without a height', async () => {
  const without = await get('/v1/state/coordination?path=/a&consistency=final', stateSchema);
  expect(await get(`/v1/state/coordination?path=/a&consistency=final&height=${FINAL}`, stateSchema)).toEqual(without);
  expect(Object.keys(without.proof).sort()).toEqual(['certificate', 'header', 'stateProof']);
});

it('answers by key too, without a proof unless asked, and above the final height without a certificate', async () => {
  expect(await get(`/v1/state/coordination/${KEY}?height=70`, stateSchema)).toMatchObject({
    value: textAt(70),
    version: 69,
    modifiedHeight: 70,
    proof: null,
  });
  expect(await get(`/v1/state/coordination/${KEY}?height=${LAST}&proof=true`, stateSchema)).toMatchObject({
    value: textAt(LAST),
    consistency: 'local',
    proof: { certificate: null },
  });
});

it('asks no quorum for what cannot change, and waits for what is to come', async () => {
  node.barrierCode = 'BARRIER_UNAVAILABLE';
  expect(await get(`/v1/state/coordination/${KEY}?height=70`, stateSchema)).toMatchObject({ height: 70 });
  node.barrierCode = undefined;
  expect(await problemAt(`/v1/state/coordination/${KEY}?height=${LAST + 1}`)).toBe('408 HEIGHT_NOT_REACHED');
  expect(await problemAt(`/v1/state/coordination/${KEY}?height=${LAST}&consistency=final`)).toBe(
    '408 HEIGHT_NOT_REACHED',
  );
});

it('says what is too old, and what is no height', async () => {
  for (const more of ['', '&proof=true', '&consistency=final'])
    expect(await problemAt(`/v1/state/coordination/${KEY}?height=${FLOOR - 2}${more}`)).toBe('410 STATE_UNAVAILABLE');
  for (const height of ['-1', '1.5', 'one', '9007199254740992'])
    expect(await problemAt(`/v1/state/coordination/${KEY}?height=${height}`)).toBe('400 REQUEST_INVALID');
});

it('is what `varve query state --height` prints', async () => {
  const at = ['query', 'state', 'coordination', '--path', '/a', '--node', url, '--height'];
  const { exitCode, stdout } = await varve([...at, '101', '--proof', '--json']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ height: 101, value: textAt(101), proof: { later: {} } });
  expect((await varve([...at, '101'])).stdout).toMatch(/as of +101/);
  expect(JSON.parse((await varve([...at, '1', '--json'])).stdout)).toMatchObject({ code: 'STATE_UNAVAILABLE' });
  expect((await varve([...at, 'new'])).exitCode).toBe(2);
});

it('proves what was before a start from a node that restarted', async () => {
  node.reopen();
  for (const at of [FINAL, FLOOR + 7, FLOOR]) await checkProven(at, '/a', textAt(at));
});

it('of block 0 rests on the genesis document alone until another block is final', async () => {
  const young = new TestNode();
  const other = await createApi(young, { host: '127.0.0.1', port: 0 });
  const body = (await other.server.inject('/v1/state/coordination?path=/a&height=0&proof=true')).json();
  expect(body).toMatchObject({ found: false, height: 0, proof: { certificate: null } });
  await young.block([createNode('/a')]);
  const proven = (await other.server.inject('/v1/state/coordination?path=/a&height=0&proof=true')).json();
  expect(decodeHeader(fromHex(proven.proof.later.header)).header.height).toBe(1);
  await other.close();
});
