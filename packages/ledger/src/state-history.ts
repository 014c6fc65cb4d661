import { HASH_BYTES, sha256Into } from '@varve/crypto';
import { bytesEqual } from '@varve/encoding';
import type { StateChange as LeafChange, StateTree, StateVersion } from '@varve/merkle';
import { LedgerError } from './errors.ts';
import { decodeHeader } from './header.ts';
import { decodeUndo, headerKey, undoKey } from './records.ts';
import { stateTreeKey, stateTreeValue } from './state.ts';
import type { StateKey } from './state-key.ts';
import { type RecordStore, unlessDamaged } from './store.ts';

/** Values replaced by blocks down to this far below the final height stay readable. */
export const STATE_HISTORY_HEIGHTS = 256;
/**
 * Tree nodes kept for proofs below the final height, besides those that the newest state needs: about 50 MiB. A change
 * supersedes the nodes above it, 12 among a million keys where a block changes a thousand: that many blocks of such a
 * chain reach 87 heights back, with a hundred changes each all 256. Values reach as far as `STATE_HISTORY_HEIGHTS` always.
 */
export const STATE_HISTORY_NODES_MAX: number = 2 ** 20;

/** Where the hash of one entry lies until the tree has copied it. */
const valueHash = new Uint8Array(HASH_BYTES);

/**
 * The state trees of a ledger: from the final height to the tip always, below as long as they are affordable. Those of
 * before the start are made of undo records once somebody asks for them.
 */
export class StateHistory {
  readonly #tree: StateTree;
  readonly #records: RecordStore;
  readonly #nodesMax: number;

  /** @param tree - Has the version of the tip. */
  constructor(tree: StateTree, records: RecordStore, nodesMax: number = STATE_HISTORY_NODES_MAX) {
    this.#tree = tree;
    this.#records = records;
    this.#nodesMax = nodesMax;
  }

  at(height: number): StateVersion | undefined {
    return this.#tree.at(height);
  }

  /** Whether the newest state has a key. */
  has(key: StateKey): boolean {
    return this.#tree.has(key.treeKey);
  }

  /**
   * Notes a change of the block above the newest.
   * @param value - The encoded entry, `undefined` where the key is deleted.
   */
  stage(key: StateKey, value: Uint8Array | undefined): void {
    if (value) sha256Into(valueHash, value);
    this.#tree.stage(key.treeKey, value && valueHash);
  }

  /** The tree after that block. */
  commit(): StateVersion {
    return this.#tree.commit(this.#tree.newest + 1);
  }

  /** Drops what is no longer readable, and what is too dear to keep. */
  trim(finalHeight: number): void {
    const floor = finalHeight - STATE_HISTORY_HEIGHTS;
    const isDear = (): boolean => this.#tree.supersededCount > this.#nodesMax;
    while (this.#tree.oldest < floor || (this.#tree.oldest < finalHeight && isDear())) this.#tree.dropOldest();
  }

  /** Undoes blocks until the tree of `height` is there. @returns Whether their undo records are whole. */
  reach(height: number): boolean {
    while (this.#tree.oldest > height) if (!this.#undo()) return false;
    return true;
  }

  /**
   * Undoes blocks below the final height, until the tree of `height` is there or about `keysMax` keys are restored.
   * @returns Whether it is there; if not, the next call goes on.
   * @throws {LedgerError} `STATE_UNAVAILABLE` where it cannot be made, or would take too much memory.
   */
  restore(height: number, finalHeight: number, keysMax: number): boolean {
    if (height > this.#tree.newest) throw unavailable(`no block ${height} yet`);
    if (height < finalHeight - STATE_HISTORY_HEIGHTS) throw unavailable(`block ${height} is too old`);
    for (let keys = 0; this.#tree.oldest > height; ) {
      if (keys >= keysMax) return false;
      const { oldest, supersededCount } = this.#tree;
      if (supersededCount >= this.#nodesMax) throw unavailable(`proofs reach back to block ${oldest}`);
      const restored = this.#undo();
      if (restored === undefined) throw unavailable(`block ${oldest} cannot be undone`);
      keys += restored;
    }
    return true;
  }

  /** Adds the tree below the oldest one. @returns The number of keys that differ; `undefined` where it cannot be made. */
  #undo(): number | undefined {
    const { oldest } = this.#tree;
    const changes = undoChanges(this.#records, oldest);
    if (changes === undefined) return undefined;
    const { root } = this.#tree.extendBelow(changes);
    const header = unlessDamaged(() => this.#records.get(headerKey(oldest - 1)));
    // A damaged header is fetched again from peers and is no fault of the state.
    if (header === undefined || bytesEqual(decodeHeader(header).header.stateRoot, root)) return changes.length + 1;
    this.#tree.dropOldest();
    return undefined;
  }
}

/** What leads from the tree of `height` to the one below; `undefined` where the undo record is damaged or gone. */
function undoChanges(records: RecordStore, height: number): LeafChange[] | undefined {
  const body = height > 0 ? unlessDamaged(() => records.get(undoKey(height))) : undefined;
  return (
    body &&
    decodeUndo(body).map(({ module, key, before }) => ({
      key: stateTreeKey(module, key),
      value: before && stateTreeValue(before),
    }))
  );
}

function unavailable(reason: string): LedgerError {
  return new LedgerError('STATE_UNAVAILABLE', { reason });
}
