import { CborReader, type TransactionId } from '@varve/encoding';
import { decodeLeaf, type Outcome } from '@varve/ledger';
import { indexKey, type Ledger } from '@varve/ledger/chain';

/**
 * Ids and outcomes of the block at `at`, in the order of its leaves. It leaves transactions and results alone, which
 * `transactionsAt` would decode: this runs for every block while submitters wait.
 */
export function leavesAt(
  ledger: Ledger,
  at: number,
): readonly { readonly id: TransactionId; readonly outcome: Outcome }[] {
  const body = ledger.records.get(indexKey(at));
  if (body === undefined) return [];
  const reader = new CborReader(body);
  reader.array(2);
  reader.byteString();
  return reader.list((item) => {
    item.array(3);
    item.uint();
    const { id, outcome } = decodeLeaf(item.byteString());
    item.byteString();
    return { id, outcome };
  });
}
