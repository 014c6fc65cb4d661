import type { Configuration } from '@varve/consensus';
import { CborReader, encodeCbor } from '@varve/encoding';
import { type Certificate, certificateValue, readCertificate } from './certificate.ts';
import { configurationValue, readConfiguration } from './configuration-codec.ts';
import { type ConfigurationStep, readSteps, stepsValue } from './configuration-step.ts';
import { readingAs } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';

/**
 * A certified block with everything that proves it from the genesis configuration, and with the configuration that rules
 * the block after it: who has checked one once can trust it from then on in the place of the genesis document.
 */
export interface Checkpoint {
  readonly header: SealedHeader;
  /** Of exactly this block; null for block 0, which has none. */
  readonly certificate: Certificate | null;
  /** From the genesis configuration to that of the block. */
  readonly configurations: readonly ConfigurationStep[];
  /** Rules the next block: its hash is the header's `nextConfigurationHash`. */
  readonly next: Configuration;
}

/** FORMATS `checkpoint`. */
export function encodeCheckpoint({ header, certificate, configurations, next }: Checkpoint): Uint8Array {
  return encodeCbor([
    1,
    header.bytes,
    certificate && certificateValue(certificate),
    stepsValue(configurations),
    configurationValue(next),
  ]);
}

/** @throws {LedgerError} `CHECKPOINT_MALFORMED`, `RECOVERY_UNSUPPORTED`, or the code of a record inside. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  return readingAs('CHECKPOINT_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(5);
    reader.exactly(1);
    const checkpoint = {
      header: decodeHeader(reader.byteString()),
      certificate: reader.nullable(readCertificate),
      configurations: readSteps(reader),
      next: readConfiguration(reader),
    };
    reader.end();
    return checkpoint;
  });
}
