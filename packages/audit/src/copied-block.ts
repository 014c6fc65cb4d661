import { decodedTransaction, decodePayload, type PayloadContent, type Transaction } from '@varve/ledger';

/** A record's body as a copy gives it, or why it gives none. */
export type Kept = Uint8Array | 'missing' | 'damaged';

/** Everything that a copy holds of one height, before any of it is believed. */
export interface CopiedBlock {
  readonly height: number;
  readonly header: Kept;
  /** Of block 0 there is none. */
  readonly payload: Kept;
  /** Few copies have one for every block. */
  readonly certificate: Kept;
}

/** Whether the copy has these bytes. */
export function isKept(kept: Kept): kept is Uint8Array {
  return typeof kept !== 'string';
}

/** A payload that was decoded, and its signatures judged, ahead of its execution. */
export interface OpenedPayload {
  readonly content: PayloadContent;
  /** `undefined` for items that are no transactions. */
  readonly decoded: readonly (Transaction | undefined)[];
  readonly isSigned: (transaction: Transaction) => boolean;
}

/** Decodes a payload; `undefined` where it is none. */
export function openPayload(
  bytes: Uint8Array,
  isSigned: (transaction: Transaction) => boolean,
): OpenedPayload | undefined {
  try {
    const content = decodePayload(bytes);
    return { content, decoded: content.transactions.map(decodedTransaction), isSigned };
  } catch {
    return undefined;
  }
}
