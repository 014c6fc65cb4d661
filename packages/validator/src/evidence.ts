import type { SignedBytes, ValidatorMember } from '@varve/consensus';
import { sha256Parts } from '@varve/crypto';
import { type ConfigurationHash, compareBytes, concatBytes, fromHex } from '@varve/encoding';
import { encodeEvidence } from '@varve/ledger';
import { RECORD_KIND, type RecordStore } from '@varve/ledger/chain';

/**
 * Keeps two statements of one validator that contradict each other, for ever: FORMATS `evidence`. The same pair in
 * either order is kept once.
 */
export function keepEvidence(
  records: RecordStore,
  validator: ValidatorMember,
  configurationHash: ConfigurationHash,
  first: SignedBytes,
  second: SignedBytes,
): void {
  const signingKey = fromHex(validator.signingKey);
  const [a, b] = compareBytes(first.bytes, second.bytes) < 0 ? [first, second] : [second, first];
  const key = concatBytes(Uint8Array.of(RECORD_KIND.evidence), signingKey, sha256Parts(a.bytes, b.bytes));
  records.put(key, encodeEvidence({ signingKey: validator.signingKey, configurationHash, first: a, second: b }));
}
