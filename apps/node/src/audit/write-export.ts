import { join } from 'node:path';
import { type CopiedBlock, keptIn } from '@varve/audit';
import { verifySignature } from '@varve/crypto';
import { type BlockHash, type TransactionId, transactionId } from '@varve/encoding';
import { decodeHeader, decodeLeaf, encodeReceipt, payloadIdOf, RULES_KNOWN } from '@varve/ledger';
import { decodeIndex, indexKey, type Ledger, LedgerLoader, RecordStore, receiptOf } from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import { makeFolder, writeWhole } from '../setup/files.ts';
import { analystRows, CSV_COLUMNS, csvRow } from './analyst-rows.ts';
import type { AuditCopy } from './copy.ts';
import { ExportError } from './export-errors.ts';
import { ExportWriter } from './export-file.ts';
import { LineFile } from './line-file.ts';
import { Organizations } from './organizations.ts';

/** What is to be written, and where. */
export interface ExportOptions {
  readonly copy: AuditCopy;
  /** First and last height, both included. */
  readonly from: number;
  readonly to: number;
  readonly out: string | undefined;
  readonly csv: string | undefined;
  readonly jsonl: string | undefined;
  /** Folder for receipts, and of which transactions; of all in the range where none are named. */
  readonly receipts: string | undefined;
  readonly transactions: ReadonlySet<string> | undefined;
  readonly onProgress: (height: number) => void;
}

/** How much was written. */
export interface ExportReport {
  readonly from: number;
  readonly to: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly receipts: number;
}

/**
 * Writes blocks, receipts and tables of a node's copy.
 * @throws {ExportError} `EXPORT_SOURCE_DAMAGED` where the copy does not hold what is asked for.
 */
export async function writeExport(options: ExportOptions): Promise<ExportReport> {
  const { copy, from, to, onProgress } = options;
  const outputs = new Outputs(options);
  const ids: TransactionId[] = [];
  let transactions = 0;
  try {
    for await (const block of copy.blocks(from)) {
      if (block.height > to) break;
      const { header, payload } = wholeBlock(block);
      outputs.block(block, header, payload);
      const index = copy.derived && keptIn(copy.derived, indexKey(block.height));
      if (index === undefined || typeof index === 'string') throw damaged(block.height, 'its outcomes are not there');
      const leaves = decodeIndex(index).leaves.map(({ leaf }) => decodeLeaf(leaf).id);
      transactions += leaves.length;
      if (options.receipts !== undefined)
        ids.push(...leaves.filter((id) => options.transactions === undefined || options.transactions.has(id)));
      outputs.tables(header, payload, index);
      onProgress(block.height);
    }
    const receipts = options.receipts === undefined ? 0 : await writeReceipts(copy, options.receipts, ids);
    outputs.finish(to);
    return { from, to, blocks: Math.max(0, to - from + 1), transactions, receipts };
  } catch (error) {
    outputs.abandon();
    throw error;
  }
}

function wholeBlock({ height, header, payload }: CopiedBlock): { header: Uint8Array; payload: Uint8Array } {
  if (typeof header === 'string') throw damaged(height, `its header is ${header}`);
  if (typeof payload === 'string') throw damaged(height, `its payload is ${payload}`);
  const { header: content } = decodeHeader(header);
  if (content.height !== height || payloadIdOf(payload) !== content.payloadHash)
    throw damaged(height, 'its parts do not belong together');
  return { header, payload };
}

/** All files that are written along. */
class Outputs {
  readonly #organizations: Organizations;
  #blocks: ExportWriter | undefined;
  #csv: LineFile | undefined;
  #jsonl: LineFile | undefined;
  #newest: BlockHash | undefined;
  #certified = 0;

  constructor({ copy, from, out, csv, jsonl }: ExportOptions) {
    this.#organizations = new Organizations(copy);
    try {
      if (csv !== undefined) this.#csv = new LineFile(csv, '\r\n');
      if (jsonl !== undefined) this.#jsonl = new LineFile(jsonl, '\n');
      if (out !== undefined) this.#blocks = new ExportWriter(out, { genesis: copy.genesis, from });
      this.#csv?.add([csvRow(CSV_COLUMNS)]);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  block({ height, certificate }: CopiedBlock, header: Uint8Array, payload: Uint8Array): void {
    this.#newest = decodeHeader(header).hash;
    if (typeof certificate !== 'string') this.#certified = height;
    this.#blocks?.add(header, payload, typeof certificate === 'string' ? null : certificate);
  }

  tables(header: Uint8Array, payload: Uint8Array, index: Uint8Array): void {
    if (this.#csv === undefined && this.#jsonl === undefined) return;
    const { lines, rows } = analystRows(header, payload, index, (account) => this.#organizations.of(account));
    this.#csv?.add(rows);
    this.#jsonl?.add(lines);
  }

  finish(to: number): void {
    this.#csv?.close();
    this.#jsonl?.close();
    if (this.#newest === undefined) return this.#blocks?.abandon();
    this.#blocks?.finish({ height: to, finalHeight: this.#certified, blockHash: this.#newest });
  }

  abandon(): void {
    this.#csv?.abandon();
    this.#jsonl?.abandon();
    this.#blocks?.abandon();
  }
}

async function writeReceipts(copy: AuditCopy, folder: string, ids: readonly TransactionId[]): Promise<number> {
  const ledger = await ledgerOf(copy);
  makeFolder(folder);
  let written = 0;
  for (const id of ids) {
    const receipt = receiptOf(ledger, transactionId(id));
    if (receipt === undefined) continue;
    writeWhole(join(folder, `${id}.receipt`), encodeReceipt(receipt), { replace: true });
    written += 1;
  }
  return written;
}

/** The ledger on the copy's own records, as a node opens it: what is damaged must be mended there first. */
async function ledgerOf(copy: AuditCopy): Promise<Ledger> {
  const { derived } = copy;
  if (derived === undefined) throw new ExportError('EXPORT_SOURCE_DAMAGED', { reason: 'only a node makes receipts' });
  const loader = new LedgerLoader();
  for await (const [key, record] of copy.records()) loader.add(key, record);
  const surroundings = {
    modules: builtinModules(),
    accounts: accountDirectory,
    isSigned: (one: { publicKey: Uint8Array; signedBytes: Uint8Array; signature: Uint8Array }) =>
      verifySignature(one.publicKey, one.signedBytes, one.signature),
    rebuild: false,
    rulesKnown: RULES_KNOWN,
  };
  return loader.finish(new RecordStore(derived), surroundings, copy.genesis).ledger;
}

function damaged(height: number, reason: string): ExportError {
  return new ExportError('EXPORT_SOURCE_DAMAGED', { reason: `block ${height}: ${reason}` });
}
