import { type Configuration, type FaultModel, faultModelOf } from '@varve/consensus';
import type { ChainId, ConfigurationHash } from '@varve/encoding';
import {
  type Certificate,
  type ConfigurationStep,
  certificateFault,
  configurationHashOf,
  decodeConfiguration,
  decodeHeader,
  decodeStepCertificate,
  type SealedHeader,
} from '@varve/ledger';
import { type Anchor, anchorOf, type Trust } from './trust.ts';
import { demand, judged, reading, refuse, type Trail, type Verdict } from './verdict.ts';

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
  /** Height of the last block before it, or of the trusted checkpoint where that is later. */
  readonly after: number;
  /** Its last block; absent while it rules. */
  readonly last: SealedHeader | undefined;
}

/** Everything proven about who ruled the chain when. */
export interface Reigns {
  readonly chainId: ChainId;
  readonly anchor: Anchor;
  readonly list: readonly Reign[];
}

/** A configuration that is proven. */
export interface ProvenConfiguration {
  readonly configuration: Configuration;
  readonly hash: ConfigurationHash;
  readonly faultModel: FaultModel;
  /** Heights that it ruled, as far as they are above what is trusted; `lastHeight` is null while none is proven. */
  readonly firstHeight: number;
  readonly lastHeight: number | null;
}

/** What `verifyConfigurations` proves. */
export interface ConfigurationsReport {
  readonly chainId: ChainId;
  /** From what is trusted on, ascending; the last one rules as far as the steps tell. */
  readonly configurations: readonly ProvenConfiguration[];
}

/**
 * Checks who ruled when: that each step was certified by the configuration before it. Total: any input has a verdict.
 * @param steps - As in `/v1/configurations`; those up to a trusted checkpoint are passed over.
 */
export function verifyConfigurations(steps: readonly StepBytes[], trust: Trust): Verdict<ConfigurationsReport> {
  return judged('CONFIGURATION_MALFORMED', (trail) => {
    const read = trail.take('form', () => readSteps(steps), wellFormed('the steps'));
    const { chainId, list } = reignsOf(trail, trust, [], read);
    const configurations = list.map(({ configuration, hash, after, last }) => ({
      configuration,
      hash,
      faultModel: faultModelOf(configuration.protocol),
      firstHeight: configuration.number === 0 ? 0 : after + 1,
      lastHeight: last?.header.height ?? null,
    }));
    return { chainId, configurations };
  });
}

/** Says that something was read. */
export function wellFormed(what: string): () => string {
  return () => `Well formed: ${what}.`;
}

/** @throws {Refused} `HEADER_MALFORMED`, `CERTIFICATE_MALFORMED`, `CONFIGURATION_MALFORMED`, `RECOVERY_UNSUPPORTED`. */
export function readSteps(steps: readonly StepBytes[]): readonly ConfigurationStep[] {
  return steps.map(({ header, certificate, next }) => ({
    lastHeader: reading('HEADER_MALFORMED', () => decodeHeader(header)),
    certificate: reading('CERTIFICATE_MALFORMED', () => decodeStepCertificate(certificate)),
    next: reading('CONFIGURATION_MALFORMED', () => decodeConfiguration(next)),
  }));
}

/**
 * Reads what is trusted, demands that all is of its chain, and walks from its configuration to the last that `steps`
 * lead to. The chain comes first: of another one nothing else can hold, and this says why.
 * @param claimed - The chains that the records to be judged name, but for those of `steps`.
 * @throws {Refused} `GENESIS_MALFORMED`, `CHECKPOINT_MALFORMED`, `CHAIN_MISMATCH`, `CONFIGURATION_STEP_INVALID`,
 *   `CONTRADICTS_CHECKPOINT`.
 */
export function reignsOf(
  trail: Trail,
  trust: Trust,
  claimed: readonly ChainId[],
  steps: readonly ConfigurationStep[],
): Reigns {
  const anchor = anchorOf(trail, trust);
  const chains = [...claimed, ...steps.map(({ lastHeader }) => lastHeader.header.chainId)];
  const demandChain = (): void => {
    for (const chain of chains) {
      demand(chain === anchor.chainId, 'CHAIN_MISMATCH', `it names chain ${chain}, you trust chain ${anchor.chainId}`);
    }
  };
  if (chains.length > 0) trail.take('chain', demandChain, () => 'It is of the chain that you trust.');
  return trail.take('configurations', () => walk(anchor, steps), says);
}

/** The chains that blocks name. */
export function chainsOf(...blocks: readonly (SealedHeader | null | undefined)[]): ChainId[] {
  return blocks.flatMap((block) => block?.header.chainId ?? []);
}

function walk(anchor: Anchor, steps: readonly ConfigurationStep[]): Reigns {
  const { chainId, checkpoint } = anchor;
  const list: Reign[] = [];
  let { configuration, hash } = anchor;
  let after: number = checkpoint?.header.height ?? 0;
  let previous = 0;
  for (const { lastHeader, certificate, next } of steps) {
    const { header } = lastHeader;
    const step = (fact: boolean, detail: string): void =>
      demand(fact, 'CONFIGURATION_STEP_INVALID', `step from configuration ${configuration.number}: ${detail}`);
    step(header.height > previous, 'its last block is not above the one before');
    previous = header.height;
    demandNoContradiction(anchor, lastHeader);
    // What lies up to the checkpoint is trusted with it.
    if (checkpoint && header.height <= checkpoint.header.height) continue;
    const nextHash = configurationHashOf(next);
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
  return { chainId, anchor, list };
}

function says({ list }: Reigns): string {
  const [first, ...more] = list;
  const start = `configuration ${first?.configuration.number} (${first?.configuration.protocol})`;
  if (more.length === 0) return `No change of validators is needed: ${start} rules.`;
  const steps = more.map(
    ({ configuration, after }) => `${configuration.number} (${configuration.protocol}) after block ${after}`,
  );
  return `From ${start} on, each set of validators signed the change to the next: ${steps.join(', ')}.`;
}

/** @throws {Refused} `CONTRADICTS_CHECKPOINT` for another block at the height of the trusted one, or beside it. */
export function demandNoContradiction({ checkpoint }: Anchor, { header, hash }: SealedHeader): void {
  if (checkpoint === undefined) return;
  const no = (height: number, other: string, trusted: string): never =>
    refuse('CONTRADICTS_CHECKPOINT', `at height ${height} it has block ${other}, you trust ${trusted}`);
  const { height, parentHash } = checkpoint.header;
  if (header.height === height && hash !== checkpoint.hash) no(height, hash, checkpoint.hash);
  if (header.height === height + 1 && header.parentHash !== checkpoint.hash)
    no(height, header.parentHash, checkpoint.hash);
  if (header.height === height - 1 && hash !== parentHash) no(height - 1, hash, parentHash);
}

/**
 * The reign to which a block belongs.
 * @throws {Refused} `CONFIGURATION_UNKNOWN`, `CONTRADICTS_CHECKPOINT`.
 */
export function reignOf(reigns: Reigns, sealed: SealedHeader): Reign {
  const { header, hash } = sealed;
  demandNoContradiction(reigns.anchor, sealed);
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
