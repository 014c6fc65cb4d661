import { type FaultModel, faultModelOf } from '@varve/consensus';
import { sha256, verifySignature } from '@varve/crypto';
import { type AccountId, type BlockHash, bytesEqual, type TransactionId, toHex } from '@varve/encoding';
import {
  decodeResults,
  decodeTransaction,
  encodeLeaf,
  leafOf,
  type Operation,
  OUTCOME_OK,
  type Receipt,
  type Results,
  readReceipt,
  type Transaction,
} from '@varve/ledger';
import { verifyInclusion } from '@varve/merkle';
import { chainsOf, reignsOf, wellFormed } from './configurations.ts';
import { type Finality, type Options, proveFinal } from './finality.ts';
import type { Trust } from './trust.ts';
import { demand, judged, reading, type Verdict } from './verdict.ts';

/** Everything that a receipt proves. */
export interface ReceiptReport extends Finality {
  readonly transactionId: TransactionId;
  readonly account: AccountId;
  /** The key that signed, in hexadecimal. That it was active for the account is the validators' word. */
  readonly publicKey: string;
  readonly operations: readonly Operation[];
  /** `OK`, or the code of the operation that failed. */
  readonly code: string;
  readonly failedOperation: number | null;
  readonly results: Results;
  /** The block that holds the transaction. */
  readonly height: number;
  readonly blockHash: BlockHash;
  /** Unix milliseconds. */
  readonly time: number;
  /** Place among the transactions of the block, from 0. */
  readonly leafIndex: number;
  /**
   * Fault model of the block's own configuration; that of the certificate is `faultModel`. Null where the block is not
   * above the trusted checkpoint, which does not tell.
   */
  readonly blockFaultModel: FaultModel | null;
}

/**
 * Checks a receipt offline: that its transaction is signed, in a block, with this outcome, and that the block is final
 * on the chain of `trust`. Total: any input has a verdict.
 * @param receiptBytes - FORMATS `receipt`, or its JSON form in UTF-8.
 */
export function verifyReceipt(receiptBytes: Uint8Array, trust: Trust, options: Options = {}): Verdict<ReceiptReport> {
  return judged('RECEIPT_MALFORMED', (trail) => {
    const read = trail.take('form', () => readWhole(receiptBytes), wellFormed('the receipt and its transaction'));
    const { receipt, transaction } = read;
    const { outcome, header: block, later, certificate } = receipt;
    const chains = [transaction.chainId, ...chainsOf(block, later?.header)];
    const reigns = reignsOf(trail, trust, chains, receipt.configurations);
    const { publicKey, account } = transaction;
    trail.take(
      'signature',
      () => demandSignature(transaction),
      () => `The transaction is signed by key ${toHex(publicKey)} for account ${account}.`,
    );
    const { height } = block.header;
    const results = trail.take(
      'outcome',
      () => demandOutcome(receipt, transaction),
      () =>
        `Block ${height} holds this transaction at place ${receipt.leafIndex + 1} with the outcome ${outcome.code}.`,
    );
    const { finality, own } = proveFinal(trail, reigns, { block, later, certificate }, options);
    return {
      ...finality,
      transactionId: transaction.id,
      account,
      publicKey: toHex(publicKey),
      operations: transaction.operations,
      code: outcome.code,
      failedOperation: outcome.failedOperation,
      results,
      height,
      blockHash: block.hash,
      time: block.header.time,
      leafIndex: receipt.leafIndex,
      blockFaultModel: own ? faultModelOf(own.configuration.protocol) : null,
    };
  });
}

function readWhole(bytes: Uint8Array): { readonly receipt: Receipt; readonly transaction: Transaction } {
  const receipt = reading('RECEIPT_MALFORMED', () => readReceipt(bytes));
  return { receipt, transaction: reading('TRANSACTION_MALFORMED', () => decodeTransaction(receipt.transaction)) };
}

function demandSignature({ publicKey, signedBytes, signature }: Transaction): void {
  const isSigned = verifySignature(publicKey, signedBytes, signature);
  demand(isSigned, 'SIGNATURE_INVALID', 'the transaction is not signed by its key');
}

function demandOutcome(receipt: Receipt, transaction: Transaction): Results {
  demandLeaf(receipt, transaction);
  const { results, outcome } = receipt;
  const detail = 'they are not those that the outcome names';
  demand(bytesEqual(sha256(results), outcome.resultsHash), 'RESULTS_MISMATCH', detail);
  return reading('RESULTS_MISMATCH', () => decodeResults(results));
}

function demandLeaf({ header: { header }, outcome, leafIndex, path }: Receipt, transaction: Transaction): void {
  const included = (fact: boolean, detail: string): void => demand(fact, 'LEAF_NOT_INCLUDED', detail);
  included((outcome.code === OUTCOME_OK) === (outcome.failedOperation === null), 'the outcome contradicts itself');
  const leaf = encodeLeaf(leafOf(transaction, outcome));
  const { transactionsRoot, transactionCount } = header;
  included(
    verifyInclusion(transactionsRoot, leaf, leafIndex, transactionCount, path),
    'the path does not lead from the leaf to the transactions root',
  );
}
