import type { SealedHeader } from '@varve/ledger';
import { decodeBlock, decodeCertificate, decodeHeader } from '@varve/ledger';
import { chainsOf, readSteps, reignsOf, type StepBytes, wellFormed } from './configurations.ts';
import { type FinalBlock, type Finality, type Options, proveFinal } from './finality.ts';
import type { Trust } from './trust.ts';
import { judged, reading, type Trail, type Verdict } from './verdict.ts';

/** A certified header, and the way from the genesis configuration to the one that certified it. */
export interface CertifiedHeaderBytes {
  readonly header: Uint8Array;
  /** Of the header, or of `later` where that is given. */
  readonly certificate: Uint8Array;
  /** Where the certificate is of a later block: that block, and the path from its history root to the hash of `header`. */
  readonly later?: { readonly header: Uint8Array; readonly path: readonly Uint8Array[] } | null | undefined;
  /** Absent or empty while the first configuration rules. */
  readonly configurations?: readonly StepBytes[] | undefined;
}

/** What `verifyHeader` proves. */
export interface HeaderReport extends Finality {
  readonly sealed: SealedHeader;
}

/** A certified header, decoded. */
export interface ReadHeader extends FinalBlock {
  readonly steps: ReturnType<typeof readSteps>;
}

/** Checks that a block is final on the chain of `trust`. Total: any input has a verdict. */
export function verifyHeader(input: CertifiedHeaderBytes, trust: Trust, options: Options = {}): Verdict<HeaderReport> {
  return judged('HEADER_MALFORMED', (trail) => {
    const read = trail.take('form', () => readHeader(input), wellFormed('the header and its certificate'));
    return certifiedHeader(trail, read, trust, options);
  });
}

/** What `verifyBlock` proves. */
export interface BlockReport extends HeaderReport {
  /** The payload as ordered, FORMATS `payload`; null for block 0. Some of its transactions may have been skipped. */
  readonly payload: Uint8Array | null;
}

/**
 * Checks that a whole block, as it travels between nodes, is final with exactly this payload. Total: any input has a verdict.
 * @param blockBytes - FORMATS `block`.
 */
export function verifyBlock(
  blockBytes: Uint8Array,
  proof: Omit<CertifiedHeaderBytes, 'header'>,
  trust: Trust,
  options: Options = {},
): Verdict<BlockReport> {
  return judged('BLOCK_MALFORMED', (trail) => {
    const read = (): { readonly payload: Uint8Array | null; readonly header: ReadHeader } => {
      const { sealed, payload } = reading('BLOCK_MALFORMED', () => decodeBlock(blockBytes));
      return { payload, header: readHeader({ ...proof, header: sealed.bytes }) };
    };
    const { payload, header } = trail.take('form', read, wellFormed('the block, whose header names this payload'));
    return { ...certifiedHeader(trail, header, trust, options), payload };
  });
}

/** @throws {Refused} */
export function readHeader({ header, later, certificate, configurations }: CertifiedHeaderBytes): ReadHeader {
  const block = reading('HEADER_MALFORMED', () => decodeHeader(header));
  const above = later && reading('HEADER_MALFORMED', () => decodeHeader(later.header));
  return {
    block,
    later: later && above ? { header: above, path: later.path } : null,
    certificate: reading('CERTIFICATE_MALFORMED', () => decodeCertificate(certificate)),
    steps: readSteps(configurations ?? []),
  };
}

/** @throws {Refused} */
export function certifiedHeader(trail: Trail, read: ReadHeader, trust: Trust, options: Options): HeaderReport {
  const reigns = reignsOf(trail, trust, chainsOf(read.block, read.later?.header), read.steps);
  const { finality } = proveFinal(trail, reigns, read, options);
  return { sealed: read.block, ...finality };
}
