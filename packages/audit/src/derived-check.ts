import { sha256 } from '@varve/crypto';
import { bytesEqual, type TransactionId } from '@varve/encoding';
import { decodeHeader, decodeLeaf, decodePayload, type Leaf } from '@varve/ledger';
import {
  certificateKey,
  decodeIndex,
  headerKey,
  type IndexRecord,
  indexKey,
  payloadKey,
  RECORD_KIND,
  type Store,
  type StoreOperation,
  unchecked,
} from '@varve/ledger/chain';
import type { CopiedBlock, Kept } from './copied-block.ts';
import type { Findings } from './finding.ts';

/** What a node keeps of each block beside the block: what each record is to people. */
const NAMES: ReadonlyMap<number | undefined, string> = new Map([
  [RECORD_KIND.heightOf, 'the height of the block hash'],
  [RECORD_KIND.index, 'the outcomes of the block'],
  [RECORD_KIND.undo, 'what the block replaced'],
  [RECORD_KIND.configuration, 'the next configuration'],
]);

/** The body of a record, whatever is wrong with it. */
export function keptIn(store: Store, key: Uint8Array): Kept {
  try {
    const record = store.get(key);
    return record === undefined ? 'missing' : unchecked(key, record);
  } catch {
    return 'damaged';
  }
}

/** The block at a height as a store holds it. */
export function storedBlock(store: Store, height: number): CopiedBlock {
  const header = keptIn(store, headerKey(height));
  return { height, header, payload: payloadOf(store, header), certificate: keptIn(store, certificateKey(height)) };
}

function payloadOf(store: Store, header: Kept): Kept {
  if (typeof header === 'string') return 'missing';
  try {
    return keptIn(store, payloadKey(decodeHeader(header).header.payloadHash));
  } catch {
    return 'missing';
  }
}

/**
 * Compares what a copy keeps of a block with what execution writes for it.
 * @param written - Everything that execution wrote, with checksums.
 * @param isUndoKept - Whether the copy must still know what the block replaced.
 */
export function checkDerived(
  store: Store,
  height: number,
  written: readonly StoreOperation[],
  isUndoKept: boolean,
  findings: Findings,
): void {
  for (const { key, value } of written) {
    const name = NAMES.get(key[0]);
    if (name === undefined || value === undefined) continue;
    const expected = unchecked(key, value);
    const kept = keptIn(store, key);
    if (kept === 'missing') {
      if (key[0] !== RECORD_KIND.undo || isUndoKept) findings.add('RECORD_MISSING', height, `${name} is missing`);
    } else if (kept === 'damaged') {
      findings.add('RECORD_DAMAGED', height, `${name}: the record has a wrong checksum`);
    } else if (!bytesEqual(kept, expected)) {
      if (key[0] === RECORD_KIND.index) compareIndexes(height, kept, expected, findings);
      else if (key[0] === RECORD_KIND.configuration)
        findings.add('CONFIGURATION_WRONG', height, 'the configuration kept as the next is not the one decided');
      else findings.add('RECORD_WRONG', height, `${name} is not what execution gives`);
    }
  }
}

function compareIndexes(height: number, kept: Uint8Array, expected: Uint8Array, findings: Findings): void {
  const right = decodeIndex(expected);
  const found = tryDecode(kept);
  if (found === undefined) {
    findings.add('RECORD_WRONG', height, 'the outcomes of the block cannot be read');
    return;
  }
  let named = 0;
  for (let i = 0; i < Math.max(found.leaves.length, right.leaves.length); i++) {
    const [is, must] = [found.leaves[i], right.leaves[i]];
    if (is && must && is.payloadIndex === must.payloadIndex && sameResult(is, must)) continue;
    named += 1;
    const [a, b] = [is && leafOrNone(is.leaf), must && decodeLeaf(must.leaf)];
    const transaction: TransactionId | undefined = b?.id ?? a?.id;
    const text = `its outcome is kept as ${say(a)}; execution gives ${say(b)}`;
    findings.add('OUTCOME_CHANGED', height, text, transaction === undefined ? {} : { transaction });
  }
  if (named === 0) findings.add('OUTCOME_CHANGED', height, 'the events of its timers are not those of execution');
}

function sameResult(a: IndexRecord['leaves'][number], b: IndexRecord['leaves'][number]): boolean {
  return bytesEqual(a.leaf, b.leaf) && bytesEqual(a.results, b.results);
}

function say(leaf: Leaf | undefined): string {
  if (leaf === undefined) return 'none';
  const { code, failedOperation } = leaf.outcome;
  return failedOperation === null ? code : `${code} at operation ${failedOperation}`;
}

function leafOrNone(bytes: Uint8Array): Leaf | undefined {
  try {
    return decodeLeaf(bytes);
  } catch {
    return undefined;
  }
}

function tryDecode(body: Uint8Array): IndexRecord | undefined {
  try {
    return decodeIndex(body);
  } catch {
    return undefined;
  }
}

/** Names the transactions whose bytes in a changed payload are not those whose outcomes the copy keeps. */
export function nameChanged(store: Store, height: number, payload: Uint8Array, findings: Findings): void {
  const body = keptIn(store, indexKey(height));
  const index = typeof body === 'string' ? undefined : tryDecode(body);
  let transactions: readonly Uint8Array[];
  try {
    transactions = decodePayload(payload).transactions;
  } catch {
    return;
  }
  for (const entry of index?.leaves ?? []) {
    const leaf = leafOrNone(entry.leaf);
    const bytes = transactions[entry.payloadIndex];
    if (leaf === undefined || (bytes && bytesEqual(sha256(bytes), leaf.transactionHash))) continue;
    const text = bytes ? 'its bytes are not those that were executed' : 'it is no longer in the payload';
    findings.add('TRANSACTION_CHANGED', height, text, { transaction: leaf.id });
  }
}
