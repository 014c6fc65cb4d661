import { type Configuration, faultModelOf } from '@varve/consensus';
import { type ChainId, fromHex } from '@varve/encoding';
import { type Certificate, type SealedHeader, sealSignBytes } from '@varve/ledger';
import type { SignatureRule } from '@varve/validator';

/**
 * Why a certificate proves nothing, counted in the plainest way: more than half of the validators, or more than two
 * thirds where they may lie, signed the block that it names, each once.
 * @param sealed - The block at its height.
 * @param configuration - The one that block is under.
 */
export function certificateFault(
  { blockHash, configurationHash, height, signatures }: Certificate,
  { header }: SealedHeader,
  configuration: Configuration,
  chain: ChainId,
  isSigned: SignatureRule,
): string | undefined {
  if (height !== header.height) return `is of height ${height}`;
  if (configurationHash !== header.configurationHash) return `names configuration ${configurationHash}`;
  const message = sealSignBytes(chain, configurationHash, height, blockHash);
  const signers = new Set<string>();
  for (const { validatorIndex, signature } of signatures) {
    const member = configuration.validators[validatorIndex];
    if (member === undefined || !isSigned(fromHex(member.signingKey), message, signature)) {
      return `has no signature of validator ${validatorIndex}`;
    }
    signers.add(member.signingKey);
  }
  const { validators, protocol } = configuration;
  const isEnough =
    faultModelOf(protocol) === 'crash'
      ? 2 * signers.size > validators.length
      : 3 * signers.size > 2 * validators.length;
  return isEnough ? undefined : `is signed by ${signers.size} of ${validators.length}`;
}
