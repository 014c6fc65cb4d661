import { fromHex, height, toHex, utf8Decode } from '@varve/encoding';
import { type Certificate, decodeCertificate, encodeCertificate } from './certificate.ts';
import { decodeConfiguration, encodeConfiguration } from './configuration-codec.ts';
import { decodeStepCertificate } from './configuration-step.ts';
import { LedgerError, readingAs } from './errors.ts';
import { decodeHeader } from './header.ts';
import { decodeReceipt, encodeReceipt, type Receipt } from './receipt.ts';

/** What the JSON form of a receipt says it is. */
const FORMAT = 'varve-receipt/1';

/** A receipt as JSON, field by field: records are the hex of their bytes. */
export interface ReceiptJson {
  readonly format: typeof FORMAT;
  readonly transaction: string;
  readonly results: string;
  readonly outcome: {
    readonly code: string;
    readonly failedOperation: number | null;
    readonly resultsHash: string;
  };
  readonly leafIndex: number;
  readonly path: readonly string[];
  readonly header: string;
  readonly later: { readonly header: string; readonly path: readonly string[] } | null;
  readonly certificate: string;
  readonly configurations: readonly {
    readonly header: string;
    readonly certificate: string;
    readonly next: string;
  }[];
}

/** The JSON form of a receipt: the same thing, and no more. */
export function receiptToJson(receipt: Receipt): ReceiptJson {
  const { outcome, later, certificate } = receipt;
  const { code, failedOperation, resultsHash } = outcome;
  return {
    format: FORMAT,
    transaction: toHex(receipt.transaction),
    results: toHex(receipt.results),
    outcome: { code, failedOperation, resultsHash: toHex(resultsHash) },
    leafIndex: receipt.leafIndex,
    path: receipt.path.map(toHex),
    header: toHex(receipt.header.bytes),
    later: later && { header: toHex(later.header.bytes), path: later.path.map(toHex) },
    certificate: toHex(encodeCertificate(certificate)),
    configurations: receipt.configurations.map((step) => ({
      header: toHex(step.lastHeader.bytes),
      certificate: toHex(encodeCertificate(step.certificate)),
      next: toHex(encodeConfiguration(step.next)),
    })),
  };
}

/**
 * Reads the JSON form. A field too many is refused as one too few: nothing stands in it that is not proven.
 * @param value - Parsed JSON, of any shape.
 * @throws {LedgerError} `RECEIPT_MALFORMED`, `RECOVERY_UNSUPPORTED`, or the code of a record inside.
 */
function receiptFromJson(value: unknown): Receipt {
  return readingAs('RECEIPT_MALFORMED', () => {
    const json = fieldsOf(value, [
      'format',
      'transaction',
      'results',
      'outcome',
      'leafIndex',
      'path',
      'header',
      'later',
      'certificate',
      'configurations',
    ]);
    if (json.format !== FORMAT) throw malformed(`its format is not "${FORMAT}"`);
    const outcome = fieldsOf(json.outcome, ['code', 'failedOperation', 'resultsHash']);
    const later = json.later === null ? null : fieldsOf(json.later, ['header', 'path']);
    const certificate: Certificate = decodeCertificate(bytesOf(json.certificate));
    const receipt: Receipt = {
      transaction: bytesOf(json.transaction),
      results: bytesOf(json.results),
      outcome: {
        code: textOf(outcome.code),
        failedOperation: outcome.failedOperation === null ? null : height(outcome.failedOperation as number),
        resultsHash: bytesOf(outcome.resultsHash),
      },
      leafIndex: height(json.leafIndex as number),
      path: listOf(json.path).map(bytesOf),
      header: decodeHeader(bytesOf(json.header)),
      later: later && { header: decodeHeader(bytesOf(later.header)), path: listOf(later.path).map(bytesOf) },
      certificate,
      configurations: listOf(json.configurations).map((one) => {
        const step = fieldsOf(one, ['header', 'certificate', 'next']);
        return {
          lastHeader: decodeHeader(bytesOf(step.header)),
          certificate: decodeStepCertificate(bytesOf(step.certificate)),
          next: decodeConfiguration(bytesOf(step.next)),
        };
      }),
    };
    // Every limit of the binary form holds here too.
    return decodeReceipt(encodeReceipt(receipt));
  });
}

/** No CBOR array begins with a brace. */
const BRACE = 0x7b;

/**
 * Reads a receipt in either form.
 * @param bytes - FORMATS `receipt`, or JSON in UTF-8.
 * @throws {LedgerError} as the form's own reader.
 */
export function readReceipt(bytes: Uint8Array): Receipt {
  if (bytes[0] !== BRACE) return decodeReceipt(bytes);
  return readingAs('RECEIPT_MALFORMED', () => receiptFromJson(JSON.parse(utf8Decode(bytes) ?? '')));
}

/** The fields of an object that has exactly these. */
function fieldsOf(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('an object is missing');
  const keys = Object.keys(value);
  for (const name of names) if (!keys.includes(name)) throw malformed(`the field "${name}" is missing`);
  const surplus = keys.find((key) => !names.includes(key));
  if (surplus !== undefined) throw malformed(`the field "${surplus.slice(0, 40)}" is none of a receipt`);
  return value as Readonly<Record<string, unknown>>;
}

function bytesOf(value: unknown): Uint8Array {
  return fromHex(textOf(value));
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw malformed('a text is missing');
  return value;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed('a list is missing');
  return value;
}

function malformed(reason: string): LedgerError {
  return new LedgerError('RECEIPT_MALFORMED', { reason });
}
