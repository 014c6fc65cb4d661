import { assert } from '@varve/consensus';
import { type BlockHash, type Height, height, type TransactionId, toHex } from '@varve/encoding';
import { MerkleLog, type StateProof } from '@varve/merkle';
import { type Certificate, decodeCertificate } from './certificate.ts';
import type { RuledStretch } from './configuration-history.ts';
import { LedgerError } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';
import type { Ledger } from './ledger.ts';
import type { StateEntry } from './module.ts';
import { decodeLeaf, decodeResults, type ModuleEvent, type Outcome } from './outcome.ts';
import { decodePayload } from './payload.ts';
import type { ConfigurationStep, Receipt } from './receipt.ts';
import {
  certificateKey,
  decodeIndex,
  decodeUndo,
  headerKey,
  heightOfKey,
  type IndexRecord,
  indexKey,
  parseNumber,
  payloadKey,
  RECORD_KIND,
  undoKey,
} from './records.ts';
import { stateTreeKey } from './state.ts';
import { RecordDamaged } from './store.ts';
import { decodeTransaction, type Transaction } from './transaction.ts';

/** A transaction that got a leaf, with everything that was kept of it. */
export interface TransactionView {
  readonly transaction: Transaction;
  readonly height: Height;
  /** Position among the leaves of its block, from 0. */
  readonly leafIndex: number;
  readonly outcome: Outcome;
  readonly results: Uint8Array;
}

/** Header of the block at `at`, or `undefined` above the tip. */
export function headerAt(ledger: Ledger, at: number): SealedHeader | undefined {
  if (at > ledger.tip.header.height) return undefined;
  if (at === ledger.tip.header.height) return ledger.tip;
  const body = ledger.records.get(headerKey(at));
  return body && decodeHeader(body);
}

/** Height of the block with this hash. */
export function heightOfHash(ledger: Ledger, hash: BlockHash): Height | undefined {
  const body = ledger.records.get(heightOfKey(hash));
  return body && height(Number(new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0)));
}

/** Payload of the block at `at`; `undefined` where this store does not hold it, and for block 0. */
export function payloadAt(ledger: Ledger, at: number): Uint8Array | undefined {
  const sealed = headerAt(ledger, at);
  return sealed && at > 0 ? ledger.records.get(payloadKey(sealed.header.payloadHash)) : undefined;
}

/**
 * The block that a damaged record belongs to, where peers can give it again: for headers, payloads and certificates.
 * A payload's block is searched among all headers.
 */
export function heightOfDamage(ledger: Ledger, key: Uint8Array): Height | undefined {
  if (key[0] === RECORD_KIND.header || key[0] === RECORD_KIND.certificate) return height(parseNumber(key));
  if (key[0] !== RECORD_KIND.payload) return undefined;
  const id = toHex(key.subarray(1));
  for (let at = ledger.tip.header.height; at > 0; at--) {
    if (headerAt(ledger, at)?.header.payloadHash === id) return height(at);
  }
  return undefined;
}

/** The certificate of exactly this height, where one was assembled or received. */
export function certificateAt(ledger: Ledger, at: number): Certificate | undefined {
  const body = ledger.records.get(certificateKey(at));
  return body && decodeCertificate(body);
}

/** What execution left of a block, with what receipts of it have in common once somebody asked for one. */
interface BlockIndex extends IndexRecord {
  common: ReceiptParts | undefined;
}

/** Never changes once the block has a certificate of its own. */
interface ReceiptParts {
  readonly header: SealedHeader;
  readonly transactions: readonly Uint8Array[];
  readonly tree: MerkleLog;
  readonly certificate: Certificate | undefined;
}

/** Decoded indexes kept for each ledger: whoever asks for one transaction of a block tends to ask for others. */
const INDEXES_KEPT = 16;
const indexes = new WeakMap<Ledger, Map<number, BlockIndex>>();

/**
 * The index of the block at `at`; `undefined` where there is no such block, and for block 0. It never changes.
 * @throws {RecordDamaged} also where it is gone.
 */
function indexAt(ledger: Ledger, at: number): BlockIndex | undefined {
  const kept = indexes.get(ledger) ?? new Map<number, BlockIndex>();
  indexes.set(ledger, kept);
  const known = kept.get(at);
  if (known) return known;
  if (at === 0 || at > ledger.tip.header.height) return undefined;
  const body = ledger.records.get(indexKey(at));
  // Every executed block has one: without it the block would look empty.
  if (body === undefined) throw new RecordDamaged(indexKey(at));
  const index: BlockIndex = { ...decodeIndex(body), common: undefined };
  const [oldest] = kept.keys();
  if (kept.size >= INDEXES_KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(at, index);
  return index;
}

/** The transactions of the block at `at` that got a leaf, in order. */
export function transactionsAt(ledger: Ledger, at: number): readonly TransactionView[] {
  const index = indexAt(ledger, at);
  if (index === undefined) return [];
  const { transactions } = decodePayload(demandPayload(ledger, at));
  return index.leaves.map((_, leafIndex) => viewOf(index, transactions, at, leafIndex));
}

/** How a transaction ended, and where it stands. */
export function outcomeOf(
  ledger: Ledger,
  id: TransactionId,
): { readonly height: Height; readonly leafIndex: number; readonly outcome: Outcome } | undefined {
  const place = ledger.place(id);
  const entry = place && indexAt(ledger, place.height)?.leaves[place.leafIndex];
  if (place === undefined || entry === undefined) return undefined;
  return { height: height(place.height), leafIndex: place.leafIndex, outcome: decodeLeaf(entry.leaf).outcome };
}

/** A transaction that got a leaf. */
export function transactionOf(ledger: Ledger, id: TransactionId): TransactionView | undefined {
  const place = ledger.place(id);
  const index = place && indexAt(ledger, place.height);
  if (place === undefined || index === undefined) return undefined;
  const { transactions } = decodePayload(demandPayload(ledger, place.height));
  return viewOf(index, transactions, place.height, place.leafIndex);
}

/** @throws {RecordDamaged} where the block was executed here and its payload is gone. */
function demandPayload(ledger: Ledger, at: number): Uint8Array {
  const sealed = headerAt(ledger, at);
  if (sealed === undefined) throw new RecordDamaged(headerKey(at));
  const key = payloadKey(sealed.header.payloadHash);
  const payload = ledger.records.get(key);
  if (payload === undefined) throw new RecordDamaged(key);
  return payload;
}

function viewOf(
  index: IndexRecord,
  transactions: readonly Uint8Array[],
  at: number,
  leafIndex: number,
): TransactionView {
  const entry = index.leaves[leafIndex];
  const bytes = entry && transactions[entry.payloadIndex];
  assert(entry !== undefined && bytes !== undefined, 'an index names transactions of its own payload');
  return {
    transaction: decodeTransaction(bytes),
    height: height(at),
    leafIndex,
    outcome: decodeLeaf(entry.leaf).outcome,
    results: entry.results,
  };
}

/** SHA-256 of the bytes under which a transaction was executed. */
export function transactionHashOf(ledger: Ledger, id: TransactionId): Uint8Array | undefined {
  const place = ledger.place(id);
  const entry = place && indexAt(ledger, place.height)?.leaves[place.leafIndex];
  return entry && decodeLeaf(entry.leaf).transactionHash;
}

/** Events of the block at `at`: position 0 holds the timers', transactions count from 1. */
export function eventsAt(
  ledger: Ledger,
  at: number,
): readonly {
  readonly position: number;
  readonly id: TransactionId | undefined;
  readonly events: readonly ModuleEvent[];
}[] {
  const index = indexAt(ledger, at);
  if (index === undefined) return [];
  return [
    { position: 0, id: undefined, events: index.timerEvents },
    ...index.leaves.map((entry, i) => ({
      position: i + 1,
      id: decodeLeaf(entry.leaf).id,
      events: decodeResults(entry.results).events,
    })),
  ];
}

/**
 * The receipt of a final transaction; `undefined` where it is unknown or not yet final.
 * @throws {RecordDamaged} where a record that it is made of is gone.
 */
export function receiptOf(ledger: Ledger, id: TransactionId): Receipt | undefined {
  const place = ledger.place(id);
  return place && receiptAt(ledger, place.height, place.leafIndex);
}

/**
 * The receipt of the transaction with leaf `leafIndex` of the block at `at`, where that is final.
 * @throws {RecordDamaged} as `receiptOf`.
 */
export function receiptAt(ledger: Ledger, at: number, leafIndex: number): Receipt | undefined {
  if (at > ledger.finalHeight) return undefined;
  const index = indexAt(ledger, at);
  const entry = index?.leaves[leafIndex];
  if (index === undefined || entry === undefined) return undefined;
  const { header, transactions, tree, certificate: own } = receiptParts(ledger, at, index);
  const transaction = transactions[entry.payloadIndex];
  if (transaction === undefined) return undefined;
  const { certificate, later } = own ? { certificate: own, later: null } : finalityOf(ledger, at);
  return {
    transaction,
    results: entry.results,
    outcome: decodeLeaf(entry.leaf).outcome,
    leafIndex,
    path: tree.inclusion(leafIndex, tree.size),
    header,
    later,
    certificate,
    configurations: stepsTo(ledger, certificate.height),
  };
}

/** What all receipts of the block at `at` have in common; kept with the index, since most are asked for together. */
function receiptParts(ledger: Ledger, at: number, index: BlockIndex): ReceiptParts {
  if (index.common) return index.common;
  const header = headerAt(ledger, at);
  if (header === undefined) throw new RecordDamaged(headerKey(at));
  const parts: ReceiptParts = {
    header,
    transactions: decodePayload(demandPayload(ledger, at)).transactions,
    tree: MerkleLog.of(index.leaves.map((leaf) => leaf.leaf)),
    certificate: certificateAt(ledger, at),
  };
  if (parts.certificate) index.common = parts;
  return parts;
}

/** From the genesis configuration to the one that rules the block at `at`; each last block has its own certificate. */
function stepsTo(ledger: Ledger, at: number): ConfigurationStep[] {
  return ledger.configurations.all.slice(1).flatMap((stretch) => {
    if (stretch.first > at) return [];
    const step = stepTo(ledger, stretch);
    assert(step !== undefined, 'every last block of a configuration is certified');
    return [step];
  });
}

/**
 * The step to a configuration after the first; `undefined` while the last block before it is not certified.
 * @throws {RecordDamaged}
 */
export function stepTo(ledger: Ledger, { first, configuration }: RuledStretch): ConfigurationStep | undefined {
  const lastHeader = headerAt(ledger, first - 1);
  const certificate = certificateAt(ledger, first - 1);
  return lastHeader && certificate && { lastHeader, certificate, next: configuration };
}

/** What makes a block final: a certificate, and where that is of a later block, the way to this one. */
export interface Finality {
  readonly certificate: Certificate;
  readonly later: Receipt['later'];
}

/**
 * The certificate of the block at `at`, else that of the final block; `at` is not above it.
 * @throws {RecordDamaged} where the final block's certificate or header is gone, or there is none yet.
 */
export function finalityOf(ledger: Ledger, at: number): Finality {
  const own = certificateAt(ledger, at);
  if (own) return { certificate: own, later: null };
  const { finalHeight } = ledger;
  const certificate = certificateAt(ledger, finalHeight);
  const header = headerAt(ledger, finalHeight);
  if (certificate === undefined || header === undefined) throw new RecordDamaged(certificateKey(finalHeight));
  return { certificate, later: { header, path: ledger.history.inclusion(at, finalHeight) } };
}

/**
 * The value of `(module, key)` after block `at`, for heights whose undo records are kept.
 * @throws {LedgerError} `STATE_UNAVAILABLE` above the tip, and where an undo record was dropped.
 */
export function stateAt(ledger: Ledger, module: string, key: Uint8Array, at: number): StateEntry | undefined {
  if (at > ledger.tip.header.height) throw new LedgerError('STATE_UNAVAILABLE', { reason: `no block ${at} yet` });
  for (let above = at + 1; above <= ledger.tip.header.height; above++) {
    const body = ledger.records.get(undoKey(above));
    if (body === undefined) throw new LedgerError('STATE_UNAVAILABLE', { reason: `block ${above} cannot be undone` });
    const entry = decodeUndo(body).find((undo) => undo.module === module && sameKey(undo.key, key));
    if (entry) return entry.before;
  }
  return ledger.get(module, key);
}

/** The proof that `(module, key)` has its value, or none, after block `at`; `undefined` where `treeAt` has no tree. */
export function stateProofAt(ledger: Ledger, module: string, key: Uint8Array, at: number): StateProof | undefined {
  return ledger.treeAt(at)?.prove(stateTreeKey(module, key));
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
