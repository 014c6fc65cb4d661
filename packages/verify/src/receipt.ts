import { type FaultModel, faultModelOf } from '@varve/consensus';
import { sha256, verifySignature } from '@varve/crypto';
import { type AccountId, type BlockHash, bytesEqual, fromHex, type TransactionId, toHex } from '@varve/encoding';
import {
  decodeReceipt,
  decodeResults,
  decodeTransaction,
  encodeLeaf,
  leafOf,
  type Operation,
  OUTCOME_OK,
  type Receipt,
  type Results,
  type Transaction,
} from '@varve/ledger';
import { verifyInclusion } from '@varve/merkle';
import { type Finality, finalityOf } from './certified-block.ts';
import { demandCertificate, reignOf, type Trust, walkConfigurations } from './configurations.ts';
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
  /** Fault model of the block's own configuration; that of the certificate is `faultModel`. */
  readonly blockFaultModel: FaultModel;
}

/**
 * Checks a receipt offline: that its transaction is signed, in a block, with this outcome, and that the block is final
 * on the chain of `trust`. Total: any input has a verdict.
 * @param receiptBytes - FORMATS `receipt`.
 */
export function verifyReceipt(receiptBytes: Uint8Array, trust: Trust): Verdict<ReceiptReport> {
  return judged('RECEIPT_MALFORMED', () => {
    const receipt = reading('RECEIPT_MALFORMED', () => decodeReceipt(receiptBytes));
    const reigns = walkConfigurations(trust, receipt.configurations);
    const transaction = reading('TRANSACTION_MALFORMED', () => decodeTransaction(receipt.transaction));
    demand(transaction.chainId === reigns.chainId, 'CHAIN_MISMATCH', `it was signed for chain ${transaction.chainId}`);
    const own = reignOf(reigns, receipt.header);
    demandLeaf(receipt, transaction);
    demandHistory(receipt);
    const certified = receipt.later?.header ?? receipt.header;
    const reign = receipt.later ? reignOf(reigns, certified) : own;
    demandCertificate(reigns, certified, reign, receipt.certificate);
    demand(
      verifySignature(transaction.publicKey, transaction.signedBytes, transaction.signature),
      'SIGNATURE_INVALID',
      'the transaction is not signed by its key',
    );
    const { header, hash } = receipt.header;
    return {
      ...finalityOf(reigns, reign, receipt.certificate),
      transactionId: transaction.id,
      account: transaction.account,
      publicKey: toHex(transaction.publicKey),
      operations: transaction.operations,
      code: receipt.outcome.code,
      failedOperation: receipt.outcome.failedOperation,
      results: demandResults(receipt),
      height: header.height,
      blockHash: hash,
      time: header.time,
      leafIndex: receipt.leafIndex,
      blockFaultModel: faultModelOf(own.configuration.protocol),
    };
  });
}

function demandResults({ results, outcome }: Receipt): Results {
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

/** The history root of a block covers the hashes of all blocks below it: leaf n is that of height n. */
function demandHistory({ header, later }: Receipt): void {
  if (later === null) return;
  const { historyRoot, height } = later.header.header;
  demand(
    verifyInclusion(historyRoot, fromHex(header.hash), header.header.height, height, later.path),
    'BLOCK_NOT_IN_HISTORY',
    'the path does not lead from the block hash to the history root',
  );
}
