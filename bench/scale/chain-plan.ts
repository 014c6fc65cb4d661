/** State records that a new node of `coordination` adds: its data, what is kept beside it, its place under its parent. */
export const RECORDS_PER_NODE = 3;
/** At most so many operations stand in a transaction of a default chain, and so many transactions in one prepared block. */
const OPERATIONS_MAX = 64;
const TRANSACTIONS_MAX = 60;

/** What one prepared transaction does: creates nodes with these numbers, or changes the one with this number. */
export type PlannedTransaction =
  | { readonly kind: 'create'; readonly from: number; readonly count: number }
  | { readonly kind: 'set'; readonly node: number };

/**
 * The transactions of each block of a chain of `heights` blocks that leaves about `keys` state records: nodes are
 * created evenly, as late blocks must not differ from early ones; a block to which none falls changes one.
 * @param heights - At least 1; more where so many cannot hold that many nodes.
 */
export function* planChain(keys: number, heights: number): Generator<readonly PlannedTransaction[]> {
  const nodes = Math.max(1, Math.ceil(keys / RECORDS_PER_NODE));
  const blocks = Math.max(heights, Math.ceil(nodes / (OPERATIONS_MAX * TRANSACTIONS_MAX)));
  let made = 0;
  for (let block = 1; block <= blocks; block++) {
    const until = Math.ceil((nodes * block) / blocks);
    if (until === made) {
      yield [{ kind: 'set', node: block % made }];
      continue;
    }
    const transactions: PlannedTransaction[] = [];
    for (let from = made; from < until; from += OPERATIONS_MAX)
      transactions.push({ kind: 'create', from, count: Math.min(OPERATIONS_MAX, until - from) });
    made = until;
    yield transactions;
  }
}
