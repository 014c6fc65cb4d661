import type { Configuration, ValidatorMember } from '@varve/consensus';
import { verifySignature } from '@varve/crypto';
import { bytesEqual, type ChainId, fromHex } from '@varve/encoding';
import { LedgerError } from './errors.ts';
import { decodeStatement, type EvidenceRecord, type Statement, slotOf } from './evidence.ts';

/** Why evidence proves nothing. */
export type EvidenceFault =
  | 'SIGNER_UNKNOWN'
  | 'EVIDENCE_MALFORMED'
  | 'CHAIN_MISMATCH'
  | 'EVIDENCE_CONSISTENT'
  | 'SIGNATURE_INVALID';

/** Who contradicted itself and how, or why nothing is proven; `detail` is for people. */
export type EvidenceJudgement =
  | {
      readonly ok: true;
      readonly validator: ValidatorMember;
      readonly first: Statement;
      readonly second: Statement;
    }
  | { readonly ok: false; readonly reason: EvidenceFault; readonly detail: string };

/**
 * Whether a validator of `configuration` signed two statements of one slot that differ.
 * @param configuration - The one that `evidence` names; that it ruled `chain` is the caller's to know.
 * @param isSigned - The one signature rule; simulations stand a cheaper one in for it.
 */
export function judgeEvidence(
  evidence: EvidenceRecord,
  chain: ChainId,
  configuration: Configuration,
  isSigned: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean = verifySignature,
): EvidenceJudgement {
  const no = (reason: EvidenceFault, detail: string): EvidenceJudgement => ({ ok: false, reason, detail });
  const { signingKey } = evidence;
  const validator = configuration.validators.find((member) => member.signingKey === signingKey);
  if (validator === undefined) return no('SIGNER_UNKNOWN', 'no validator of the configuration has the signing key');
  const [first, second] = [statementOf(evidence.first.bytes), statementOf(evidence.second.bytes)];
  if (typeof first === 'string') return no('EVIDENCE_MALFORMED', first);
  if (typeof second === 'string') return no('EVIDENCE_MALFORMED', second);
  for (const statement of [first, second]) {
    if (statement.kind !== 'seal' || statement.chainId === chain) continue;
    return no('CHAIN_MISMATCH', `a seal is of chain ${statement.chainId}`);
  }
  if (slotOf(first) !== slotOf(second)) return no('EVIDENCE_CONSISTENT', 'the statements are of different slots');
  if (bytesEqual(evidence.first.bytes, evidence.second.bytes)) {
    return no('EVIDENCE_CONSISTENT', 'both statements are the same');
  }
  for (const { bytes, signature } of [evidence.first, evidence.second]) {
    if (!isSigned(fromHex(signingKey), bytes, signature)) {
      return no('SIGNATURE_INVALID', 'a statement is not signed by the key');
    }
  }
  return { ok: true, validator, first, second };
}

/** The statement, or why there is none. */
function statementOf(bytes: Uint8Array): Statement | string {
  try {
    return decodeStatement(bytes);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return error.message;
  }
}
