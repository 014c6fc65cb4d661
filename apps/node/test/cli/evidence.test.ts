import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { height, toHex } from '@varve/encoding';
import { type EvidenceRecord, encodeEvidence, sealSignBytes } from '@varve/ledger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { genesisJson } from '../../src/setup/genesis-file.ts';
import { signerOf, TestNode } from '../api/test-node.ts';
import { temporaryFolder, varve } from './harness.ts';

let node: TestNode;
let api: Api;

beforeAll(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0 });
  await api.listen();
});
afterAll(() => api.close());

/** Two seals of validator-2 for one height. */
function twice(at: number): Uint8Array {
  const { chainId, configurationHash } = node.ledger;
  const signer = signerOf('validator-2');
  const seal = (block: string) => {
    const bytes = sealSignBytes(chainId, configurationHash, height(at), block.repeat(32) as never);
    return { bytes, signature: signer.sign(bytes) };
  };
  const signingKey = toHex(signer.publicKey) as EvidenceRecord['signingKey'];
  return encodeEvidence({ signingKey, configurationHash, first: seal('11'), second: seal('22') });
}

it('is listed, fetched into a file, and verified from it offline', async () => {
  const at = ['--node', api.address];
  expect((await varve(['evidence', 'list', ...at])).stdout).toContain('no validator');
  // More than one page.
  node.changes = { evidence: Array.from({ length: 30 }, (_, i) => twice(i + 1)) };
  const listed = JSON.parse((await varve(['evidence', 'list', ...at, '--json'])).stdout);
  expect([listed.total, listed.evidence.length]).toEqual([30, 30]);
  expect((await varve(['evidence', 'list', ...at])).stdout).toMatch(/validator-2 +acme +seals +height 4\n/);

  const [{ id, height: of }] = listed.evidence;
  const folder = temporaryFolder();
  const [file, genesis] = [join(folder, 'twice.evidence'), join(folder, 'genesis.json')];
  writeFileSync(genesis, genesisJson(node.ledger.genesis));
  const all = join(folder, 'configurations.json');
  const got = await varve(['evidence', 'get', id.slice(0, 20), '--out', file, '--configurations', all, ...at]);
  expect(got).toMatchObject({ exitCode: 0 });
  expect(got.stdout).toContain(`seal of block ${'11'.repeat(32)} at height ${of}`);
  const verified = await varve(['evidence', 'verify', file, '--genesis', genesis, '--json']);
  expect(JSON.parse(verified.stdout)).toMatchObject({ valid: true, validator: 'validator-2', first: { height: of } });
  const along = await varve(['evidence', 'verify', file, '--genesis', genesis, '--configurations', all, '--json']);
  expect(JSON.parse(along.stdout)).toEqual(JSON.parse(verified.stdout));

  const spoil = async (spoiled: (text: string) => string) => {
    const other = join(folder, 'spoiled.json');
    writeFileSync(other, spoiled(readFileSync(all, 'utf8')));
    return varve(['evidence', 'verify', file, '--genesis', genesis, '--configurations', other]);
  };
  expect(await spoil(() => '[]')).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('CONFIGURATION_INVALID'),
  });
  expect((await spoil((text) => text.replace('"step": null', '"leap": null'))).stderr).toContain(
    '"leap" is unknown here',
  );
  expect((await spoil((text) => text.replace(/"bytes": "../, '"bytes": "zz'))).stderr).toContain('hexadecimal');
});

it.each([
  { id: 'ff'.repeat(32), exitCode: 1, code: 'EVIDENCE_UNKNOWN' },
  { id: 'XYZ', exitCode: 2, code: 'USAGE' },
])('get $id ends with $code', async ({ id, exitCode, code }) => {
  const run = await varve(['evidence', 'get', id, '--node', api.address, '--json']);
  expect({ exitCode: run.exitCode, ...JSON.parse(run.stdout) }).toMatchObject({ exitCode, code });
});
