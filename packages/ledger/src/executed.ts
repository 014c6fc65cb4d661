import { HASH_BYTES, sha256, sha256Into } from '@varve/crypto';
import { CborReader, CborWriter, type TransactionId } from '@varve/encoding';
import { RootBuilder } from '@varve/merkle';
import { EncodedList } from './encoded-list.ts';
import { decodeLeaf, encodeResults, OUTCOME_OK, type Outcome } from './outcome.ts';
import type { Transaction } from './transaction.ts';

/** Bytes that the index record has for most transactions. */
const ITEM_BYTES = 256;
/** Room for more is made when it is needed: whoever proposes a payload chooses how many items it has. */
const EXPECTED_BYTES_MAX: number = 1024 * 1024;
const EMPTY_RESULTS: Uint8Array = encodeResults({ values: [], events: [] });
const EMPTY_RESULTS_HASH: Uint8Array = sha256(EMPTY_RESULTS);

// Room for one leaf and one hash. Nothing is kept in them between calls.
const leafWriter = new CborWriter();
const resultsHash = new Uint8Array(HASH_BYTES);

/** A transaction that got a leaf. Few ask for more than its id: the rest is read from the item when asked. */
export class ExecutedTransaction {
  readonly id: TransactionId;
  readonly #items: CborWriter;
  /** Where its item begins. */
  readonly #start: number;

  constructor(id: TransactionId, items: CborWriter, start: number) {
    this.id = id;
    this.#items = items;
    this.#start = start;
  }

  get outcome(): Outcome {
    return decodeLeaf(this.leaf).outcome;
  }

  /** Leaf data of the transactions tree: see `encodeLeaf`. */
  get leaf(): Uint8Array {
    return this.#item().leaf;
  }

  /** FORMATS `results`. */
  get results(): Uint8Array {
    return this.#item().results;
  }

  #item(): { readonly leaf: Uint8Array; readonly results: Uint8Array } {
    const reader = new CborReader(this.#items.written);
    reader.offset = this.#start;
    reader.array(3);
    reader.uint();
    return { leaf: reader.byteString(), results: reader.byteString() };
  }
}

/**
 * The transactions of a block that got a leaf, as its index record holds them: an item `[payloadIndex, leaf, results]`
 * for each, encoded as soon as it was executed.
 */
export class ExecutedTransactions {
  readonly transactions: ExecutedTransaction[] = [];
  /** What the index record holds. */
  readonly list: EncodedList;
  readonly #root = new RootBuilder();

  /** @param expected - About how many there will be. */
  constructor(expected: number) {
    this.list = new EncodedList(Math.min(expected * ITEM_BYTES, EXPECTED_BYTES_MAX));
  }

  /** Root of the transactions tree, 32 bytes. */
  get root(): Uint8Array {
    return this.#root.root();
  }

  /** @param results - FORMATS `results`. */
  succeeded(transaction: Transaction, payloadIndex: number, results: Uint8Array): void {
    sha256Into(resultsHash, results);
    this.#add(transaction, payloadIndex, { code: OUTCOME_OK, failedOperation: null, resultsHash }, results);
  }

  /** @param code - Of the operation at position `failedOperation`. */
  failed(transaction: Transaction, payloadIndex: number, code: string, failedOperation: number): void {
    this.#add(transaction, payloadIndex, { code, failedOperation, resultsHash: EMPTY_RESULTS_HASH }, EMPTY_RESULTS);
  }

  #add(transaction: Transaction, payloadIndex: number, outcome: Outcome, results: Uint8Array): void {
    const leaf = writtenLeaf(transaction, outcome);
    this.#root.add(leaf);
    const { items } = this.list;
    this.transactions.push(new ExecutedTransaction(transaction.id, items, items.length));
    items.array(3);
    items.uint(payloadIndex);
    items.byteString(leaf);
    items.byteString(results);
    this.list.close();
  }
}

/** What `encodeLeaf` gives: a view, valid until the next call. */
function writtenLeaf({ id, hashHex }: Transaction, { code, failedOperation, resultsHash }: Outcome): Uint8Array {
  leafWriter.truncate(0);
  leafWriter.array(3);
  leafWriter.hexString(id);
  leafWriter.hexString(hashHex);
  leafWriter.array(3);
  leafWriter.text(code);
  if (failedOperation === null) leafWriter.null();
  else leafWriter.uint(failedOperation);
  leafWriter.byteString(resultsHash);
  return leafWriter.written;
}
