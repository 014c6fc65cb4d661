import { MerkleError } from './errors.ts';
import { Fingerprints } from './fingerprints.ts';
import { sortedRun } from './leaf-run.ts';
import { type BatchResult, StateBatch } from './state-batch.ts';
import { findLeaf, type NodeRef, prefixAt, StateNodes } from './state-nodes.ts';
import { StateVersion, type VersionRecord } from './state-version.ts';
import { isHash } from './tree-hash.ts';

/** Fewer deleted keys than that are not worth forgetting. */
const KEYS_FORGOTTEN_MIN = 65_536;

/** One change of the state: key and value are hashes of 32 bytes; no value deletes the key. */
export interface StateChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/**
 * The sparse Merkle tree of the state (DESIGN §4): 2^256 places, of which only those on the way to a key exist.
 * An empty subtree hashes to 32 zero bytes, a subtree with one leaf to that leaf, any other to SHA-256(left ‖ right);
 * bits of the key are taken most significant first. The root thus depends on the content alone.
 *
 * The tree is kept at consecutive heights, one version each. A version costs what differs from the next one: nodes are
 * copied when they change, and released when the last version that has them is dropped. Versions are dropped at the
 * low end only, and added at both: above by executing blocks, below by undoing them.
 */
export class StateTree {
  readonly #nodes = new StateNodes();
  readonly #batch = new StateBatch(this.#nodes);
  /** Those of the newest version, and of what was deleted since. */
  #keys = new Fingerprints();
  readonly #versions = new Map<number, VersionRecord>();
  #staged: number[] = [];
  #oldest = 0;
  #newest = -1;
  #supersededCount = 0;

  /** The lowest height that is kept. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The highest height that is kept, below `oldest` where there is no version yet. */
  get newest(): number {
    return this.#newest;
  }

  /** Nodes that are kept only for versions below the newest. */
  get supersededCount(): number {
    return this.#supersededCount;
  }

  /** Nodes of all versions together. */
  get nodeCount(): number {
    return this.#nodes.leaves.count + this.#nodes.inner.count;
  }

  /** Memory of all nodes, and of places free for more. */
  get allocatedBytes(): number {
    return this.#nodes.leaves.allocatedBytes + this.#nodes.inner.allocatedBytes;
  }

  /** The tree after the block at `height`, where it is kept. */
  at(height: number): StateVersion | undefined {
    const record = this.#versions.get(height);
    return record && new StateVersion(this.#nodes, record);
  }

  /**
   * Whether the newest version has a key; one that is not 32 bytes it has not. Most keys that are absent are denied
   * without a walk down the tree, which would fetch a node from memory at every level.
   */
  has(key: Uint8Array): boolean {
    if (!isHash(key) || !this.#keys.has(prefixAt(key, 0))) return false;
    const newest = this.#versions.get(this.#newest);
    return newest !== undefined && findLeaf(this.#nodes, newest.root, key) !== 0;
  }

  /**
   * Notes a change for the next commit; its bytes are copied.
   * @throws {MerkleError} `STATE_CHANGES_INVALID` for a key or value that is not 32 bytes; all that is staged is dropped.
   */
  stage(key: Uint8Array, value: Uint8Array | undefined): void {
    if (!isHash(key)) this.#refuse('a key is not 32 bytes');
    if (value !== undefined && !isHash(value)) this.#refuse('a value is not 32 bytes');
    const leaf = this.#nodes.allocateLeaf(key, value);
    if (value !== undefined) this.#keys.add(prefixAt(key, 0));
    this.#staged.push(value === undefined ? -leaf : leaf);
  }

  /**
   * Makes the version of `height` from the newest one, or from nothing, by all staged changes, in whatever order they
   * came. Deleting an absent key is no change.
   * @param height - One above the newest; any for the first version.
   * @throws {MerkleError} `STATE_CHANGES_INVALID` for a key named twice; then nothing is staged any more.
   *   `STATE_VERSION_UNKNOWN` for another height.
   */
  commit(height: number): StateVersion {
    const before = this.#versions.get(this.#newest);
    if (before !== undefined && height !== this.#newest + 1) throw unknownVersion(height);
    const result = this.#apply(before?.root ?? 0);
    if (before !== undefined) this.#supersede(before, result.superseded);
    else this.#oldest = height;
    this.#newest = height;
    this.#forgetKeys((before?.size ?? 0) + result.sizeChange, result.root);
    return this.#add(height, (before?.size ?? 0) + result.sizeChange, result.root);
  }

  /** `stage` for each change, then `commit`. */
  update(height: number, changes: Iterable<StateChange>): StateVersion {
    for (const { key, value } of changes) this.stage(key, value);
    return this.commit(height);
  }

  /**
   * Makes the version below the oldest one, by changes that lead back to it.
   * @throws {MerkleError} as `stage` and `commit`; `STATE_VERSION_UNKNOWN` where there is no version.
   */
  extendBelow(changes: Iterable<StateChange>): StateVersion {
    const above = this.#versions.get(this.#oldest);
    if (above === undefined) throw unknownVersion(this.#oldest);
    for (const { key, value } of changes) this.stage(key, value);
    const result = this.#apply(above.root);
    this.#oldest -= 1;
    const version = this.#add(this.#oldest, above.size + result.sizeChange, result.root);
    // What the version above does not have goes when this one is dropped, as with versions made upwards.
    this.#supersede(this.#versions.get(this.#oldest) as VersionRecord, this.#batch.created());
    return version;
  }

  /** Drops the oldest version, unless it is the only one, and releases what no other version has. */
  dropOldest(): void {
    const record = this.#versions.get(this.#oldest);
    if (record === undefined || this.#oldest === this.#newest) return;
    for (const ref of record.superseded) this.#nodes.release(ref);
    this.#supersededCount -= record.superseded.length;
    record.isKept = false;
    this.#versions.delete(this.#oldest);
    this.#oldest += 1;
  }

  /** Keys that were deleted stay among `#keys` until there are many. */
  #forgetKeys(size: number, root: NodeRef): void {
    if (this.#keys.count <= 2 * size + KEYS_FORGOTTEN_MIN) return;
    this.#keys = new Fingerprints();
    const ahead: NodeRef[] = [root];
    for (let ref = ahead.pop(); ref !== undefined; ref = ahead.pop()) {
      if (ref > 0) ahead.push(this.#nodes.child(ref, 1), this.#nodes.child(ref, 0));
      else if (ref < 0) this.#keys.add(this.#nodes.keyPrefix(-ref));
    }
  }

  #apply(root: NodeRef): BatchResult {
    const staged = this.#staged;
    this.#staged = [];
    const run = sortedRun(this.#nodes, staged);
    if (run === undefined) {
      this.#staged = staged;
      this.#refuse('a key is named twice');
    }
    return this.#batch.apply(root, run);
  }

  #add(height: number, size: number, root: NodeRef): StateVersion {
    const record = { height, size, root, superseded: new Int32Array(0), isKept: true };
    this.#versions.set(height, record);
    return new StateVersion(this.#nodes, record);
  }

  #supersede(record: VersionRecord, refs: Int32Array): void {
    record.superseded = refs;
    this.#supersededCount += refs.length;
  }

  #refuse(reason: string): never {
    for (const entry of this.#staged) this.#nodes.leaves.release(Math.abs(entry));
    this.#staged = [];
    throw new MerkleError('STATE_CHANGES_INVALID', { reason });
  }
}

function unknownVersion(height: number): MerkleError {
  return new MerkleError('STATE_VERSION_UNKNOWN', { height });
}
