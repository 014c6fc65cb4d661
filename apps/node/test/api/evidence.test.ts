import { encodeCbor, fromHex, height, toHex } from '@varve/encoding';
import { decodeEvidence, type EvidenceRecord, encodeEvidence, evidenceId, sealSignBytes } from '@varve/ledger';
import { verifyEvidence } from '@varve/verify';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../src/api/index.ts';
import { EVIDENCE_PAGE_DEFAULT, EVIDENCE_PAGE_MAX } from '../../src/api/limits.ts';
import { evidenceSchema } from '../../src/api/schemas-evidence.ts';
import { validatorsSchema } from '../../src/api/schemas-node.ts';
import { signerOf, TestNode } from './test-node.ts';

let node: TestNode;
let api: Api;
const INSTANCE = fromHex('ab'.repeat(32));
const [A, B] = ['11'.repeat(32), '22'.repeat(32)];

beforeAll(async () => {
  node = new TestNode();
  api = await createApi(node, { host: '127.0.0.1', port: 0 });
});
afterAll(() => api.close());
beforeEach(() => {
  node.changes = {};
});

/** Two statements of a validator, which it signs. */
function evidence(name: string, first: Uint8Array, second: Uint8Array): Uint8Array {
  const signer = signerOf(name);
  const signed = (bytes: Uint8Array) => ({ bytes, signature: signer.sign(bytes) });
  return encodeEvidence({
    signingKey: toHex(signer.publicKey) as EvidenceRecord['signingKey'],
    configurationHash: node.ledger.configurationHash,
    first: signed(first),
    second: signed(second),
  });
}

function seals(name: string, at: number): Uint8Array {
  const { chainId, configurationHash } = node.ledger;
  const seal = (block: string) => sealSignBytes(chainId, configurationHash, height(at), block as never);
  return evidence(name, seal(A), seal(B));
}

function votes(name: string): Uint8Array {
  const vote = (id: string | null) => encodeCbor(['varve/vote/1', INSTANCE, 2, 7, 3, id === null ? null : fromHex(id)]);
  return evidence(name, vote(A), vote(null));
}

function proposals(name: string): Uint8Array {
  const proposal = (id: string, valid: number | null) =>
    encodeCbor(['varve/proposal/1', INSTANCE, 8, 1, valid, [1, 'validator-1'], fromHex(id)]);
  return evidence(name, proposal(A, null), proposal(B, 0));
}

// biome-ignore lint/suspicious/noExplicitAny: answers are checked against their schemas.
async function get(url: string, status = 200): Promise<any> {
  const answer = await api.server.inject({ method: 'GET', url });
  expect(answer.statusCode).toBe(status);
  if (status === 200) {
    const schema = url.startsWith('/v1/evidence') ? evidenceSchema : validatorsSchema;
    expect([...Value.Errors(schema, answer.json())]).toEqual([]);
  }
  return answer.json();
}

describe('GET /v1/evidence', () => {
  it('is empty as long as nobody contradicts itself', async () => {
    expect(await get('/v1/evidence')).toEqual({ evidence: [], total: 0, next: null });
  });

  it('shows who said what, with a record that holds offline', async () => {
    const records = [seals('validator-2', 4), votes('validator-3'), proposals('validator-1')];
    node.changes = { evidence: records };
    const { evidence: items, total, next } = await get('/v1/evidence');
    expect([total, next]).toEqual([3, null]);
    const ids = items.map((item: { id: string }) => item.id);
    expect(ids).toEqual([...ids].sort());
    const of = (kind: string) => items.find((item: { kind: string }) => item.kind === kind);
    expect(of('seals')).toMatchObject({
      validator: 'validator-2',
      organization: 'acme',
      signingKey: toHex(signerOf('validator-2').publicKey),
      configuration: 0,
      configurationHash: node.ledger.configurationHash,
      height: 4,
      index: null,
      round: null,
      first: { kind: 'seal', height: 4, blockHash: A, configurationHash: node.ledger.configurationHash },
      second: { kind: 'seal', height: 4, blockHash: B },
    });
    expect(of('votes')).toMatchObject({
      validator: 'validator-3',
      height: null,
      index: 7,
      round: 3,
      first: { kind: 'precommit', instance: toHex(INSTANCE), index: 7, round: 3, payload: A },
      second: { kind: 'precommit', payload: null },
    });
    expect(of('proposals')).toMatchObject({
      validator: 'validator-1',
      index: 8,
      round: 1,
      first: { kind: 'proposal', payload: A, validRound: null, firstEpoch: { number: 1, node: 'validator-1' } },
      second: { kind: 'proposal', payload: B, validRound: 0 },
    });
    for (const { record, id, validator } of items) {
      expect(verifyEvidence(fromHex(record), { genesis: node.ledger.genesis })).toMatchObject({
        ok: true,
        report: { validator },
      });
      expect(evidenceId(decodeEvidence(fromHex(record)))).toBe(id);
    }
  });

  it('goes by pages, each record once', async () => {
    node.changes = {
      evidence: Array.from({ length: EVIDENCE_PAGE_DEFAULT + 5 }, (_, i) => seals('validator-2', i + 1)),
    };
    const first = await get('/v1/evidence');
    expect(first.evidence).toHaveLength(EVIDENCE_PAGE_DEFAULT);
    const second = await get(`/v1/evidence?after=${first.next}`);
    expect([second.evidence.length, second.next, second.total]).toEqual([5, null, EVIDENCE_PAGE_DEFAULT + 5]);
    const ids = [...first.evidence, ...second.evidence].map(({ id }) => id);
    expect(new Set(ids).size).toBe(EVIDENCE_PAGE_DEFAULT + 5);
    const all = await get(`/v1/evidence?limit=${EVIDENCE_PAGE_DEFAULT + 5}`);
    expect([all.evidence.length, all.next]).toEqual([EVIDENCE_PAGE_DEFAULT + 5, null]);
  });

  it.each([`limit=${EVIDENCE_PAGE_MAX + 1}`, 'limit=0', 'after=xyz', 'before=1'])('refuses ?%s', async (query) => {
    expect(await get(`/v1/evidence?${query}`, 400)).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('is in the OpenAPI document', async () => {
    const document = (await api.server.inject({ method: 'GET', url: '/openapi.json' })).json();
    expect(document.paths['/v1/evidence'].get.responses['200']).toBeDefined();
  });
});

it('validators have their number of contradictions', async () => {
  node.changes = { evidence: [seals('validator-2', 4), votes('validator-2')] };
  const { validators } = await get('/v1/validators');
  expect(validators.map(({ evidence: count }: { evidence: number }) => count)).toEqual([0, 2, 0]);
});
