import { type Configuration, faultModelOf, quorumSize } from '@varve/consensus';
import { verifySignature } from '@varve/crypto';
import {
  type BlockHash,
  blockHash,
  CborReader,
  type CborValue,
  type ChainId,
  type ConfigurationHash,
  configurationHash,
  encodeCbor,
  fromHex,
  type Height,
  height,
  toHex,
} from '@varve/encoding';
import { VALIDATORS_MAX } from './configuration-codec.ts';
import { readingAs } from './errors.ts';

/** One validator's word that it executed a block and holds it durably. */
export interface Seal {
  readonly configurationHash: ConfigurationHash;
  readonly height: Height;
  readonly blockHash: BlockHash;
  /** Position in the configuration's validators. */
  readonly validatorIndex: number;
  readonly signature: Uint8Array;
}

/** A quorum of seals of one block: it and every block below are final. */
export interface Certificate {
  readonly height: Height;
  readonly blockHash: BlockHash;
  readonly configurationHash: ConfigurationHash;
  /** Ascending by validator index. */
  readonly signatures: readonly { readonly validatorIndex: number; readonly signature: Uint8Array }[];
}

/** What a seal signs, FORMATS `seal`. */
export function sealSignBytes(
  chain: ChainId,
  configuration: ConfigurationHash,
  blockHeight: Height,
  block: BlockHash,
): Uint8Array {
  return encodeCbor(['varve/seal/1', fromHex(chain), fromHex(configuration), blockHeight, fromHex(block)]);
}

/** FORMATS `seal`. */
export function encodeSeal(seal: Seal): Uint8Array {
  return encodeCbor([
    1,
    fromHex(seal.configurationHash),
    seal.height,
    fromHex(seal.blockHash),
    seal.validatorIndex,
    seal.signature,
  ]);
}

/** @throws {LedgerError} `SEAL_MALFORMED`. */
export function decodeSeal(bytes: Uint8Array): Seal {
  return readingAs('SEAL_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(6);
    reader.exactly(1);
    const seal: Seal = {
      configurationHash: configurationHash(toHex(reader.byteString(32))),
      height: height(reader.uint()),
      blockHash: blockHash(toHex(reader.byteString(32))),
      validatorIndex: reader.uint(),
      signature: reader.byteString(64),
    };
    reader.end();
    return seal;
  });
}

/** FORMATS `certificate`, as a CBOR value. */
export function certificateValue(certificate: Certificate): CborValue {
  return [
    1,
    certificate.height,
    fromHex(certificate.blockHash),
    fromHex(certificate.configurationHash),
    certificate.signatures.map((entry) => [entry.validatorIndex, entry.signature]),
  ];
}

/** FORMATS `certificate`. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  return encodeCbor(certificateValue(certificate));
}

/** @throws {LedgerError} `CERTIFICATE_MALFORMED`, also for indexes that do not ascend. */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  return readingAs('CERTIFICATE_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const certificate = readCertificate(reader);
    reader.end();
    return certificate;
  });
}

/** Reads a certificate inside another record. */
export function readCertificate(reader: CborReader): Certificate {
  reader.array(5);
  reader.exactly(1);
  const blockHeight = height(reader.uint());
  const block = blockHash(toHex(reader.byteString(32)));
  const configuration = configurationHash(toHex(reader.byteString(32)));
  let previous = -1;
  const signatures = reader.list((inner) => {
    const start = inner.offset;
    inner.array(2);
    const validatorIndex = inner.uint();
    if (validatorIndex <= previous) inner.unexpected('strictly ascending validator indexes', start);
    previous = validatorIndex;
    return { validatorIndex, signature: inner.byteString(64) };
  }, VALIDATORS_MAX);
  return { height: blockHeight, blockHash: block, configurationHash: configuration, signatures };
}

/** Why a certificate proves nothing. */
export type CertificateFault =
  | 'CONFIGURATION_MISMATCH'
  | 'QUORUM_MISSING'
  | 'SIGNERS_NOT_ASCENDING'
  | 'SIGNER_UNKNOWN'
  | 'SIGNATURE_INVALID';

/**
 * Whether a quorum of `configuration` signed the block that `certificate` names. Whether the block belongs to that
 * configuration is the caller's to check.
 * @param isSigned - The one signature rule; simulations stand a cheaper one in for it.
 * @returns `undefined` for a valid certificate, else the first fault.
 */
export function certificateFault(
  certificate: Certificate,
  chain: ChainId,
  configuration: Configuration,
  hash: ConfigurationHash,
  isSigned: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean = verifySignature,
): CertificateFault | undefined {
  if (certificate.configurationHash !== hash) return 'CONFIGURATION_MISMATCH';
  const n = configuration.validators.length;
  if (certificate.signatures.length < quorumSize(n, faultModelOf(configuration.protocol))) return 'QUORUM_MISSING';
  const signed = sealSignBytes(chain, hash, certificate.height, certificate.blockHash);
  let previous = -1;
  for (const { validatorIndex, signature } of certificate.signatures) {
    if (validatorIndex <= previous) return 'SIGNERS_NOT_ASCENDING';
    previous = validatorIndex;
    const validator = configuration.validators[validatorIndex];
    if (validator === undefined) return 'SIGNER_UNKNOWN';
    if (!isSigned(fromHex(validator.signingKey), signed, signature)) return 'SIGNATURE_INVALID';
  }
  return undefined;
}
