import { faultModelOf, quorumSize } from '@varve/consensus';
import { type ChainId, fromHex, toHex } from '@varve/encoding';
import { type Certificate, certificateFault, decodeCertificate, type SealedHeader, sealSignBytes } from '@varve/ledger';
import type { ConfigurationHistory, RuledStretch } from '@varve/ledger/chain';
import { type CopiedBlock, isKept } from './copied-block.ts';
import type { Findings } from './finding.ts';

/** The one signature rule. */
export type SignatureRule = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** What certificates are judged against. */
export interface CertificateContext {
  readonly chainId: ChainId;
  readonly configurations: ConfigurationHistory;
  readonly isSigned: SignatureRule;
  readonly findings: Findings;
}

/**
 * Judges the certificate that a copy keeps of a block, and names everyone whose seal in it is worth nothing.
 * @returns The certificate where it is valid.
 */
export function checkCertificate(
  context: CertificateContext,
  { height, certificate: kept }: CopiedBlock,
  { hash }: SealedHeader,
): Certificate | undefined {
  const { chainId, configurations, isSigned, findings } = context;
  if (!isKept(kept)) {
    if (kept === 'damaged') findings.add('RECORD_DAMAGED', height, 'the certificate has a wrong checksum');
    return undefined;
  }
  let certificate: Certificate;
  try {
    certificate = decodeCertificate(kept);
  } catch {
    findings.add('CERTIFICATE_UNREADABLE', height, 'what stands for the certificate is none');
    return undefined;
  }
  const ruled = configurations.at(height);
  if (certificate.height !== height || certificate.blockHash !== hash) {
    const of = `block ${certificate.blockHash} of height ${certificate.height}`;
    findings.add('CERTIFICATE_WRONG', height, `the certificate is of ${of}, not of this block ${hash}`);
    return undefined;
  }
  if (certificateFault(certificate, chainId, ruled.configuration, ruled.hash, isSigned) === undefined)
    return certificate;
  if (certificate.configurationHash !== ruled.hash) {
    const text = `the certificate is of configuration ${certificate.configurationHash}; number ${ruled.configuration.number}, ${ruled.hash}, rules this height`;
    findings.add('CERTIFICATE_WRONG', height, text);
  }
  const { validators, protocol } = ruled.configuration;
  const quorum = quorumSize(validators.length, faultModelOf(protocol));
  if (certificate.signatures.length < quorum) {
    const text = `${certificate.signatures.length} seals of ${validators.length} validators; ${quorum} are a quorum under ${protocol}`;
    findings.add('CERTIFICATE_BELOW_QUORUM', height, text);
  }
  for (const { validatorIndex, signature } of certificate.signatures)
    checkSeal(context, certificate, ruled, validatorIndex, signature);
  return undefined;
}

function checkSeal(
  { chainId, configurations, isSigned, findings }: CertificateContext,
  { height, blockHash, configurationHash }: Certificate,
  ruled: RuledStretch,
  validatorIndex: number,
  signature: Uint8Array,
): void {
  const member = ruled.configuration.validators[validatorIndex];
  const hashes = new Set([ruled.hash, configurationHash, ...configurations.all.map((stretch) => stretch.hash)]);
  const messages = [...hashes].map((hash) => sealSignBytes(chainId, hash, height, blockHash));
  const [own] = messages;
  if (member && own && isSigned(fromHex(member.signingKey), own, signature)) return;
  for (const { configuration } of configurations.all) {
    for (const seat of configuration.validators) {
      const isOther = seat.signingKey !== member?.signingKey;
      if (!messages.some((message) => isSigned(fromHex(seat.signingKey), message, signature))) continue;
      const isMember = ruled.configuration.validators.some(({ signingKey }) => signingKey === seat.signingKey);
      const place = `${seat.name} of configuration ${configuration.number}`;
      if (isMember) {
        const how = isOther ? 'in the place of another' : 'for another configuration';
        findings.add('SEAL_FORGED', height, `the seal is one of ${place}, ${how}`, { validator: seat.name });
      } else {
        const text = `the seal is one of ${place}, who has no seat in configuration ${ruled.configuration.number}`;
        findings.add('SEAL_BY_NON_MEMBER', height, text, { validator: seat.name });
      }
      return;
    }
  }
  if (member === undefined) {
    const text = `a seal names place ${validatorIndex} of ${ruled.configuration.validators.length} validators`;
    findings.add('SEAL_FORGED', height, text);
    return;
  }
  const text = `the seal of ${member.name} is not signed with its key ${toHex(fromHex(member.signingKey).subarray(0, 4))}…`;
  findings.add('SEAL_FORGED', height, text, { validator: member.name });
}
