import type { TransactionId } from '@varve/encoding';

/** Where a transaction stands: the block, and its position among the leaves. */
export interface Place {
  readonly height: number;
  readonly leafIndex: number;
}

/** Knows where the transactions of a chain stand. */
export interface TransactionPlaces {
  /** @throws {RecordDamaged} where the record is gone that would say. */
  find(id: TransactionId): Place | undefined;

  /**
   * Takes the transactions of the next block, one for each leaf.
   * @param height - Above that of all before.
   */
  append(height: number, transactions: readonly { readonly id: TransactionId }[]): void;
}
