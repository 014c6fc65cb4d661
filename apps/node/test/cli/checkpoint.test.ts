import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '@varve/encoding';
import { decodeCheckpoint, decodeConsistency, encodeCheckpoint, sealHeader, sealSignBytes } from '@varve/ledger';
import { verifyConsistency } from '@varve/verify';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { consistencySchema } from '../../src/api/schemas.ts';
import { genesisJson } from '../../src/setup/genesis-file.ts';
import { createNode, signerOf, TestNode } from '../api/test-node.ts';
import { temporaryFolder, varve } from './harness.ts';

let node: TestNode;
let api: Api;
const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const ids: string[] = [];

beforeAll(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0 });
  await api.listen();
  for (const path of ['/a', '/b', '/c', '/d']) ids.push((await node.block([createNode(path, path)])).id);
  writeFileSync(file('genesis.json'), genesisJson(node.ledger.genesis));
});
afterAll(() => api.close());

const at = () => ['--node', api.address];
const genesis = () => ['--genesis', file('genesis.json')];
/** Runs a command with `--json`: its exit code and what it says. */
async function said(...args: readonly string[]) {
  const run = await varve([...args, '--json']);
  return { exitCode: run.exitCode, ...JSON.parse(run.stdout) };
}

/** The checkpoint in `name` with another block, sealed by two validators that lie. */
function forge(name: string, as: string): void {
  const { header: block, ...rest } = decodeCheckpoint(readFileSync(file(name)));
  const header = sealHeader({ ...block.header, time: block.header.time + 1 });
  const { chainId, configurationHash, height } = header.header;
  const signed = sealSignBytes(chainId, configurationHash, height, header.hash);
  const signatures = [1, 2].map((i) => ({
    validatorIndex: i,
    signature: signerOf(`validator-${i + 1}`).sign(signed),
  }));
  const certificate = { height, blockHash: header.hash, configurationHash, signatures };
  writeFileSync(file(as), encodeCheckpoint({ ...rest, header, certificate }));
}

describe('GET /v1/consistency', () => {
  const get = async (query: string, headers = {}) => api.server.inject({ url: `/v1/consistency${query}`, headers });

  it('proves every older block from every final one', async () => {
    for (let to = 1; to <= 4; to++) {
      for (let from = 0; from <= to; from++) {
        const body = (await get(`?from=${from}&to=${to}`)).json();
        expect([...Value.Errors(consistencySchema, body)]).toEqual([]);
        expect(verifyConsistency(fromHex(body.consistency), { genesis: node.ledger.genesis })).toMatchObject({
          ok: true,
          report: { from: { hash: body.from.blockHash }, to: { hash: body.to.blockHash } },
        });
        expect([body.from.header.height, body.to.header.height]).toEqual([from, to]);
      }
    }
    const final = (await get('')).json();
    expect([final.from.header.height, final.to.header.height, final.path]).toEqual([4, 4, []]);
    const binary = await get('?from=1', { accept: 'application/cbor' });
    expect(binary.headers['content-type']).toBe('application/cbor');
    expect(decodeConsistency(binary.rawPayload).to.header.height).toBe(4);
  });

  it.each([
    ['?from=3&to=2', 400, 'REQUEST_INVALID'],
    ['?from=5', 400, 'REQUEST_INVALID'],
    ['?from=-1', 400, 'REQUEST_INVALID'],
    ['?from=1&at=2', 400, 'REQUEST_INVALID'],
    ['?to=9', 404, 'BLOCK_UNKNOWN'],
  ])('refuses %s', async (query, status, code) => {
    expect((await get(query)).json()).toMatchObject({ status, code });
  });
});

describe('varve checkpoint', () => {
  it('gets checkpoints, and verifies one from the genesis document and the next from it', async () => {
    const got = await said('checkpoint', 'get', '--height', '2', '--out', file('two'), ...at());
    expect(got).toMatchObject({ exitCode: 0, height: 2, chainId: node.ledger.chainId });
    await said('checkpoint', 'get', '--out', file('four'), ...at());
    expect(await said('checkpoint', 'verify', file('two'), ...genesis())).toMatchObject({
      exitCode: 0,
      valid: true,
      height: 2,
      blockHash: got.blockHash,
      faultModel: 'crash',
      signers: [{ organization: 'acme' }, { organization: 'acme' }],
    });
    expect(await said('checkpoint', 'verify', file('four'), '--trust', file('two'))).toMatchObject({
      exitCode: 0,
      height: 4,
    });
    const text = await varve(['checkpoint', 'verify', file('four'), '--trust', file('two'), '--steps']);
    expect(text.stdout).toMatch(/^valid +yes\n.*✓ You trust the checkpoint at block 2 .*✓ Block 4 is signed by /s);
    expect(await said('checkpoint', 'verify', file('two'), '--trust', file('four'))).toMatchObject({
      exitCode: 1,
      code: 'CHECKPOINT_INVALID',
      reason: 'BEFORE_CHECKPOINT',
    });
    for (const trust of [[], [...genesis(), '--trust', file('two')]]) {
      expect(await said('checkpoint', 'verify', file('two'), ...trust)).toMatchObject({ exitCode: 2, code: 'USAGE' });
    }
  });

  it('compares what two readers were shown', async () => {
    const compare = (a: string, b: string, ...more: readonly string[]) =>
      said('checkpoint', 'compare', file(a), file(b), ...more);
    for (const trust of [genesis(), ['--trust', file('two')]]) {
      expect(await compare('two', 'two', ...trust)).toMatchObject({ exitCode: 0, relation: 'same', height: 2 });
      expect(await compare('four', 'two', ...trust, ...at())).toMatchObject({
        exitCode: 0,
        relation: 'consistent',
        certified: true,
      });
    }
    expect(await compare('four', 'two', ...genesis())).toMatchObject({ exitCode: 2, code: 'USAGE' });
    // Without anything that is trusted nobody's signature says anything.
    expect(await compare('two', 'two', ...at())).toMatchObject({ exitCode: 2, code: 'USAGE' });
    forge('two', 'fork');
    // From the history of the higher one, and by the certificate that the node has of the lower block.
    for (const pair of [
      ['two', 'fork'],
      ['fork', 'four'],
    ] as const) {
      const [a, b] = pair;
      const fork = await compare(a, b, ...genesis(), ...at(), '--out', file(pair.join('-')));
      expect(fork).toMatchObject({ exitCode: 1, code: 'CHECKPOINTS_CONTRADICT', certified: true, height: 2 });
      expect(fork.message).toMatch(/which proves a fork; signed on both sides: validator-\d of acme/);
      const written = readdirSync(folder).filter((name) => name.startsWith(pair.join('-')));
      expect(written).toHaveLength(fork.evidence.length);
      for (const { name } of fork.evidence) {
        const evidence = await said('evidence', 'verify', file(`${pair.join('-')}.${name}.evidence`), ...genesis());
        expect(evidence).toMatchObject({ exitCode: 0, valid: true, validator: name });
      }
      expect(written.length).toBeGreaterThan(0);
    }
    writeFileSync(file('junk'), 'junk');
    for (const pair of [
      ['two', 'junk'],
      ['junk', 'two'],
    ] as const) {
      const refused = await compare(pair[0], pair[1], ...genesis());
      expect(refused).toMatchObject({ exitCode: 1, code: 'CHECKPOINT_INVALID' });
      expect(refused.message).toContain(`checkpoint ${file('junk')} proves nothing`);
    }
  });
});

describe('varve receipt verify', () => {
  it('takes both forms, a checkpoint, and the way back from it', async () => {
    const [first = '', , , last = ''] = ids;
    await said('receipt', 'get', first, '--out', file('first.cbor'), ...at());
    await said('receipt', 'get', first, '--out', file('first.json'), ...at());
    await said('receipt', 'get', last, '--out', file('last.cbor'), ...at());
    expect(JSON.parse(readFileSync(file('first.json'), 'utf8')).format).toBe('varve-receipt/1');
    const verify = (name: string, ...more: string[]) => said('receipt', 'verify', file(name), ...more);
    const binary = await verify('first.cbor', ...genesis());
    expect(binary).toMatchObject({ exitCode: 0, valid: true, transactionId: first, vouchedBy: 'certificate' });
    expect(await verify('first.json', ...genesis())).toEqual(binary);
    const kept = ['--checkpoint', file('two')];
    expect(await verify('last.cbor', ...kept)).toMatchObject({ exitCode: 0, transactionId: last });
    expect(await verify('first.cbor', ...kept)).toMatchObject({ exitCode: 1, reason: 'BEFORE_CHECKPOINT' });
    expect(await verify('first.cbor', ...kept, ...at())).toMatchObject({ exitCode: 0, vouchedBy: 'checkpoint' });
    const { rawPayload } = await api.server.inject({
      url: '/v1/consistency?from=1&to=2',
      headers: { accept: 'application/cbor' },
    });
    writeFileSync(file('way'), rawPayload);
    expect(await verify('first.cbor', ...kept, '--consistency', file('way'))).toMatchObject({ exitCode: 0 });
    expect(await verify('first.cbor')).toMatchObject({ exitCode: 2, code: 'USAGE' });
  });

  it('says first that the genesis document is of another chain', async () => {
    writeFileSync(file('other.json'), genesisJson({ ...node.ledger.genesis, title: 'Other' }));
    for (const [what, name] of [
      ['receipt', 'first.cbor'],
      ['checkpoint', 'two'],
    ] as const) {
      const { exitCode, stderr } = await varve([what, 'verify', file(name), '--genesis', file('other.json')]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('It is of another chain than the one you trust. CHAIN_MISMATCH: ');
      expect(stderr).toContain('compare the chain ids');
    }
  });

  it('says step by step what holds, and what does not', async () => {
    const good = await varve(['receipt', 'verify', file('first.cbor'), ...genesis(), '--steps']);
    expect(good.stdout.match(/^✓ /gm)).toHaveLength(7);
    const bytes = readFileSync(file('first.cbor'));
    const key = bytes.indexOf(Buffer.from('/a'));
    bytes[key + 1] = 0x62;
    writeFileSync(file('spoiled.cbor'), bytes);
    const bad = await varve(['receipt', 'verify', file('spoiled.cbor'), ...genesis(), '--steps']);
    expect(bad.exitCode).toBe(1);
    expect(bad.stderr).toMatch(
      /✓ You trust .*\n✓ It is of the chain .*\n✓ No change .*\n✗ The signature is not that of the key\.\n/,
    );
  });
});
