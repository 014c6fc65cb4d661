import { readFileSync } from 'node:fs';
import type { Configuration } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import { concatBytes, encodeCbor, fromHex, height, toHex } from '@varve/encoding';
import {
  type Certificate,
  configurationHashOf,
  decodeGenesis,
  decodeTransaction,
  encodeGenesis,
  encodeLeaf,
  encodeReceipt,
  encodeResults,
  type Genesis,
  type Header,
  leafOf,
  type Outcome,
  type Receipt,
  sealHeader,
} from '@varve/ledger';
import { merkleRoot } from '@varve/merkle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { genesis, mutations, operation, transactionBytes } from '../../ledger/test/harness.ts';
import { slowVerifyReceipt } from '../../ledger/test/slow-verifier.ts';
import { holdsUnless, type RefusalReason, verifyReceipt } from '../src/index.ts';
import { block, certify, configurations, history, numberAt, receiptAt, steps } from './ladder.ts';

const trust = { genesis };
const genesisBytes = encodeGenesis(genesis);
const verify = (receipt: Receipt) => verifyReceipt(encodeReceipt(receipt), trust);

/** The reason, after both verifiers have refused. */
function refusal(receipt: Receipt): RefusalReason | 'ACCEPTED' {
  const bytes = encodeReceipt(receipt);
  const verdict = verifyReceipt(bytes, trust);
  if (verdict.ok) {
    slowVerifyReceipt(bytes, genesisBytes);
    return 'ACCEPTED';
  }
  expect(() => slowVerifyReceipt(bytes, genesisBytes)).toThrow();
  return verdict.reason;
}

describe('verifyReceipt', () => {
  it('accepts the golden receipts and reports what they prove', () => {
    const url = new URL('../../ledger/test/golden/records.json', import.meta.url);
    const golden: Record<string, string> = JSON.parse(readFileSync(url, 'utf8'));
    const of = (name: string) => fromHex(golden[name] as string);
    const trusted = { genesis: decodeGenesis(of('genesis')) };
    const verdict = verifyReceipt(of('receipt'), trusted);
    expect(verdict).toEqual({
      ok: true,
      report: {
        chainId: golden['chain-id'],
        transactionId: golden['transaction-id'],
        account: '21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9',
        publicKey: golden['public-key'],
        operations: [
          { module: 'coordination', method: 'create', arguments: ['/a', new TextEncoder().encode('hello')] },
        ],
        code: 'OK',
        failedOperation: null,
        results: {
          values: ['/a'],
          events: [{ module: 'coordination', topic: 'node-created', value: ['/a', 0] }],
        },
        height: 1,
        blockHash: golden['block-hash'],
        time: 1_750_000_001_000,
        leafIndex: 0,
        blockFaultModel: 'crash',
        certifiedHeight: 1,
        certifiedHash: golden['block-hash'],
        configuration: 0,
        protocol: 'raft',
        faultModel: 'crash',
        pathFaultModel: 'crash',
        vouchedBy: 'certificate',
        validators: 3,
        signers: [
          { name: 'v1', organization: 'alpha' },
          { name: 'v3', organization: 'gamma' },
        ],
      },
      steps: ['form', 'trust', 'chain', 'configurations', 'signature', 'outcome', 'certificate'].map((check) => ({
        check,
        ok: true,
        text: expect.stringMatching(/^[A-Z].{10,}\.$/),
      })),
    });
    expect(verifyReceipt(of('receipt'), { genesis: of('genesis') })).toEqual(verdict);
    expect(verifyReceipt(of('receipt'), { genesis: of('receipt') })).toMatchObject({ reason: 'GENESIS_MALFORMED' });
    expect(verifyReceipt(of('receipt-later'), trusted)).toMatchObject({
      ok: true,
      report: { height: 1, certifiedHeight: 2, signers: [{ name: 'v2' }, { name: 'v3' }] },
    });
  });

  it('accepts every block certified by itself or any later one, over changes of configuration', () => {
    for (let at = 1; at <= 10; at++) {
      for (let by = at; by <= 10; by++) {
        const verdict = verify(receiptAt(at, by));
        expect(verdict).toMatchObject({
          ok: true,
          report: {
            height: at,
            certifiedHeight: by,
            configuration: numberAt(by),
            faultModel: numberAt(by) === 1 ? 'byzantine' : 'crash',
            // The genesis configuration is under Raft: its signers vouch for the next one.
            pathFaultModel: 'crash',
            blockFaultModel: numberAt(at) === 1 ? 'byzantine' : 'crash',
          },
        });
        const words = verdict.ok && holdsUnless(verdict.report);
        expect(words).toBe(
          numberAt(by) === 1
            ? 'unless a third of the validators lied, or signers of an earlier configuration, under a crash-fault protocol'
            : 'unless a signer lied (crash-fault protocol)',
        );
        if ((at + by) % 5 === 0) slowVerifyReceipt(encodeReceipt(receiptAt(at, by)), genesisBytes);
      }
    }
  });

  it('accepts steps beyond the configuration that certified', () => {
    expect(refusal({ ...receiptAt(5), configurations: steps(2) })).toBe('ACCEPTED');
  });
});

const good = receiptAt(2);
const far = receiptAt(5, 9);
const withHeader = (receipt: Receipt, change: Partial<Header>): Receipt => {
  const header = sealHeader({ ...receipt.header.header, ...change });
  return { ...receipt, header, certificate: certify(header, numberAt(header.header.height)) };
};
const withCertificate = (receipt: Receipt, change: Partial<Certificate>): Receipt => ({
  ...receipt,
  certificate: { ...receipt.certificate, ...change },
});
const spoiled = (certificate: Certificate): Certificate => ({
  ...certificate,
  signatures: certificate.signatures.map((entry, i) => (i === 1 ? { ...entry, signature: new Uint8Array(64) } : entry)),
});
const step = (at: number, change: object) => steps(2).map((one, i) => (i === at ? { ...one, ...change } : one));
const other = (change: Partial<Configuration>) => ({ ...(configurations[1] as Configuration), ...change });
const strange = transactionBytes([operation('set', 'x', 1)], { chainId: 'ff'.repeat(32) as never });
const zero32 = new Uint8Array(32);

it('holdsUnless names who must not have lied', () => {
  const finality = { vouchedBy: 'certificate', faultModel: 'byzantine', pathFaultModel: 'byzantine' } as const;
  expect(holdsUnless(finality)).toBe('unless a third of the validators lied');
  expect(holdsUnless({ ...finality, vouchedBy: 'checkpoint' })).toBe('as your checkpoint does');
});

describe('verifyReceipt refuses', () => {
  const cases: [what: string, reason: RefusalReason, receipt: Receipt][] = [
    ['bytes that are no transaction', 'TRANSACTION_MALFORMED', { ...good, transaction: Uint8Array.of(1) }],
    ['a transaction of another chain', 'CHAIN_MISMATCH', { ...good, transaction: strange }],
    ['another transaction', 'LEAF_NOT_INCLUDED', { ...good, transaction: receiptAt(3).transaction }],
    ['another place', 'LEAF_NOT_INCLUDED', { ...good, leafIndex: 0 }],
    ['a place beyond the last', 'LEAF_NOT_INCLUDED', { ...good, leafIndex: 2 }],
    ['a cut path', 'LEAF_NOT_INCLUDED', { ...good, path: [] }],
    ['a longer path', 'LEAF_NOT_INCLUDED', { ...good, path: [...good.path, zero32] }],
    ['another code', 'LEAF_NOT_INCLUDED', { ...good, outcome: { ...good.outcome, code: 'NO' } }],
    ['OK with a failed operation', 'LEAF_NOT_INCLUDED', { ...good, outcome: { ...good.outcome, failedOperation: 0 } }],
    ['other results', 'RESULTS_MISMATCH', { ...good, results: encodeResults({ values: [1], events: [] }) }],
    ['a header of another chain', 'CHAIN_MISMATCH', withHeader(good, { chainId: 'ff'.repeat(32) as never })],
    ['a header with another count', 'LEAF_NOT_INCLUDED', withHeader(good, { transactionCount: 3 })],
    ['a block at height 0', 'CONFIGURATION_UNKNOWN', withHeader(good, { height: height(0) })],
    [
      'a header of an unknown configuration',
      'CONFIGURATION_UNKNOWN',
      withHeader(good, { configurationHash: 'ff'.repeat(32) as never }),
    ],
    ['a history path to another block', 'BLOCK_NOT_IN_HISTORY', { ...far, header: block(6), ...leafOfSix() }],
    ['a cut history path', 'BLOCK_NOT_IN_HISTORY', { ...far, later: { header: block(9), path: [] } }],
    [
      'a block as its own later one',
      'BLOCK_NOT_IN_HISTORY',
      { ...good, later: { header: block(2), path: history.inclusion(1, 2) } },
    ],
    ['a certificate of another block', 'CERTIFICATE_FOREIGN', { ...good, certificate: certify(block(3)) }],
    [
      'the block’s certificate where the later one’s is due',
      'CERTIFICATE_FOREIGN',
      { ...far, certificate: certify(block(5)) },
    ],
    ['a certificate of another height', 'CERTIFICATE_FOREIGN', withCertificate(good, { height: height(3) })],
    ['a certificate of another hash', 'CERTIFICATE_FOREIGN', withCertificate(good, { blockHash: block(3).hash })],
    ['a certificate without quorum', 'CERTIFICATE_INVALID', { ...good, certificate: certify(block(2), 0, 1) }],
    ['a certificate with a bad seal', 'CERTIFICATE_INVALID', { ...good, certificate: spoiled(good.certificate) }],
    ['a certificate by another configuration', 'CERTIFICATE_INVALID', { ...good, certificate: certify(block(2), 1) }],
    [
      'a byzantine certificate by a mere majority',
      'CERTIFICATE_INVALID',
      { ...receiptAt(5), certificate: certify(block(5), 1, 2) },
    ],
    ['no steps where they are due', 'CONFIGURATION_UNKNOWN', { ...far, configurations: [] }],
    ['steps that stop too early', 'CONFIGURATION_UNKNOWN', { ...far, configurations: steps(1) }],
    ['steps without the first', 'CONFIGURATION_STEP_INVALID', { ...far, configurations: steps(2).slice(1) }],
    ['steps in the wrong order', 'CONFIGURATION_STEP_INVALID', { ...far, configurations: steps(2).reverse() }],
    ['a step twice', 'CONFIGURATION_STEP_INVALID', { ...far, configurations: [...steps(1), ...steps(2)] }],
    [
      'a step without quorum',
      'CONFIGURATION_STEP_INVALID',
      { ...far, configurations: step(0, { certificate: certify(block(3), 0, 1) }) },
    ],
    [
      'a step certified by the next configuration',
      'CONFIGURATION_STEP_INVALID',
      { ...far, configurations: step(0, { certificate: certify(block(3), 1) }) },
    ],
    [
      'a step with another block’s certificate',
      'CONFIGURATION_STEP_INVALID',
      { ...far, configurations: step(0, { certificate: certify(block(2)) }) },
    ],
    [
      'a step at a block that ends nothing',
      'CONFIGURATION_STEP_INVALID',
      { ...far, configurations: step(0, { lastHeader: block(2), certificate: certify(block(2)) }) },
    ],
    [
      'a step to a successor that the block does not name',
      'CONFIGURATION_STEP_INVALID',
      { ...far, configurations: step(0, { next: other({ protocol: 'raft' }) }) },
    ],
    ['a successor with a wrong number', 'CONFIGURATION_STEP_INVALID', successor({ number: 2 })],
    [
      'a successor with another parent',
      'CONFIGURATION_STEP_INVALID',
      successor({ parentHash: 'ff'.repeat(32) as never }),
    ],
    ['a step at a block of another configuration', 'CONFIGURATION_STEP_INVALID', foreignStep()],
    ['a last block below the one before', 'CONFIGURATION_STEP_INVALID', backwards()],
    ['a step of another chain', 'CHAIN_MISMATCH', chainOfStep()],
    [
      'a block above the last of its configuration',
      'CONFIGURATION_UNKNOWN',
      { ...atHeight(4), configurations: steps(1) },
    ],
    [
      'another block at the height of a last one',
      'CONFIGURATION_UNKNOWN',
      { ...atHeight(3), configurations: steps(1) },
    ],
    [
      'a block that ends a configuration which went on',
      'CONFIGURATION_UNKNOWN',
      { ...withHeader(good, { nextConfigurationHash: 'ee'.repeat(32) as never }), configurations: steps(1) },
    ],
    [
      'a block below the first of its configuration',
      'CONFIGURATION_UNKNOWN',
      (() => {
        const header = sealHeader({ ...receiptAt(5).header.header, height: height(2) });
        return { ...receiptAt(5), header, certificate: certify(header, 1) };
      })(),
    ],
  ];

  it.each(cases)('%s', (_, reason, receipt) => {
    expect(refusal(receipt)).toBe(reason);
  });

  it('a transaction whose signature is not its key’s, though its leaf is certified', () => {
    const bytes = (good.transaction as Uint8Array).slice();
    bytes.fill(7, bytes.length - 64);
    expect(refusal(certifiedWith(bytes))).toBe('SIGNATURE_INVALID');
    expect(refusal(certifiedWith(good.transaction))).toBe('ACCEPTED');
  });

  it('results that are none, though the outcome names them', () => {
    const results = encodeCbor([[]]);
    expect(refusal(certifiedWith(good.transaction, results))).toBe('RESULTS_MISMATCH');
  });

  it('an outcome that contradicts itself, though it is certified', () => {
    const changed = (change: Partial<Outcome>) => certifiedWith(good.transaction, good.results, change);
    expect(refusal(changed({ failedOperation: 0 }))).toBe('LEAF_NOT_INCLUDED');
    expect(refusal(changed({ code: 'NO' }))).toBe('LEAF_NOT_INCLUDED');
    expect(refusal(changed({ code: 'NO', failedOperation: 0 }))).toBe('ACCEPTED');
  });

  it('a genesis document that is none', () => {
    const bytes = encodeReceipt(good);
    const twice = { ...genesis, accounts: [genesis.accounts[0], genesis.accounts[0]] } as Genesis;
    for (const broken of [twice, { ...genesis, title: '\ud800' }, {}, null, undefined]) {
      expect(verifyReceipt(bytes, { genesis: broken as Genesis })).toMatchObject({ reason: 'GENESIS_MALFORMED' });
    }
    expect(verifyReceipt(bytes, { genesis: { ...genesis, title: 'Other' } })).toMatchObject({
      reason: 'CHAIN_MISMATCH',
    });
  });

  it('a transaction that is none for its form, and one of another chain for its chain', () => {
    const failed = (receipt: Receipt) => verify(receipt).steps.at(-1);
    expect(failed({ ...good, transaction: Uint8Array.of(1) })).toMatchObject({ check: 'form', ok: false });
    expect(failed({ ...good, transaction: strange })).toMatchObject({ check: 'chain', ok: false });
  });

  it('whatever is no receipt, without throwing', () => {
    const bytes = encodeReceipt(good);
    const malformed = { ok: false, reason: 'RECEIPT_MALFORMED' };
    for (const input of [undefined, null, 7, 'receipt', [], {}, new Uint8Array(), Uint8Array.of(0x89)]) {
      expect(verifyReceipt(input as Uint8Array, trust)).toMatchObject(malformed);
    }
    expect(verifyReceipt(bytes, undefined as never)).toMatchObject({ ok: false });
    for (let length = 0; length < bytes.length; length += 3) {
      expect(verifyReceipt(bytes.subarray(0, length), trust)).toMatchObject(malformed);
    }
    expect(verifyReceipt(concatBytes(bytes, Uint8Array.of(0)), trust)).toMatchObject(malformed);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        expect(verifyReceipt(junk, trust).ok).toBe(false);
      }),
    );
  });

  it.each([
    ['certified by itself', good],
    ['certified later, over two steps', far],
  ])('a receipt %s with any byte changed', (_, receipt) => {
    let position = 0;
    for (const changed of mutations(encodeReceipt(receipt), [1])) {
      const verdict = verifyReceipt(changed, trust);
      if (verdict.ok) throw new TypeError(`accepted with byte ${position} changed: ${toHex(changed)}`);
      position += 1;
    }
  });
});

/** Everything of block 6's second transaction, to stand in another receipt. */
function leafOfSix(): Pick<Receipt, 'transaction' | 'path' | 'leafIndex'> {
  const { transaction, path, leafIndex } = receiptAt(6);
  return { transaction, path, leafIndex };
}

/** A receipt of a block of configuration 0 at another height, certified by configuration 0. */
function atHeight(at: number): Receipt {
  const header = sealHeader({ ...good.header.header, height: height(at) });
  return { ...good, header, certificate: certify(header, 0) };
}

/** A receipt over a step to a configuration that the old one certified, but which is not its proper child. */
function successor(change: Partial<Configuration>): Receipt {
  const next = other(change);
  const lastHeader = sealHeader({ ...block(3).header, nextConfigurationHash: configurationHashOf(next) });
  return { ...good, configurations: [{ lastHeader, certificate: certify(lastHeader, 0), next }] };
}

function chainOfStep(): Receipt {
  const lastHeader = sealHeader({ ...block(3).header, chainId: 'ff'.repeat(32) as never });
  return { ...far, configurations: step(0, { lastHeader, certificate: certify(lastHeader, 0) }) };
}

/** A receipt of a block that holds this transaction alone, certified by validators who did not look. */
function certifiedWith(
  transaction: Uint8Array,
  results: Uint8Array = good.results,
  change: Partial<Outcome> = {},
): Receipt {
  const outcome = { ...good.outcome, resultsHash: sha256(results), ...change };
  const leaf = encodeLeaf(leafOf(decodeTransaction(transaction), outcome));
  const transactionsRoot = merkleRoot([leaf]);
  const header = sealHeader({ ...good.header.header, transactionsRoot, transactionCount: 1 });
  return { ...good, transaction, results, outcome, leafIndex: 0, path: [], header, certificate: certify(header, 0) };
}

/** A receipt whose second step is at a height that the first configuration ruled. */
function backwards(): Receipt {
  const lastHeader = sealHeader({ ...block(7).header, height: height(3) });
  return { ...good, configurations: step(1, { lastHeader, certificate: certify(lastHeader, 1) }) };
}

/** A receipt over a step whose last block names a configuration that is not the one which certified it. */
function foreignStep(): Receipt {
  const lastHeader = sealHeader({ ...block(3).header, configurationHash: 'ff'.repeat(32) as never });
  const certificate = certify(lastHeader, 0);
  return { ...far, configurations: step(0, { lastHeader, certificate }) };
}
