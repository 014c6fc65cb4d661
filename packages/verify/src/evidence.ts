import { verifySignature } from '@varve/crypto';
import { bytesEqual, fromHex } from '@varve/encoding';
import { decodeEvidence, decodeStatement, type Statement, slotOf } from '@varve/ledger';
import { reignOfHash, type Trust, walkConfigurations } from './configurations.ts';
import { demand, judged, reading, type Verdict } from './verdict.ts';

/** Everything that a piece of evidence proves. */
export interface EvidenceReport {
  /** Who contradicted itself: its name in the configuration, and its organization. */
  readonly validator: string;
  readonly organization: string;
  readonly signingKey: string;
  readonly configurationNumber: number;
  /** Both are of one slot, and differ. */
  readonly first: Statement;
  readonly second: Statement;
}

/**
 * Checks evidence offline: that a validator of the chain of `trust` signed two statements of one slot that differ.
 * Total: any input has a verdict.
 * @param evidenceBytes - FORMATS `evidence`.
 */
export function verifyEvidence(evidenceBytes: Uint8Array, trust: Trust): Verdict<EvidenceReport> {
  return judged('EVIDENCE_MALFORMED', () => {
    const evidence = reading('EVIDENCE_MALFORMED', () => decodeEvidence(evidenceBytes));
    const reigns = walkConfigurations(trust, []);
    const { configuration } = reignOfHash(reigns, evidence.configurationHash);
    const validator = configuration.validators.find((member) => member.signingKey === evidence.signingKey);
    demand(validator !== undefined, 'SIGNER_UNKNOWN', 'no validator of the configuration has the signing key');
    const [first, second] = [evidence.first, evidence.second].map(({ bytes }) =>
      reading('EVIDENCE_MALFORMED', () => decodeStatement(bytes)),
    ) as [Statement, Statement];
    for (const statement of [first, second]) {
      if (statement.kind !== 'seal') continue;
      demand(statement.chainId === reigns.chainId, 'CHAIN_MISMATCH', `a seal is of chain ${statement.chainId}`);
    }
    demand(slotOf(first) === slotOf(second), 'EVIDENCE_CONSISTENT', 'the statements are of different slots');
    const isSame = bytesEqual(evidence.first.bytes, evidence.second.bytes);
    demand(!isSame, 'EVIDENCE_CONSISTENT', 'both statements are the same');
    for (const { bytes, signature } of [evidence.first, evidence.second]) {
      const isSigned = verifySignature(fromHex(evidence.signingKey), bytes, signature);
      demand(isSigned, 'SIGNATURE_INVALID', 'a statement is not signed by the key');
    }
    return {
      validator: validator.name,
      organization: validator.organization,
      signingKey: evidence.signingKey,
      configurationNumber: configuration.number,
      first,
      second,
    };
  });
}
