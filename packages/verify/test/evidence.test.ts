import { encodeCbor, fromHex, height } from '@varve/encoding';
import {
  type ConfigurationStep,
  configurationHashOf,
  type EvidenceRecord,
  encodeCertificate,
  encodeConfiguration,
  encodeEvidence,
  sealSignBytes,
} from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { chain, genesis, mutations, signerOf } from '../../ledger/test/harness.ts';
import { type RefusalReason, type StepBytes, verifyEvidence } from '../src/index.ts';
import { configurations, steps } from './ladder.ts';

const trust = { genesis };
const [SEED] = [11];
const liar = genesis.configuration.validators[0];
const signer = signerOf(SEED as number);
const hash = configurationHashOf(genesis.configuration);
const instance = fromHex('ab'.repeat(32));

/** `["varve/vote/1", instance, 1 | 2, index, round, payloadId | null]`, typed in from FORMATS. */
function vote(type: 1 | 2, index: number, round: number, payload: string | null, of = instance): Uint8Array {
  return encodeCbor(['varve/vote/1', of, type, index, round, payload === null ? null : fromHex(payload)]);
}

function proposal(validRound: number | null, payload: string): Uint8Array {
  return encodeCbor(['varve/proposal/1', instance, 7, 1, validRound, [1, 'v1'], fromHex(payload)]);
}

function seal(at: number, block: string): Uint8Array {
  return sealSignBytes(chain, hash, height(at), block as Parameters<typeof sealSignBytes>[3]);
}

function evidence(first: Uint8Array, second: Uint8Array, more: Partial<EvidenceRecord> = {}): Uint8Array {
  const signed = (bytes: Uint8Array) => ({ bytes, signature: signer.sign(bytes) });
  if (liar === undefined) throw new Error('the genesis has no validators');
  return encodeEvidence({
    signingKey: liar.signingKey,
    configurationHash: hash,
    first: signed(first),
    second: signed(second),
    ...more,
  });
}

function reasonOf(bytes: Uint8Array): RefusalReason | 'ACCEPTED' {
  const verdict = verifyEvidence(bytes, trust);
  return verdict.ok ? 'ACCEPTED' : verdict.reason;
}

const A = '11'.repeat(32);
const B = '22'.repeat(32);

describe('verifyEvidence', () => {
  it.each([
    ['two prevotes of one round', vote(1, 7, 0, A), vote(1, 7, 0, B)],
    ['a vote for a payload and one for nothing', vote(2, 7, 3, A), vote(2, 7, 3, null)],
    ['two proposals of one round', proposal(null, A), proposal(0, B)],
    ['two seals of one height', seal(4, A), seal(4, B)],
  ])('accepts %s', (_, first, second) => {
    const verdict = verifyEvidence(evidence(first, second), trust);
    expect(verdict).toMatchObject({
      ok: true,
      report: { validator: liar?.name, organization: liar?.organization, configurationNumber: 0 },
    });
  });

  it.each([
    ['the same statement twice', vote(1, 7, 0, A), vote(1, 7, 0, A), 'EVIDENCE_CONSISTENT'],
    ['a prevote and a precommit', vote(1, 7, 0, A), vote(2, 7, 0, B), 'EVIDENCE_CONSISTENT'],
    ['votes of two rounds', vote(1, 7, 0, A), vote(1, 7, 1, B), 'EVIDENCE_CONSISTENT'],
    ['votes of two heights', vote(1, 7, 0, A), vote(1, 8, 0, B), 'EVIDENCE_CONSISTENT'],
    ['votes of two instances', vote(1, 7, 0, A), vote(1, 7, 0, B, fromHex('cd'.repeat(32))), 'EVIDENCE_CONSISTENT'],
    ['seals of two heights', seal(4, A), seal(5, B), 'EVIDENCE_CONSISTENT'],
    ['a vote and a seal', vote(1, 7, 0, A), seal(7, B), 'EVIDENCE_CONSISTENT'],
    ['a vote of no kind', vote(3 as 1, 7, 0, A), vote(1, 7, 0, B), 'EVIDENCE_MALFORMED'],
    ['bytes that are no statement', encodeCbor(['varve/tx/1', 1]), vote(1, 7, 0, B), 'EVIDENCE_MALFORMED'],
  ])('refuses %s', (_, first, second, reason) => {
    expect(reasonOf(evidence(first, second))).toBe(reason);
  });

  it('refuses a key that is no validator’s, another configuration, and a seal of another chain', () => {
    const [first, second] = [vote(1, 7, 0, A), vote(1, 7, 0, B)];
    const stranger = { signingKey: 'ee'.repeat(32) as EvidenceRecord['signingKey'] };
    expect(reasonOf(evidence(first, second, stranger))).toBe('SIGNER_UNKNOWN');
    const elsewhere = { configurationHash: 'ee'.repeat(32) as EvidenceRecord['configurationHash'] };
    expect(reasonOf(evidence(first, second, elsewhere))).toBe('CONFIGURATION_UNKNOWN');
    const foreign = (block: string) => sealSignBytes('ee'.repeat(32) as typeof chain, hash, height(4), block as never);
    const verdict = verifyEvidence(evidence(foreign(A), foreign(B)), trust);
    expect(verdict).toMatchObject({ ok: false, reason: 'CHAIN_MISMATCH' });
    expect(verdict.steps.at(-1)).toMatchObject({ check: 'chain', ok: false });
  });

  it('refuses evidence with any byte changed', () => {
    const bytes = evidence(vote(1, 7, 0, A), vote(1, 7, 0, B));
    for (const changed of mutations(bytes)) expect(reasonOf(changed)).not.toBe('ACCEPTED');
  });
});

describe('verifyEvidence of a later configuration', () => {
  const bytesOf = ({ lastHeader, certificate, next }: ConfigurationStep): StepBytes => ({
    header: lastHeader.bytes,
    certificate: encodeCertificate(certificate),
    next: encodeConfiguration(next),
  });
  const way = steps(2).map(bytesOf);
  /** Seeds of the first validators of configurations 1 and 2. */
  const seeds = [31, 41];

  /** Two seals of the first validator of configuration `number`. */
  function later(number: number): Uint8Array {
    const configuration = configurations[number] as (typeof configurations)[number];
    const key = signerOf(seeds[number - 1] as number);
    const configurationHash = configurationHashOf(configuration);
    const [first, second] = [A, B].map((block) => {
      const bytes = sealSignBytes(chain, configurationHash, height(9), block as never);
      return { bytes, signature: key.sign(bytes) };
    }) as [EvidenceRecord['first'], EvidenceRecord['second']];
    const { signingKey } = configuration.validators[0] as { signingKey: EvidenceRecord['signingKey'] };
    return encodeEvidence({ signingKey, configurationHash, first, second });
  }

  function reason(number: number, given: readonly StepBytes[]): string {
    const verdict = verifyEvidence(later(number), trust, given);
    return verdict.ok ? `${verdict.report.configurationNumber} ${verdict.report.validator}` : verdict.reason;
  }

  it.each([
    [1, way.slice(0, 1), '1 w1-0'],
    [1, way, '1 w1-0'],
    [2, way, '2 w2-0'],
    [1, [], 'CONFIGURATION_UNKNOWN'],
    [2, way.slice(0, 1), 'CONFIGURATION_UNKNOWN'],
    [2, way.slice(1), 'CONFIGURATION_STEP_INVALID'],
    [2, [...way].reverse(), 'CONFIGURATION_STEP_INVALID'],
    [2, [...way, ...way], 'CONFIGURATION_STEP_INVALID'],
  ] as const)('follows the steps to configuration %i: %#', (number, given, expected) => {
    expect(reason(number, given)).toBe(expected);
  });

  it('refuses it with any byte of it or of a step changed', () => {
    for (const changed of mutations(later(2))) expect(verifyEvidence(changed, trust, way).ok).toBe(false);
    for (const part of ['header', 'certificate', 'next'] as const) {
      for (const [i, step] of way.entries()) {
        for (const changed of mutations(step[part])) {
          const given = way.map((one, at) => (at === i ? { ...one, [part]: changed } : one));
          expect(reason(2, given)).not.toBe('2 w2-0');
        }
      }
    }
  });

  it('refuses what is no step at all', () => {
    expect(verifyEvidence(later(1), trust, [{}] as never).ok).toBe(false);
    expect(verifyEvidence(later(1), trust, 7 as never).ok).toBe(false);
  });
});
