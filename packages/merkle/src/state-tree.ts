import { MerkleError } from './errors.ts';
import { bitAt, type Packed, pack, unpack } from './packed.ts';
import { EMPTY_HASH, findLeaf, type NodeChange, StateInner, type StateNode, updateNode } from './state-node.ts';
import type { StateProof } from './state-proof.ts';
import { isHash } from './tree-hash.ts';

/** One change of the state: key and value are hashes of 32 bytes; no value deletes the key. */
export interface StateChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** One key of the state with its value, 32 bytes each. */
export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * The sparse Merkle tree of the state (DESIGN §4): 2^256 places, of which only those on the way to a key exist.
 * An empty subtree hashes to 32 zero bytes, a subtree with one leaf to that leaf, any other to SHA-256(left ‖ right);
 * bits of the key are taken most significant first. The root thus depends on the content alone.
 *
 * A tree never changes: `update` makes a new version which shares with the old one all that is the same, so that
 * versions of earlier heights stay readable at the price of their differences.
 */
export class StateTree {
  /** The tree without keys. Its root is 32 zero bytes. */
  static readonly empty: StateTree = new StateTree(undefined);

  readonly #root: StateNode | undefined;

  private constructor(root: StateNode | undefined) {
    this.#root = root;
  }

  /** Number of keys. */
  get size(): number {
    return this.#root?.size ?? 0;
  }

  /** The root hash, 32 bytes. */
  get root(): Uint8Array {
    return unpack(this.#root?.hash ?? EMPTY_HASH);
  }

  /**
   * The version after a batch of changes, in any order; also the way to build a tree from all of its leaves. Every
   * inner node on the way to a changed key is hashed once, however many of the changes lie below it.
   * @returns This version itself when the batch changes nothing. Deleting an absent key is no change.
   * @throws {MerkleError} `STATE_CHANGES_INVALID` for a key or value that is not 32 bytes, or a key named twice.
   */
  update(changes: readonly StateChange[]): StateTree {
    const sorted = changes.map(packChange).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    for (let i = 1; i < sorted.length; i++) {
      if (sorted[i]?.key === sorted[i - 1]?.key) invalid('a key is named twice');
    }
    const root = updateNode(this.#root, sorted, 0, sorted.length, 0);
    return root === this.#root ? this : new StateTree(root);
  }

  /** The value of a key, `undefined` when the tree does not have it (or it is not 32 bytes). */
  get(key: Uint8Array): Uint8Array | undefined {
    const leaf = isHash(key) ? findLeaf(this.#root, pack(key)) : undefined;
    return leaf && unpack(leaf.value);
  }

  /**
   * The proof that a key has its value, or that it is absent.
   * @throws {MerkleError} `STATE_CHANGES_INVALID` unless the key is 32 bytes.
   */
  prove(key: Uint8Array): StateProof {
    const asked = packKey(key);
    const siblings: Uint8Array[] = [];
    const present: boolean[] = [];
    let node = this.#root;
    for (let depth = 0; node instanceof StateInner; depth++) {
      const [child, sibling]: readonly (StateNode | undefined)[] =
        bitAt(asked, depth) === 0 ? [node.left, node.right] : [node.right, node.left];
      present.push(sibling !== undefined);
      if (sibling !== undefined) siblings.push(unpack(sibling.hash));
      node = child;
    }
    const bitmap = new Uint8Array(Math.ceil(present.length / 8));
    for (const [depth, one] of present.entries())
      if (one) bitmap[depth >> 3] = (bitmap[depth >> 3] ?? 0) | (128 >> (depth & 7));
    const path = { depth: present.length, bitmap, siblings };
    if (node === undefined) return { ...path, end: { kind: 'empty' } };
    const value = unpack(node.value);
    if (node.key === asked) return { ...path, end: { kind: 'leaf', value } };
    return { ...path, end: { kind: 'otherLeaf', key: unpack(node.key), value } };
  }

  /** All keys with their values, ascending by key. */
  *entries(): Generator<StateEntry, void, undefined> {
    const ahead: StateNode[] = this.#root === undefined ? [] : [this.#root];
    for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
      if (node instanceof StateInner) {
        if (node.right !== undefined) ahead.push(node.right);
        if (node.left !== undefined) ahead.push(node.left);
      } else yield { key: unpack(node.key), value: unpack(node.value) };
    }
  }

  /** See `entries`. */
  [Symbol.iterator](): Generator<StateEntry, void, undefined> {
    return this.entries();
  }
}

function packChange({ key, value }: StateChange): NodeChange {
  if (value !== undefined && !isHash(value)) invalid('a value is not 32 bytes');
  return { key: packKey(key), value: value && pack(value) };
}

function packKey(key: Uint8Array): Packed {
  if (!isHash(key)) invalid('a key is not 32 bytes');
  return pack(key);
}

function invalid(reason: string): never {
  throw new MerkleError('STATE_CHANGES_INVALID', { reason });
}
