import type { Configuration } from '@varve/consensus';
import type { ChainId, ConfigurationHash } from '@varve/encoding';
import {
  type Certificate,
  type ConfigurationStep,
  certificateFault,
  chainIdOf,
  checkConfiguration,
  checkGenesis,
  configurationHashOf,
  decodeCertificate,
  decodeConfiguration,
  decodeHeader,
  type Genesis,
  type SealedHeader,
} from '@varve/ledger';
import { demand, reading } from './verdict.ts';

/** What the caller knows to be right. */
export interface Trust {
  readonly genesis: Genesis;
}

/** A step from one configuration to the next, as bytes. */
export interface StepBytes {
  /** The last block of the former, and its certificate. */
  readonly header: Uint8Array;
  readonly certificate: Uint8Array;
  readonly next: Uint8Array;
}

/** A configuration and the heights it ruled. */
export interface Reign {
  readonly configuration: Configuration;
  readonly hash: ConfigurationHash;
  /** Height of the last block before it. */
  readonly after: number;
  /** Its last block; absent while it rules. */
  readonly last: SealedHeader | undefined;
}

/** Everything proven about who ruled the chain when. */
export interface Reigns {
  readonly chainId: ChainId;
  readonly list: readonly Reign[];
}

/** @throws {Refused} `HEADER_MALFORMED`, `CERTIFICATE_MALFORMED`, `CONFIGURATION_MALFORMED`. */
export function readSteps(steps: readonly StepBytes[]): readonly ConfigurationStep[] {
  return steps.map(({ header, certificate, next }) => ({
    lastHeader: reading('HEADER_MALFORMED', () => decodeHeader(header)),
    certificate: reading('CERTIFICATE_MALFORMED', () => decodeCertificate(certificate)),
    next: reading('CONFIGURATION_MALFORMED', () => decodeConfiguration(next)),
  }));
}

/**
 * Walks from the genesis configuration to the last that `steps` lead to.
 * @throws {Refused} `GENESIS_MALFORMED`, `CONFIGURATION_STEP_INVALID`, `CHAIN_MISMATCH`.
 */
export function walkConfigurations(trust: Trust, steps: readonly ConfigurationStep[]): Reigns {
  const { chainId, genesis } = reading('GENESIS_MALFORMED', () => {
    checkConfiguration(trust.genesis.configuration);
    checkGenesis(trust.genesis);
    return { chainId: chainIdOf(trust.genesis), genesis: trust.genesis };
  });
  const list: Reign[] = [];
  let configuration = genesis.configuration;
  let hash = configurationHashOf(configuration);
  let after = 0;
  for (const { lastHeader, certificate, next } of steps) {
    const { header } = lastHeader;
    const step = (fact: boolean, detail: string): void =>
      demand(fact, 'CONFIGURATION_STEP_INVALID', `step from configuration ${configuration.number}: ${detail}`);
    const nextHash = configurationHashOf(next);
    demand(header.chainId === chainId, 'CHAIN_MISMATCH', `a step is of chain ${header.chainId}`);
    step(header.height > after, 'its last block is not above the one before');
    step(header.configurationHash === hash, 'its last block is of another configuration');
    step(header.nextConfigurationHash === nextHash, 'its last block names another successor');
    step(next.number === configuration.number + 1 && next.parentHash === hash, 'the successor is not its child');
    step(isOf(certificate, lastHeader), 'the certificate is of another block');
    const fault = certificateFault(certificate, chainId, configuration, hash);
    step(fault === undefined, fault ?? '');
    list.push({ configuration, hash, after, last: lastHeader });
    after = header.height;
    configuration = next;
    hash = nextHash;
  }
  list.push({ configuration, hash, after, last: undefined });
  return { chainId, list };
}

/**
 * The reign to which a block belongs.
 * @throws {Refused} `CHAIN_MISMATCH`, `CONFIGURATION_UNKNOWN`.
 */
export function reignOf(reigns: Reigns, sealed: SealedHeader): Reign {
  const { header, hash } = sealed;
  demand(header.chainId === reigns.chainId, 'CHAIN_MISMATCH', `the block is of chain ${header.chainId}`);
  const { height } = header;
  const reign = reignOfHash(reigns, header.configurationHash);
  const last = reign.last?.header.height ?? Number.POSITIVE_INFINITY;
  demand(
    height > reign.after && height <= last,
    'CONFIGURATION_UNKNOWN',
    `height ${height} is not one of its configuration`,
  );
  // The certified last block of a configuration is the only one at its height, and the only one that names another.
  const fits = height === last ? hash === reign.last?.hash : !reign.last || isInner(sealed);
  demand(fits, 'CONFIGURATION_UNKNOWN', 'the block contradicts the certified last block of its configuration');
  return reign;
}

/**
 * The reign of the configuration with this hash.
 * @throws {Refused} `CONFIGURATION_UNKNOWN`.
 */
export function reignOfHash(reigns: Reigns, hash: ConfigurationHash): Reign {
  const reign = reigns.list.find((one) => one.hash === hash);
  demand(reign !== undefined, 'CONFIGURATION_UNKNOWN', `no step leads to ${hash}`);
  return reign;
}

/**
 * Demands that `certificate` is of exactly this block, by a quorum of its own configuration.
 * @throws {Refused} `CERTIFICATE_FOREIGN`, `CERTIFICATE_INVALID`.
 */
export function demandCertificate(reigns: Reigns, sealed: SealedHeader, reign: Reign, certificate: Certificate): void {
  demand(isOf(certificate, sealed), 'CERTIFICATE_FOREIGN', `it is of block ${certificate.blockHash}`);
  const fault = certificateFault(certificate, reigns.chainId, reign.configuration, reign.hash);
  demand(fault === undefined, 'CERTIFICATE_INVALID', fault ?? '');
}

function isInner({ header }: SealedHeader): boolean {
  return header.nextConfigurationHash === header.configurationHash;
}

function isOf(certificate: Certificate, { header, hash }: SealedHeader): boolean {
  return certificate.blockHash === hash && certificate.height === header.height;
}
