import { CborReader, encodeCbor } from '@varve/encoding';
import { type Certificate, certificateValue, readCertificate } from './certificate.ts';
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
import { type Outcome, outcomeValue, readOutcome } from './outcome.ts';

export type { ConfigurationStep } from './configuration-step.ts';

/** Everything needed to check offline that a transaction is final and how it ended. */
export interface Receipt {
  readonly transaction: Uint8Array;
  readonly results: Uint8Array;
  readonly outcome: Outcome;
  /** Place of the leaf in the block, and its RFC 9162 inclusion path. */
  readonly leafIndex: number;
  readonly path: readonly Uint8Array[];
  readonly header: SealedHeader;
  /** Where the certificate is of a later block: that block, and the path from its history root to this one. */
  readonly later: LaterBlock | null;
  readonly certificate: Certificate;
  /** From the genesis configuration to the one that certified; empty while the first one rules. */
  readonly configurations: readonly ConfigurationStep[];
}

/** FORMATS `receipt`. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return encodeCbor([
    1,
    receipt.transaction,
    receipt.results,
    outcomeValue(receipt.outcome),
    [receipt.leafIndex, receipt.path],
    receipt.header.bytes,
    laterValue(receipt.later),
    certificateValue(receipt.certificate),
    stepsValue(receipt.configurations),
  ]);
}

/** @throws {LedgerError} `RECEIPT_MALFORMED`, `RECOVERY_UNSUPPORTED`, or the code of a record inside. */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  return readingAs('RECEIPT_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(9);
    reader.exactly(1);
    const transaction = reader.byteString();
    const results = reader.byteString();
    const outcome = readOutcome(reader);
    reader.array(2);
    const leafIndex = reader.uint();
    const path = readPath(reader);
    const header = decodeHeader(reader.byteString());
    const later = readLater(reader);
    const certificate = readCertificate(reader);
    const configurations = readSteps(reader);
    reader.end();
    return { transaction, results, outcome, leafIndex, path, header, later, certificate, configurations };
  });
}
