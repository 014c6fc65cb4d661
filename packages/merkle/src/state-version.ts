import { MerkleError } from './errors.ts';
import { bitOf, findLeaf, type NodeRef, type StateNodes } from './state-nodes.ts';
import type { StateProof } from './state-proof.ts';
import { isHash } from './tree-hash.ts';

/** One key of the state with its value, 32 bytes each. */
export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a tree knows of one of its versions. */
export interface VersionRecord {
  readonly height: number;
  readonly size: number;
  readonly root: NodeRef;
  /** Nodes of this version that the next higher one does not have. */
  superseded: Int32Array;
  isKept: boolean;
}

/** The state tree after one block, to be read while the tree keeps that height. Whatever it returns is the caller's own. */
export class StateVersion {
  readonly #nodes: StateNodes;
  readonly #record: VersionRecord;

  constructor(nodes: StateNodes, record: VersionRecord) {
    this.#nodes = nodes;
    this.#record = record;
  }

  get height(): number {
    return this.#record.height;
  }

  /** Number of keys. */
  get size(): number {
    return this.#record.size;
  }

  /**
   * The root hash, 32 bytes.
   * @throws {MerkleError} `STATE_VERSION_UNKNOWN` once the version is dropped, as all that follows.
   */
  get root(): Uint8Array {
    return this.#nodes.hash(this.#root());
  }

  /** The value of a key, `undefined` when the tree does not have it (or it is not 32 bytes). */
  get(key: Uint8Array): Uint8Array | undefined {
    const leaf = isHash(key) ? findLeaf(this.#nodes, this.#root(), key) : 0;
    return leaf === 0 ? undefined : this.#nodes.value(leaf);
  }

  /**
   * The proof that a key has its value, or that it is absent.
   * @throws {MerkleError} `STATE_CHANGES_INVALID` unless the key is 32 bytes.
   */
  prove(key: Uint8Array): StateProof {
    if (!isHash(key)) throw new MerkleError('STATE_CHANGES_INVALID', { reason: 'a key is not 32 bytes' });
    const siblings: Uint8Array[] = [];
    const present: boolean[] = [];
    let ref = this.#root();
    for (let depth = 0; ref > 0; depth++) {
      const side = bitOf(key, depth);
      const sibling = this.#nodes.child(ref, 1 - side);
      present.push(sibling !== 0);
      if (sibling !== 0) siblings.push(this.#nodes.hash(sibling));
      ref = this.#nodes.child(ref, side);
    }
    const bitmap = new Uint8Array(Math.ceil(present.length / 8));
    for (const [depth, one] of present.entries())
      if (one) bitmap[depth >> 3] = (bitmap[depth >> 3] ?? 0) | (128 >> (depth & 7));
    const path = { depth: present.length, bitmap, siblings };
    if (ref === 0) return { ...path, end: { kind: 'empty' } };
    const value = this.#nodes.value(-ref);
    if (this.#nodes.hasKey(-ref, key)) return { ...path, end: { kind: 'leaf', value } };
    return { ...path, end: { kind: 'otherLeaf', key: this.#nodes.key(-ref), value } };
  }

  /** All keys with their values, ascending by key. */
  *[Symbol.iterator](): Generator<StateEntry, void, undefined> {
    const ahead: NodeRef[] = [this.#root()];
    for (let ref = ahead.pop(); ref !== undefined; ref = ahead.pop()) {
      // A reader may be slow, and the version be dropped meanwhile.
      this.#root();
      if (ref > 0) ahead.push(this.#nodes.child(ref, 1), this.#nodes.child(ref, 0));
      else if (ref < 0) yield { key: this.#nodes.key(-ref), value: this.#nodes.value(-ref) };
    }
  }

  #root(): NodeRef {
    const { isKept, height, root } = this.#record;
    if (!isKept) throw new MerkleError('STATE_VERSION_UNKNOWN', { height });
    return root;
  }
}
