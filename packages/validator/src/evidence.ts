import type { SignedBytes, ValidatorMember } from '@varve/consensus';
import { sha256Parts } from '@varve/crypto';
import { type ConfigurationHash, concatBytes, fromHex } from '@varve/encoding';
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
  const [a, b] = isBefore(first.bytes, second.bytes) ? [first, second] : [second, first];
  const key = concatBytes(Uint8Array.of(RECORD_KIND.evidence), signingKey, sha256Parts(a.bytes, b.bytes));
  records.put(key, encodeEvidence({ signingKey: validator.signingKey, configurationHash, first: a, second: b }));
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return a.length <= b.length;
}
