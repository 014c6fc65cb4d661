import type { Configuration } from '@varve/consensus';
import { CborReader, type CborValue } from '@varve/encoding';
import { type Certificate, certificateValue, readCertificate } from './certificate.ts';
import { configurationValue, readConfiguration } from './configuration-codec.ts';
import { readingAs } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';
import { isRecovery, refuseRecovery } from './recovery.ts';

/** The step from one configuration to the next: its last block, the certificate of that block, and the successor. */
export interface ConfigurationStep {
  readonly lastHeader: SealedHeader;
  readonly certificate: Certificate;
  readonly next: Configuration;
}

/** A block whose history holds another one, with the path from its history root to that one's hash. */
export interface LaterBlock {
  readonly header: SealedHeader;
  readonly path: readonly Uint8Array[];
}

/** The most hashes of a path: no tree has more than 2^64 leaves. */
const PATH_MAX = 64;
const STEPS_MAX = 10_000;

/** FORMATS `receipt`, its last item. */
export function stepsValue(steps: readonly ConfigurationStep[]): CborValue {
  return steps.map((step) => [
    step.lastHeader.bytes,
    certificateValue(step.certificate),
    configurationValue(step.next),
  ]);
}

/** @throws {LedgerError} `RECOVERY_UNSUPPORTED`, or the code of a record inside; `EncodingError`. */
export function readSteps(reader: CborReader): ConfigurationStep[] {
  return reader.list((inner) => {
    inner.array(3);
    return {
      lastHeader: decodeHeader(inner.byteString()),
      certificate: readStepCertificate(inner),
      next: readConfiguration(inner),
    };
  }, STEPS_MAX);
}

/**
 * What ends a configuration, alone in its bytes.
 * @throws {LedgerError} `CERTIFICATE_MALFORMED`, `RECOVERY_UNSUPPORTED`.
 */
export function decodeStepCertificate(bytes: Uint8Array): Certificate {
  return readingAs('CERTIFICATE_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const certificate = readStepCertificate(reader);
    reader.end();
    return certificate;
  });
}

function readStepCertificate(reader: CborReader): Certificate {
  return isRecovery(reader) ? refuseRecovery(reader) : readCertificate(reader);
}

/** `null`, or the later block whose certificate covers this one. */
export function laterValue(later: LaterBlock | null): CborValue {
  return later === null ? null : [later.header.bytes, later.path];
}

/** @throws {LedgerError} `HEADER_MALFORMED`; `EncodingError`. */
export function readLater(reader: CborReader): LaterBlock | null {
  return reader.nullable((inner) => {
    inner.array(2);
    return { header: decodeHeader(inner.byteString()), path: readPath(inner) };
  });
}

/** An RFC 9162 path: hashes of 32 bytes. */
export function readPath(reader: CborReader): Uint8Array[] {
  return reader.list((inner) => inner.byteString(32), PATH_MAX);
}
