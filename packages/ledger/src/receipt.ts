import type { Configuration } from '@varve/consensus';
import { CborReader, type CborValue, encodeCbor } from '@varve/encoding';
import { type Certificate, certificateValue, readCertificate } from './certificate.ts';
import { configurationValue, readConfiguration } from './configuration-codec.ts';
import { readingAs } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';
import { type Outcome, outcomeValue, readOutcome } from './outcome.ts';

/** The step from one configuration to the next: its last block, the certificate of that block, and the successor. */
export interface ConfigurationStep {
  readonly lastHeader: SealedHeader;
  readonly certificate: Certificate;
  readonly next: Configuration;
}

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
  readonly later: { readonly header: SealedHeader; readonly path: readonly Uint8Array[] } | null;
  readonly certificate: Certificate;
  /** From the genesis configuration to the one that certified; empty while the first one rules. */
  readonly configurations: readonly ConfigurationStep[];
}

const PATH_MAX = 64;
const STEPS_MAX = 10_000;

/** FORMATS `receipt`. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const steps: CborValue[] = receipt.configurations.map((step) => [
    step.lastHeader.bytes,
    certificateValue(step.certificate),
    configurationValue(step.next),
  ]);
  return encodeCbor([
    1,
    receipt.transaction,
    receipt.results,
    outcomeValue(receipt.outcome),
    [receipt.leafIndex, receipt.path],
    receipt.header.bytes,
    receipt.later === null ? null : [receipt.later.header.bytes, receipt.later.path],
    certificateValue(receipt.certificate),
    steps,
  ]);
}

/** @throws {LedgerError} `RECEIPT_MALFORMED`, or the code of a record inside. */
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
    const later = reader.nullable((inner) => {
      inner.array(2);
      return { header: decodeHeader(inner.byteString()), path: readPath(inner) };
    });
    const certificate = readCertificate(reader);
    const configurations = reader.list((inner) => {
      inner.array(3);
      return {
        lastHeader: decodeHeader(inner.byteString()),
        certificate: readCertificate(inner),
        next: readConfiguration(inner),
      };
    }, STEPS_MAX);
    reader.end();
    return { transaction, results, outcome, leafIndex, path, header, later, certificate, configurations };
  });
}

function readPath(reader: CborReader): Uint8Array[] {
  return reader.list((inner) => inner.byteString(32), PATH_MAX);
}
