import { type FaultModel, faultModelOf, type ProtocolName } from '@varve/consensus';
import type { BlockHash, ChainId } from '@varve/encoding';
import type { Certificate, SealedHeader } from '@varve/ledger';
import { decodeCertificate, decodeHeader } from '@varve/ledger';
import {
  demandCertificate,
  type Reign,
  type Reigns,
  readSteps,
  reignOf,
  type StepBytes,
  type Trust,
  walkConfigurations,
} from './configurations.ts';
import { judged, reading, type Verdict } from './verdict.ts';

/** A validator whose seal the certificate holds. */
export interface Signer {
  readonly name: string;
  readonly organization: string;
}

/** Who said that a block is final, and what that word is worth. */
export interface Finality {
  readonly chainId: ChainId;
  /** The block that the certificate is of. */
  readonly certifiedHeight: number;
  readonly certifiedHash: BlockHash;
  /** Number of the configuration whose quorum signed. */
  readonly configuration: number;
  readonly protocol: ProtocolName;
  /** `crash`: correct only if no signer lied. `byzantine`: correct if less than a third of the validators lied. */
  readonly faultModel: FaultModel;
  /**
   * The weakest fault model on the way from the genesis document to that configuration: `crash` where a step was certified
   * under a crash-fault protocol, so that its signers must not have lied either.
   */
  readonly pathFaultModel: FaultModel;
  readonly signers: readonly Signer[];
}

/** A certified header, and the way from the genesis configuration to the one that certified it. */
export interface CertifiedHeaderBytes {
  readonly header: Uint8Array;
  readonly certificate: Uint8Array;
  /** Absent or empty while the first configuration rules. */
  readonly configurations?: readonly StepBytes[];
}

/** What `verifyHeader` proves. */
export interface HeaderReport extends Finality {
  readonly sealed: SealedHeader;
}

/** Checks that a block is final on the chain of `trust`. Total: any input has a verdict. */
export function verifyHeader(input: CertifiedHeaderBytes, trust: Trust): Verdict<HeaderReport> {
  return judged('HEADER_MALFORMED', () => certifiedHeader(input, trust));
}

/** @throws {Refused} */
export function certifiedHeader(input: CertifiedHeaderBytes, trust: Trust): HeaderReport {
  const sealed = reading('HEADER_MALFORMED', () => decodeHeader(input.header));
  const certificate = reading('CERTIFICATE_MALFORMED', () => decodeCertificate(input.certificate));
  const reigns = walkConfigurations(trust, readSteps(input.configurations ?? []));
  const reign = reignOf(reigns, sealed);
  demandCertificate(reigns, sealed, reign, certificate);
  return { sealed, ...finalityOf(reigns, reign, certificate) };
}

function pathFaultModelOf({ list }: Reigns, reign: Reign): FaultModel {
  const way = list.slice(0, list.indexOf(reign) + 1);
  return way.some(({ configuration }) => faultModelOf(configuration.protocol) === 'crash') ? 'crash' : 'byzantine';
}

/** What a verified certificate says. */
export function finalityOf(reigns: Reigns, reign: Reign, certificate: Certificate): Finality {
  const { configuration } = reign;
  return {
    chainId: reigns.chainId,
    certifiedHeight: certificate.height,
    certifiedHash: certificate.blockHash,
    configuration: configuration.number,
    protocol: configuration.protocol,
    faultModel: faultModelOf(configuration.protocol),
    pathFaultModel: pathFaultModelOf(reigns, reign),
    signers: certificate.signatures.flatMap(({ validatorIndex }) => {
      const validator = configuration.validators[validatorIndex];
      return validator ? [{ name: validator.name, organization: validator.organization }] : [];
    }),
  };
}
