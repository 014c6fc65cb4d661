import { encodeCbor, fromHex, toHex } from '@varve/encoding';
import {
  type Certificate,
  type Checkpoint,
  type ConfigurationStep,
  type Consistency,
  configurationValue,
  decodeEvidence,
  decodeReceipt,
  encodeCertificate,
  encodeCheckpoint,
  encodeConfiguration,
  encodeConsistency,
  encodeReceipt,
  genesisBlock,
  receiptToJson,
  sealHeader,
} from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { genesis, mutations } from '../../ledger/test/harness.ts';
import {
  compareCheckpoints,
  type Trust,
  type Verdict,
  verifyCheckpoint,
  verifyConfigurations,
  verifyConsistency,
  verifyEvidence,
  verifyHeader,
  verifyReceipt,
} from '../src/index.ts';
import { block, certify, checkpointAt, configurations, consistencyAt, numberAt, receiptAt, steps } from './ladder.ts';

const trust = { genesis };
const trustAt = (at: number): Trust => ({ checkpoint: encodeCheckpoint(checkpointAt(at)) });
const reason = (verdict: Verdict<unknown>) => (verdict.ok ? 'ACCEPTED' : verdict.reason);
const checkpoint = (made: Checkpoint, by: Trust = trust) => reason(verifyCheckpoint(encodeCheckpoint(made), by));
const consistency = (made: Consistency, by: Trust = trust) => reason(verifyConsistency(encodeConsistency(made), by));
const receipt = (at: number, by: number, trusted: Trust, proof?: Consistency) =>
  reason(verifyReceipt(encodeReceipt(receiptAt(at, by)), trusted, proof && { consistency: encodeConsistency(proof) }));
/** Block `at` with another time, as a quorum that lies could have sealed it. */
const forged = (at: number) => sealHeader({ ...block(at).header, time: block(at).header.time + 1 });
const forgedCheckpoint = (at: number): Checkpoint => ({
  ...checkpointAt(at),
  header: forged(at),
  certificate: certify(forged(at), numberAt(at)),
});

describe('verifyCheckpoint', () => {
  it('accepts every certified block from the genesis document, and from every older checkpoint', () => {
    for (let at = 1; at <= 10; at++) {
      const bytes = encodeCheckpoint(checkpointAt(at));
      expect(verifyCheckpoint(bytes, trust)).toMatchObject({
        ok: true,
        report: {
          height: at,
          certifiedHash: block(at).hash,
          configuration: numberAt(at),
          next: { number: numberAt(at + 1) },
          vouchedBy: 'certificate',
        },
      });
      for (let older = 1; older <= 10; older++) {
        const expected = older < at ? 'ACCEPTED' : older === at ? 'ACCEPTED' : 'BEFORE_CHECKPOINT';
        expect(checkpoint(checkpointAt(at), trustAt(older)), `${at} from ${older}`).toBe(expected);
      }
    }
  });

  it('refuses block 0 alone, whose state root the genesis document does not give by itself', () => {
    const header = genesisBlock(genesis, new Uint8Array(32));
    const made = { header, certificate: null, configurations: [], next: genesis.configuration };
    expect(checkpoint(made)).toBe('CERTIFICATE_INVALID');
    expect(checkpoint({ ...checkpointAt(2), certificate: null })).toBe('CERTIFICATE_INVALID');
  });

  it('refuses what contradicts the headers of the trusted one beside it', () => {
    const { header } = checkpointAt(4);
    const elsewhere = sealHeader({ ...checkpointAt(5).header.header, parentHash: header.header.parentHash });
    expect(checkpoint({ ...checkpointAt(5), header: elsewhere, certificate: certify(elsewhere) }, trustAt(4))).toBe(
      'CONTRADICTS_CHECKPOINT',
    );
    expect(checkpoint(forgedCheckpoint(3), trustAt(4))).toBe('CONTRADICTS_CHECKPOINT');
  });

  it.each<[string, string, Checkpoint, Trust]>([
    ['another next configuration', 'CHECKPOINT_MALFORMED', { ...checkpointAt(3), next: genesis.configuration }, trust],
    [
      'a certificate of another block',
      'CERTIFICATE_FOREIGN',
      { ...checkpointAt(2), certificate: certify(block(1)) },
      trust,
    ],
    ['too few signers', 'CERTIFICATE_INVALID', { ...checkpointAt(2), certificate: certify(block(2), 0, 1) }, trust],
    ['missing steps', 'CONFIGURATION_UNKNOWN', { ...checkpointAt(5), configurations: [] }, trust],
    ['another block at the height of the trusted one', 'CONTRADICTS_CHECKPOINT', forgedCheckpoint(5), trustAt(5)],
    ['a step at that height to another block', 'CONTRADICTS_CHECKPOINT', stepForged(), trustAt(3)],
    ['steps that leave a gap after the trusted one', 'CONFIGURATION_STEP_INVALID', gap(), trustAt(2)],
  ])('refuses %s', (_, expected, made, by) => {
    expect(checkpoint(made, by)).toBe(expected);
  });

  it('refuses a checkpoint with a byte changed, and whatever is none', () => {
    for (const [at, changed] of [...mutations(encodeCheckpoint(checkpointAt(5)), [1])].entries()) {
      if (at % 9 > 0) continue;
      expect(verifyCheckpoint(changed, trust)).toMatchObject({ ok: false, reason: expect.any(String) });
    }
    for (const input of [undefined, null, 7, 'x', [], new Uint8Array()] as never[]) {
      expect(verifyCheckpoint(input, trust)).toMatchObject({ ok: false, reason: 'CHECKPOINT_MALFORMED' });
      expect(verifyReceipt(encodeReceipt(receiptAt(2)), { checkpoint: input })).toMatchObject({
        reason: 'CHECKPOINT_MALFORMED',
        steps: [{ ok: true }, { check: 'trust', ok: false }],
      });
    }
  });
});

function stepForged(): Checkpoint {
  const lastHeader = forged(3);
  const [first] = steps(1);
  return {
    ...checkpointAt(5),
    configurations: [{ ...(first as ConfigurationStep), lastHeader, certificate: certify(lastHeader, 0) }],
  };
}

function gap(): Checkpoint {
  return { ...checkpointAt(9), configurations: steps(2).slice(1) };
}

describe('a checkpoint as trust', () => {
  it('verifies every receipt whose certified block is above it, or the block itself', () => {
    for (const at of [1, 2, 3, 4, 7, 8]) {
      for (let block = 1; block <= 10; block++) {
        for (const by of [block, Math.min(10, block + 2), 10]) {
          expect(receipt(block, by, trustAt(at)), `${block} by ${by} from ${at}`).toBe(
            by >= at ? 'ACCEPTED' : 'BEFORE_CHECKPOINT',
          );
        }
      }
    }
  });

  it('verifies older ones with the path from its own history', () => {
    const proof = (from: number, to: number) => consistencyAt(from, to);
    expect(receipt(2, 2, trustAt(8), proof(2, 8))).toBe('ACCEPTED');
    expect(receipt(2, 6, trustAt(8), proof(6, 8))).toBe('ACCEPTED');
    expect(receipt(2, 6, trustAt(8), proof(2, 8))).toBe('ACCEPTED');
    expect(receipt(2, 6, trustAt(8), proof(3, 8))).toBe('CONSISTENCY_FOREIGN');
    expect(receipt(2, 6, trustAt(8), proof(2, 9))).toBe('CONSISTENCY_FOREIGN');
    expect(receipt(2, 6, trustAt(8), { ...proof(2, 8), path: proof(3, 8).path })).toBe('BLOCK_NOT_IN_HISTORY');
    const options = { consistency: encodeConsistency(proof(2, 8)) };
    expect(verifyReceipt(encodeReceipt(receiptAt(2)), trustAt(8), options)).toMatchObject({
      report: { vouchedBy: 'checkpoint', certifiedHeight: 8, signers: [], blockFaultModel: null },
    });
    const junk = { consistency: Uint8Array.of(1) };
    expect(reason(verifyReceipt(encodeReceipt(receiptAt(2)), trustAt(8), junk))).toBe('CONSISTENCY_MALFORMED');
  });

  const foreign = (at: number) => sealHeader({ ...block(at).header, chainId: 'ff'.repeat(32) as never });
  const certified = (at: number) => ({ header: block(at).bytes, certificate: encodeCertificate(certify(block(at))) });
  const later = { header: foreign(9), path: [] };
  const other: Trust = { genesis: { ...genesis, title: 'Other' } };
  const foreignStep = steps(1).map((one) => ({ ...one, lastHeader: foreign(3) }));
  it.each<[string, () => Verdict<unknown>]>([
    ['a receipt', () => verifyReceipt(encodeReceipt(receiptAt(2)), other)],
    [
      'a receipt whose later block is foreign',
      () => verifyReceipt(encodeReceipt({ ...receiptAt(5, 9), later }), trust),
    ],
    ['a checkpoint', () => verifyCheckpoint(encodeCheckpoint(checkpointAt(2)), other)],
    ['a checkpoint, from another', () => verifyCheckpoint(encodeCheckpoint(checkpointAt(2)), foreignTrust())],
    [
      'a checkpoint with a foreign step',
      () => verifyCheckpoint(encodeCheckpoint({ ...checkpointAt(5), configurations: foreignStep }), trust),
    ],
    ['a header', () => verifyHeader(certified(2), other)],
    [
      'a header whose later one is foreign',
      () => verifyHeader({ ...certified(2), later: { header: foreign(3).bytes, path: [] } }, trust),
    ],
    ['a consistency proof', () => verifyConsistency(encodeConsistency(consistencyAt(1, 2)), other)],
    [
      'a consistency proof from a foreign block',
      () => verifyConsistency(encodeConsistency({ ...consistencyAt(1, 2), from: foreign(1) }), trust),
    ],
    [
      'a consistency proof to one',
      () => verifyConsistency(encodeConsistency({ ...consistencyAt(1, 2), to: foreign(2) }), trust),
    ],
    [
      'a consistency proof whose later block is foreign',
      () => verifyConsistency(encodeConsistency({ ...consistencyAt(1, 2), later, next: checkpointAt(9).next }), trust),
    ],
  ])('refuses as of another chain: %s', (_, verify) => {
    const verdict = verify();
    expect(reason(verdict)).toBe('CHAIN_MISMATCH');
    const text = 'It is of another chain than the one you trust.';
    expect(verdict.steps.at(-1)).toEqual({ check: 'chain', ok: false, text });
    expect(verdict.steps.map(({ check }) => check)).toEqual(['form', 'trust', 'chain']);
  });

  it('is not contradicted by a receipt', () => {
    const made = receiptAt(4);
    const header = forged(4);
    const lie = { ...made, header, certificate: certify(header, 1) };
    expect(reason(verifyReceipt(encodeReceipt(lie), trust))).toBe('ACCEPTED');
    expect(reason(verifyReceipt(encodeReceipt(lie), trustAt(4)))).toBe('CONTRADICTS_CHECKPOINT');
  });

  it('tells the configurations after it', () => {
    const bytes = steps(2).map(({ lastHeader, certificate, next }) => ({
      header: lastHeader.bytes,
      certificate: encodeCertificate(certificate),
      next: encodeConfiguration(next),
    }));
    const reigns = (by: Trust) => {
      const verdict = verifyConfigurations(bytes, by);
      if (!verdict.ok) return verdict.reason;
      return verdict.report.configurations.map((one) => [one.configuration.number, one.firstHeight, one.lastHeight]);
    };
    expect(reigns(trust)).toEqual([
      [0, 0, 3],
      [1, 4, 7],
      [2, 8, null],
    ]);
    expect(reigns(trustAt(5))).toEqual([
      [1, 6, 7],
      [2, 8, null],
    ]);
    expect(reigns(trustAt(9))).toEqual([[2, 10, null]]);
    expect(reason(verifyConfigurations(bytes.slice(1), trust))).toBe('CONFIGURATION_STEP_INVALID');
    expect(reason(verifyConfigurations(undefined as never, trust))).toBe('CONFIGURATION_MALFORMED');
  });
});

describe('verifyConsistency', () => {
  it('accepts every older block of every certified one, over changes of configuration', () => {
    for (let to = 1; to <= 10; to++) {
      for (let from = 0; from <= to; from++) {
        for (const by of [to, 10]) expect(consistency(consistencyAt(from, to, by)), `${from} ${to}`).toBe('ACCEPTED');
      }
    }
    expect(consistency(consistencyAt(5, 9), trustAt(5))).toBe('ACCEPTED');
    expect(consistency(consistencyAt(2, 5), trustAt(5))).toBe('ACCEPTED');
  });

  it.each<[string, string, Consistency, Trust]>([
    ['a path to another block', 'BLOCK_NOT_IN_HISTORY', { ...consistencyAt(4, 9), from: block(5) }, trust],
    ['a cut path', 'BLOCK_NOT_IN_HISTORY', { ...consistencyAt(4, 9), path: consistencyAt(4, 9).path.slice(1) }, trust],
    [
      'a path of a block to itself',
      'BLOCK_NOT_IN_HISTORY',
      { ...consistencyAt(9, 9), path: consistencyAt(4, 9).path },
      trust,
    ],
    [
      'blocks in the wrong order',
      'BLOCK_NOT_IN_HISTORY',
      { ...consistencyAt(8, 9), from: block(9), to: block(8) },
      trust,
    ],
    ['no quorum', 'CERTIFICATE_INVALID', { ...consistencyAt(4, 9), certificate: certify(block(9), 2, 2) }, trust],
    [
      'another next configuration',
      'CONSISTENCY_MALFORMED',
      { ...consistencyAt(4, 9), next: genesis.configuration },
      trust,
    ],
    [
      'a history without the trusted block',
      'CONTRADICTS_CHECKPOINT',
      consistencyAt(4, 9),
      { checkpoint: encodeCheckpoint(forgedCheckpoint(4)) },
    ],
    ['a certified block below the trusted one', 'BEFORE_CHECKPOINT', consistencyAt(2, 4), trustAt(5)],
  ])('refuses %s', (_, expected, made, by) => {
    expect(consistency(made, by)).toBe(expected);
  });

  it('refuses a proof with a byte changed, and whatever is none', () => {
    for (const [at, changed] of [...mutations(encodeConsistency(consistencyAt(4, 6, 7)), [1])].entries()) {
      if (at % 9 > 0) continue;
      expect(verifyConsistency(changed, trust)).toMatchObject({ ok: false, reason: expect.any(String) });
    }
    for (const input of [undefined, null, 'x', new Uint8Array()] as never[]) {
      expect(verifyConsistency(input, trust)).toMatchObject({ reason: 'CONSISTENCY_MALFORMED' });
    }
  });
});

describe('compareCheckpoints', () => {
  const bytes = (made: Checkpoint) => encodeCheckpoint(made);
  const proof = (from: number, to: number) => encodeConsistency(consistencyAt(from, to));

  it('finds one history', () => {
    const [five, nine] = [bytes(checkpointAt(5)), bytes(checkpointAt(9))];
    expect(compareCheckpoints(five, five, { trust })).toMatchObject({ report: { relation: 'same', height: 5 } });
    for (const pair of [
      [five, nine],
      [nine, five],
    ] as const) {
      const verdict = compareCheckpoints(...pair, { trust, consistency: proof(5, 9) });
      expect(verdict).toMatchObject({ report: { relation: 'consistent', certified: true, signers: [], evidence: [] } });
      expect(reason(compareCheckpoints(...pair))).toBe('CONSISTENCY_MISSING');
      expect(reason(compareCheckpoints(...pair, { consistency: proof(4, 9) }))).toBe('CONSISTENCY_FOREIGN');
    }
  });

  it('proves a fork at one height, with evidence against all who signed both', () => {
    const verdict = compareCheckpoints(bytes(checkpointAt(5)), bytes(forgedCheckpoint(5)), { trust });
    expect(verdict).toMatchObject({
      report: { relation: 'contradictory', certified: true, hashes: [block(5).hash, forged(5).hash] },
    });
    if (!verdict.ok) throw new TypeError(verdict.detail);
    expect(verdict.report.signers.map(({ name }) => name)).toEqual(['w1-0', 'w1-1', 'w1-2']);
    const way = steps(1).map(({ lastHeader, certificate, next }) => ({
      header: lastHeader.bytes,
      certificate: encodeCertificate(certificate),
      next: encodeConfiguration(next),
    }));
    expect(verdict.report.evidence).toHaveLength(3);
    for (const [i, { name, record }] of verdict.report.evidence.entries()) {
      expect(name).toBe(`w1-${i}`);
      expect(verifyEvidence(record, trust, way)).toMatchObject({ report: { validator: `w1-${i}` } });
      expect(decodeEvidence(record).first).not.toEqual(decodeEvidence(record).second);
    }
  });

  it('names nobody whose certificates were not judged', () => {
    const alone = compareCheckpoints(bytes(checkpointAt(2)), bytes(forgedCheckpoint(2)));
    expect(alone).toMatchObject({ report: { relation: 'contradictory', certified: false, signers: [], evidence: [] } });
    const few: Certificate = certify(forged(2), 0, 1);
    const invalid = bytes({ ...forgedCheckpoint(2), certificate: few });
    expect(reason(compareCheckpoints(bytes(checkpointAt(2)), invalid, { trust }))).toBe('CERTIFICATE_INVALID');
  });

  it('proves from the higher one’s own history that it forked below', () => {
    const certificate = encodeCertificate(certify(block(6)));
    const aids = { trust, consistency: proof(6, 9), certificate };
    const verdict = compareCheckpoints(bytes(forgedCheckpoint(6)), bytes(checkpointAt(9)), aids);
    expect(verdict).toMatchObject({
      report: { relation: 'contradictory', height: 6, hashes: [forged(6).hash, block(6).hash] },
    });
    expect(verdict.ok && verdict.report.evidence).toHaveLength(3);
    const without = compareCheckpoints(bytes(forgedCheckpoint(6)), bytes(checkpointAt(9)), {
      ...aids,
      certificate: undefined,
    });
    expect(without).toMatchObject({ report: { relation: 'contradictory', certified: true, evidence: [] } });
  });

  it('names nobody by a certificate that was not judged, as that of a trusted side', () => {
    const good = forgedCheckpoint(4);
    const signatures = good.certificate?.signatures.map((entry) => ({ ...entry, signature: new Uint8Array(64) })) ?? [];
    const low = { ...good, certificate: good.certificate && { ...good.certificate, signatures } };
    const named = [good, low].map((made) => {
      const aids = { trust: { checkpoint: bytes(made) }, consistency: proof(4, 6) };
      const verdict = compareCheckpoints(bytes(made), bytes(checkpointAt(6)), aids);
      return verdict.ok ? verdict.report.signers.length : verdict.reason;
    });
    expect(named).toEqual([3, 0]);
  });

  it('shows where the node that was asked is on another branch than the higher one', () => {
    const aids = { trust, consistency: proof(5, 9) };
    const verdict = compareCheckpoints(bytes(checkpointAt(5)), bytes(forgedCheckpoint(9)), aids);
    expect(verdict).toMatchObject({ report: { relation: 'contradictory', height: 9, certified: true } });
    expect(verdict.ok && verdict.report.evidence).toHaveLength(3);
    const cut = encodeConsistency({ ...consistencyAt(5, 9), certificate: certify(block(9), 2, 1) });
    const lie = compareCheckpoints(bytes(checkpointAt(5)), bytes(forgedCheckpoint(9)), { trust, consistency: cut });
    expect(reason(lie)).toBe('CERTIFICATE_INVALID');
    const unjudged = compareCheckpoints(bytes(checkpointAt(5)), bytes(forgedCheckpoint(9)), {
      consistency: proof(5, 9),
    });
    expect(reason(unjudged)).toBe('CONSISTENCY_FOREIGN');
  });

  it('takes no contradiction on the word of the node that joins the two', () => {
    const pair = [bytes(checkpointAt(5)), bytes(checkpointAt(9))] as const;
    const lie = encodeConsistency({ ...consistencyAt(5, 9), from: forged(5) });
    for (const by of [trust, undefined]) {
      expect(reason(compareCheckpoints(...pair, { trust: by, consistency: lie }))).toBe('BLOCK_NOT_IN_HISTORY');
    }
  });

  it('compares nothing of two chains', () => {
    const header = sealHeader({ ...block(5).header, chainId: 'ff'.repeat(32) as never });
    const foreign = bytes({ ...checkpointAt(5), header });
    expect(reason(compareCheckpoints(bytes(checkpointAt(5)), foreign))).toBe('CHAIN_MISMATCH');
    expect(reason(compareCheckpoints(bytes(checkpointAt(5)), Uint8Array.of(1)))).toBe('CHECKPOINT_MALFORMED');
  });
});

describe('the JSON form of a receipt', () => {
  const utf8 = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const json = receiptToJson(receiptAt(5, 9));

  it('is the same thing as the binary one', () => {
    for (const [at, by] of [
      [2, 2],
      [5, 9],
    ] as const) {
      const made = encodeReceipt(receiptAt(at, by));
      expect(verifyReceipt(utf8(receiptToJson(decodeReceipt(made))), trust)).toEqual(verifyReceipt(made, trust));
    }
  });

  it('has no field too many, too few, or of another type', () => {
    const refused = (value: unknown) => expect(reason(verifyReceipt(utf8(value), trust))).toBe('RECEIPT_MALFORMED');
    for (const name of Object.keys(json)) {
      refused({ ...json, [name]: undefined });
      for (const junk of [7.5, 'zz', {}, [7], false]) refused({ ...json, [name]: junk });
    }
    refused({ ...json, note: 'paid' });
    refused({ ...json, outcome: { ...json.outcome, note: 'paid' } });
    refused({ ...json, later: { ...json.later, note: 'paid' } });
    refused({ ...json, format: 'varve-receipt/2' });
    refused({});
  });
});

describe('a recovery document in the place of a certificate', () => {
  const zero = new Uint8Array(32);
  const statement = [
    'varve/recovery/1',
    fromHex(genesis.configuration.parentHash),
    3,
    zero,
    configurationValue(configurations[1] as never),
    'three disks lost',
  ];
  const document = encodeCbor([statement, [['alpha', zero, new Uint8Array(64)]]]);
  const [one] = steps(1);
  const step = {
    header: (one as NonNullable<typeof one>).lastHeader.bytes,
    next: encodeConfiguration((one as NonNullable<typeof one>).next),
  };

  it('is recognised, and refused with its own reason', () => {
    const configurationsWith = (certificate: Uint8Array) => [{ ...step, certificate }];
    const certified = { header: block(5).bytes, certificate: encodeCertificate(certify(block(5))) };
    const header = verifyHeader({ ...certified, configurations: configurationsWith(document) }, trust);
    expect(header).toMatchObject({ ok: false, reason: 'RECOVERY_UNSUPPORTED' });
    expect(reason(verifyConfigurations(configurationsWith(document.subarray(0, 80)), trust))).toBe(
      'CERTIFICATE_MALFORMED',
    );
    const plain = toHex(encodeReceipt(receiptAt(5)));
    const certificate = toHex(encodeCertificate(certify(block(3))));
    const bytes = fromHex(plain.replace(certificate, toHex(document)));
    expect(bytes.length).toBeGreaterThan(plain.length / 2);
    expect(reason(verifyReceipt(bytes, trust))).toBe('RECOVERY_UNSUPPORTED');
    const json = { ...receiptToJson(receiptAt(5)) };
    const text = JSON.stringify(json).replace(certificate, toHex(document));
    expect(reason(verifyReceipt(new TextEncoder().encode(text), trust))).toBe('RECOVERY_UNSUPPORTED');
  });
});

it('a header certified by a later block is proven too', () => {
  const { later, certificate } = receiptAt(5, 6);
  const input = {
    header: block(5).bytes,
    certificate: encodeCertificate(certificate),
    later: later && { header: later.header.bytes, path: later.path },
    configurations: [],
  };
  expect(reason(verifyHeader(input, trustAt(4)))).toBe('ACCEPTED');
  expect(reason(verifyHeader({ ...input, later: null }, trustAt(4)))).toBe('CERTIFICATE_FOREIGN');
  expect(reason(verifyHeader({ ...input, later: { header: block(7).bytes, path: [] } }, trustAt(4)))).toBe(
    'BLOCK_NOT_IN_HISTORY',
  );
});

/** A checkpoint of another chain, to trust. */
function foreignTrust(): Trust {
  const made = checkpointAt(2);
  return {
    checkpoint: encodeCheckpoint({
      ...made,
      header: sealHeader({ ...made.header.header, chainId: 'ff'.repeat(32) as never }),
    }),
  };
}
