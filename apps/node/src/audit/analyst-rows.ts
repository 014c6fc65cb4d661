import { type AccountId, type CborValue, height, toHex } from '@varve/encoding';
import { decodeHeader, decodeLeaf, decodePayload, decodeTransaction, type Operation } from '@varve/ledger';
import { decodeIndex, type TransactionView } from '@varve/ledger/chain';
import { decodeAmount } from '@varve/modules';
import { executedJson, timeJson, valueJson } from '../api/json.ts';
import { readableText } from '../api/readable-text.ts';

/** Columns of the CSV file: a row for each operation of each transaction. */
export const CSV_COLUMNS = [
  'height',
  'time',
  'index',
  'transaction',
  'account',
  'organization',
  'outcome',
  'failed_operation',
  'operation',
  'module',
  'method',
  'asset',
  'to_account',
  'amount',
  'path',
  'text',
  'arguments',
] as const;

/**
 * One executed block for analysts: JSON lines, one for each transaction, and CSV rows, one for each operation.
 * @param organizationOf - The organization of an account; undefined where it is not known.
 */
export function analystRows(
  headerBytes: Uint8Array,
  payload: Uint8Array,
  index: Uint8Array,
  organizationOf: (account: AccountId) => string | undefined,
): { readonly lines: readonly string[]; readonly rows: readonly string[] } {
  const { header, hash } = decodeHeader(headerBytes);
  const { transactions } = decodePayload(payload);
  const lines: string[] = [];
  const rows: string[] = [];
  for (const [leafIndex, { leaf, results, payloadIndex }] of decodeIndex(index).leaves.entries()) {
    const { outcome } = decodeLeaf(leaf);
    const transaction = decodeTransaction(transactions[payloadIndex] ?? new Uint8Array());
    const view: TransactionView = { transaction, height: height(header.height), leafIndex, outcome, results };
    const json = executedJson(view);
    const operations = json.operations.map((one, i) => ({ ...one, ...meaningOf(transaction.operations[i]) }));
    const organization = organizationOf(transaction.account);
    const time = timeJson(header.time);
    lines.push(JSON.stringify({ ...json, operations, organization: organization ?? null, blockHash: hash, time }));
    for (const [i, operation] of transaction.operations.entries()) {
      const meaning = meaningOf(operation);
      rows.push(
        csvRow([
          header.height,
          time,
          leafIndex,
          transaction.id,
          transaction.account,
          organization ?? '',
          outcome.code,
          outcome.failedOperation ?? '',
          i,
          operation.module,
          operation.method,
          meaning.asset ?? '',
          meaning.toAccount ?? '',
          meaning.amount ?? '',
          meaning.path ?? '',
          meaning.text ?? '',
          JSON.stringify(operation.arguments.map((value, at) => argumentJson(value, at, operation, meaning))),
        ]),
      );
    }
  }
  return { lines, rows };
}

interface Meaning {
  readonly asset?: string;
  readonly toAccount?: string;
  /** Decimal. */
  readonly amount?: string;
  readonly path?: string;
  /** The value of a node, where it is text. */
  readonly text?: string;
}

/** What the arguments of the built-in modules say; nothing for arguments of another shape. */
function meaningOf(operation: Operation | undefined): Meaning {
  const [first, ...rest] = operation?.arguments ?? [];
  if (typeof first !== 'string') return {};
  if (operation?.module === 'coordination') return { path: first, ...textOf(rest[0]) };
  if (operation?.module !== 'assets') return {};
  if (operation.method === 'define') return { asset: first };
  const [amount, to] = [rest.at(-1), rest.length > 1 ? rest[0] : undefined];
  return {
    asset: first,
    ...(to instanceof Uint8Array && { toAccount: toHex(to) }),
    ...(amount instanceof Uint8Array && amountText(amount)),
  };
}

/** As `varve query` shows values: text where all of it can be read. */
function textOf(value: CborValue | undefined): Meaning {
  const text = value instanceof Uint8Array ? readableText(value) : undefined;
  return text === undefined ? {} : { text };
}

/** An argument as JSON: the amount, which comes last, in decimal; other byte strings in hex. */
function argumentJson(value: CborValue, at: number, operation: Operation, { amount }: Meaning): unknown {
  return amount !== undefined && at === operation.arguments.length - 1 ? amount : valueJson(value);
}

function amountText(bytes: Uint8Array): Meaning {
  try {
    return { amount: String(decodeAmount(bytes)) };
  } catch {
    return {};
  }
}

/** A row by RFC 4180, without its line end. */
export function csvRow(cells: readonly (string | number)[]): string {
  return cells.map(csvCell).join(',');
}

/** A spreadsheet takes what begins so for a formula, wherever the text came from. */
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(cell: string | number): string {
  if (typeof cell === 'number') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
