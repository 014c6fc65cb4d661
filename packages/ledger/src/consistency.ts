import type { Configuration } from '@varve/consensus';
import { CborReader, encodeCbor } from '@varve/encoding';
import { type Certificate, certificateValue, readCertificate } from './certificate.ts';
import type { Checkpoint } from './checkpoint.ts';
import { configurationValue, readConfiguration } from './configuration-codec.ts';
import {
  type ConfigurationStep,
  type LaterBlock,
  laterValue,
  readLater,
  readPath,
  readSteps,
  stepsValue,
} from './configuration-step.ts';
import { readingAs } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';

/**
 * The proof that the history of one block holds another. A header commits to the hashes of all blocks before it, so one
 * RFC 9162 inclusion path says of everything below `from` too that it is the same.
 */
export interface Consistency {
  readonly from: SealedHeader;
  /** From `to`'s history root to the hash of `from`; empty where both are one block. */
  readonly path: readonly Uint8Array[];
  readonly to: SealedHeader;
  /** Where the certificate is of a block after `to`: that block, and the path from its history root to `to`. */
  readonly later: LaterBlock | null;
  /** Of `later`, else of `to`; null where that is block 0. */
  readonly certificate: Certificate | null;
  /** From the genesis configuration to the one that certified. */
  readonly configurations: readonly ConfigurationStep[];
  /** Rules the block after the certified one: together they make a checkpoint. */
  readonly next: Configuration;
}

/** The checkpoint of the block that certifies a consistency proof; nothing is judged. */
export function checkpointOf({ to, later, certificate, configurations, next }: Consistency): Checkpoint {
  return { header: later?.header ?? to, certificate, configurations, next };
}

/** FORMATS `consistency`. */
export function encodeConsistency(proof: Consistency): Uint8Array {
  return encodeCbor([
    1,
    proof.from.bytes,
    proof.path,
    proof.to.bytes,
    laterValue(proof.later),
    proof.certificate && certificateValue(proof.certificate),
    stepsValue(proof.configurations),
    configurationValue(proof.next),
  ]);
}

/** @throws {LedgerError} `CONSISTENCY_MALFORMED`, `RECOVERY_UNSUPPORTED`, or the code of a record inside. */
export function decodeConsistency(bytes: Uint8Array): Consistency {
  return readingAs('CONSISTENCY_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(8);
    reader.exactly(1);
    const proof = {
      from: decodeHeader(reader.byteString()),
      path: readPath(reader),
      to: decodeHeader(reader.byteString()),
      later: readLater(reader),
      certificate: reader.nullable(readCertificate),
      configurations: readSteps(reader),
      next: readConfiguration(reader),
    };
    reader.end();
    return proof;
  });
}
