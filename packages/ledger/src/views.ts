import { type BlockHash, type Height, height, type TransactionId, toHex } from '@varve/encoding';
import { inclusionProof, type StateProof } from '@varve/merkle';
import { type Certificate, decodeCertificate } from './certificate.ts';
import { LedgerError } from './errors.ts';
import { decodeHeader, type SealedHeader } from './header.ts';
import type { Ledger } from './ledger.ts';
import type { StateEntry } from './module.ts';
import { decodeLeaf, decodeResults, type ModuleEvent, type Outcome } from './outcome.ts';
import { decodePayload } from './payload.ts';
import type { Receipt } from './receipt.ts';
import {
  certificateKey,
  decodeIndex,
  decodeUndo,
  headerKey,
  heightOfKey,
  indexKey,
  parseNumber,
  payloadKey,
  RECORD_KIND,
  undoKey,
} from './records.ts';
import { stateTreeKey } from './state.ts';

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
 * The block that a damaged record belongs to, where peers can give it again: for headers and payloads.
 * A payload's block is searched among all headers.
 */
export function heightOfDamage(ledger: Ledger, key: Uint8Array): Height | undefined {
  if (key[0] === RECORD_KIND.header) return height(parseNumber(key));
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

/** The transactions of the block at `at` that got a leaf, in order. */
export function transactionsAt(ledger: Ledger, at: number): readonly TransactionView[] {
  const indexBody = ledger.records.get(indexKey(at));
  const payload = payloadAt(ledger, at);
  if (indexBody === undefined || payload === undefined) return [];
  const { transactions } = decodePayload(payload);
  return decodeIndex(indexBody).leaves.map((entry, leafIndex) => ({
    transaction: decodeTransaction(transactions[entry.payloadIndex] as Uint8Array),
    height: height(at),
    leafIndex,
    outcome: decodeLeaf(entry.leaf).outcome,
    results: entry.results,
  }));
}

/** A transaction that got a leaf. */
export function transactionOf(ledger: Ledger, id: TransactionId): TransactionView | undefined {
  const place = ledger.place(id);
  return place && transactionsAt(ledger, place.height)[place.leafIndex];
}

/** SHA-256 of the bytes under which a transaction was executed. */
export function transactionHashOf(ledger: Ledger, id: TransactionId): Uint8Array | undefined {
  const place = ledger.place(id);
  const body = place && ledger.records.get(indexKey(place.height));
  const entry = body && decodeIndex(body).leaves[place.leafIndex];
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
  const body = ledger.records.get(indexKey(at));
  if (body === undefined) return [];
  const index = decodeIndex(body);
  return [
    { position: 0, id: undefined, events: index.timerEvents },
    ...index.leaves.map((entry, i) => ({
      position: i + 1,
      id: decodeLeaf(entry.leaf).id,
      events: decodeResults(entry.results).events,
    })),
  ];
}

/** The receipt of a final transaction; `undefined` where it is unknown or not yet final. */
export function receiptOf(ledger: Ledger, id: TransactionId): Receipt | undefined {
  const place = ledger.place(id);
  if (place === undefined || place.height > ledger.finalHeight) return undefined;
  const header = headerAt(ledger, place.height);
  const body = ledger.records.get(indexKey(place.height));
  const payload = payloadAt(ledger, place.height);
  if (header === undefined || body === undefined || payload === undefined) return undefined;
  const { leaves } = decodeIndex(body);
  const entry = leaves[place.leafIndex];
  const transaction = entry && decodePayload(payload).transactions[entry.payloadIndex];
  if (entry === undefined || transaction === undefined) return undefined;
  const certified = nearestCertified(ledger, place.height);
  if (certified === undefined) return undefined;
  const later =
    certified.header.header.height === place.height
      ? null
      : {
          header: certified.header,
          path: ledger.history.inclusion(place.height, certified.header.header.height),
        };
  return {
    transaction,
    results: entry.results,
    outcome: decodeLeaf(entry.leaf).outcome,
    leafIndex: place.leafIndex,
    path: inclusionProof(
      leaves.map((leaf) => leaf.leaf),
      place.leafIndex,
    ),
    header,
    later,
    certificate: certified.certificate,
    configurations: [],
  };
}

/** The block at `at` if it has a certificate of its own, else the final block. */
function nearestCertified(
  ledger: Ledger,
  at: number,
): { readonly header: SealedHeader; readonly certificate: Certificate } | undefined {
  for (const candidate of [at, ledger.finalHeight]) {
    const certificate = certificateAt(ledger, candidate);
    const header = headerAt(ledger, candidate);
    if (certificate && header) return { header, certificate };
  }
  return undefined;
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

/** The proof that `(module, key)` has its value, or none, after block `at`; from the final height to the tip. */
export function stateProofAt(ledger: Ledger, module: string, key: Uint8Array, at: number): StateProof | undefined {
  return ledger.treeAt(at)?.prove(stateTreeKey(module, key));
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
