import { CborReader, type CborValue, encodeCbor, fromHex, type TransactionId, toHex } from '@varve/encoding';
import { LedgerError, readingAs } from './errors.ts';
import type { Transaction } from './transaction.ts';

/** How a transaction ended. Covered by the block's transactions root. */
export interface Outcome {
  /** `OK`, or the code of the operation that failed. */
  readonly code: string;
  /** Position of that operation; null for `OK`. */
  readonly failedOperation: number | null;
  /** SHA-256 of the results. */
  readonly resultsHash: Uint8Array;
}

/** Something a module says happened. */
export interface ModuleEvent {
  readonly module: string;
  readonly topic: string;
  readonly value: CborValue;
}

/** What the operations returned and emitted; both empty where the transaction was undone. */
export interface Results {
  readonly values: readonly CborValue[];
  readonly events: readonly ModuleEvent[];
}

/** The code of success. */
export const OUTCOME_OK = 'OK';

/** FORMATS `results`: values travel one deeper than they were made, so modules return at most six levels. */
export function encodeResults(results: Results): Uint8Array {
  return encodeCbor([results.values, results.events.map((event) => [event.module, event.topic, event.value])]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeResults(bytes: Uint8Array): Results {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(2);
    const values = reader.list((inner) => inner.value(2));
    const events = reader.list((inner) => {
      inner.array(3);
      return { module: inner.text(), topic: inner.text(), value: inner.value(3) };
    });
    reader.end();
    return { values, events };
  });
}

/** FORMATS `outcome`, as a CBOR value. */
export function outcomeValue(outcome: Outcome): CborValue {
  return [outcome.code, outcome.failedOperation, outcome.resultsHash];
}

/** Reads an outcome inside another record. */
export function readOutcome(reader: CborReader): Outcome {
  reader.array(3);
  return {
    code: reader.text(),
    failedOperation: reader.nullable((inner) => inner.uint()),
    resultsHash: reader.byteString(32),
  };
}

/** A leaf of the transactions tree: which transaction, in which bytes, ended how. */
export interface Leaf {
  readonly id: TransactionId;
  readonly transactionHash: Uint8Array;
  readonly outcome: Outcome;
}

/** Leaf data of the transactions tree: CBOR `[transactionId, SHA-256(transaction bytes), outcome]`. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  return encodeCbor([fromHex(leaf.id), leaf.transactionHash, outcomeValue(leaf.outcome)]);
}

/** The leaf of a transaction and its outcome. */
export function leafOf(transaction: Transaction, outcome: Outcome): Leaf {
  return { id: transaction.id, transactionHash: transaction.hash, outcome };
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    const id = toHex(reader.byteString(32)) as TransactionId;
    const leaf: Leaf = { id, transactionHash: reader.byteString(32), outcome: readOutcome(reader) };
    reader.end();
    if ((leaf.outcome.code === OUTCOME_OK) !== (leaf.outcome.failedOperation === null)) {
      throw new LedgerError('RECORD_MALFORMED', { reason: 'an outcome names its failed operation, and OK names none' });
    }
    return leaf;
  });
}
