import type { ChainId } from '@varve/encoding';
import { decodeEvidence, decodeStatement, type EvidenceRecord, judgeEvidence, type Statement } from '@varve/ledger';
import { readSteps, reignOfHash, reignsOf, type StepBytes, wellFormed } from './configurations.ts';
import type { Trust } from './trust.ts';
import { judged, reading, refuse, type Verdict } from './verdict.ts';

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
 * @param steps - From the genesis configuration to the one that the evidence is of, or further.
 */
export function verifyEvidence(
  evidenceBytes: Uint8Array,
  trust: Trust,
  steps: readonly StepBytes[] = [],
): Verdict<EvidenceReport> {
  return judged('EVIDENCE_MALFORMED', (trail) => {
    const read = () => {
      const evidence = reading('EVIDENCE_MALFORMED', () => decodeEvidence(evidenceBytes));
      return { evidence, chains: reading('EVIDENCE_MALFORMED', () => chainsNamed(evidence)), way: readSteps(steps) };
    };
    const { evidence, chains, way } = trail.take('form', read, wellFormed('the evidence'));
    const reigns = reignsOf(trail, trust, chains, way);
    const judge = (): EvidenceReport => {
      const { configuration } = reignOfHash(reigns, evidence.configurationHash);
      const judgement = judgeEvidence(evidence, reigns.chainId, configuration);
      if (!judgement.ok) return refuse(judgement.reason, judgement.detail);
      const { validator, first, second } = judgement;
      return {
        validator: validator.name,
        organization: validator.organization,
        signingKey: evidence.signingKey,
        configurationNumber: configuration.number,
        first,
        second,
      };
    };
    return trail.take(
      'signature',
      judge,
      ({ validator }) => `Both statements are signed by ${validator}, of one place, and differ.`,
    );
  });
}

/** The chains that the statements name: a seal names its chain, a vote or proposal only an instance. */
function chainsNamed({ first, second }: EvidenceRecord): ChainId[] {
  return [first, second].flatMap(({ bytes }) => {
    const statement = decodeStatement(bytes);
    return statement.kind === 'seal' ? [statement.chainId] : [];
  });
}
