import { HASH_BYTES, sha256Into } from '@varve/crypto';
import { bitAt, type Packed, pack, unpackInto } from './packed.ts';

/** Hash of a subtree without leaves: 32 zero bytes. */
export const EMPTY_HASH: Packed = '\0'.repeat(HASH_BYTES);

const leafInput = new Uint8Array(1 + 2 * HASH_BYTES);
// Views on a buffer of more than 64 bytes: V8 would move a smaller one at every native call.
const scratch = new ArrayBuffer(4 * HASH_BYTES);
const innerInput = new Uint8Array(scratch, 0, 2 * HASH_BYTES);
const output = new Uint8Array(scratch, 2 * HASH_BYTES, HASH_BYTES);

/** A key with its value; hashed as SHA-256(0x00 ‖ key ‖ value), 65 bytes, which no inner node's 64 can equal. */
export class StateLeaf {
  readonly key: Packed;
  readonly value: Packed;
  readonly hash: Packed;

  /** Number of leaves. */
  get size(): number {
    return 1;
  }

  constructor(key: Packed, value: Packed) {
    this.key = key;
    this.value = value;
    unpackInto(key, leafInput, 1);
    unpackInto(value, leafInput, 1 + HASH_BYTES);
    sha256Into(output, leafInput);
    this.hash = pack(output);
  }
}

/** A subtree of at least two leaves; hashed as SHA-256(left ‖ right). */
export class StateInner {
  readonly hash: Packed;
  readonly left: StateNode | undefined;
  readonly right: StateNode | undefined;
  /** Number of leaves. */
  readonly size: number;

  constructor(left: StateNode | undefined, right: StateNode | undefined) {
    this.left = left;
    this.right = right;
    this.size = (left?.size ?? 0) + (right?.size ?? 0);
    unpackInto(left?.hash ?? EMPTY_HASH, innerInput, 0);
    unpackInto(right?.hash ?? EMPTY_HASH, innerInput, HASH_BYTES);
    sha256Into(output, innerInput);
    this.hash = pack(output);
  }
}

/** A subtree; `undefined` stands for the empty one. Nodes never change, so versions of a tree share them. */
export type StateNode = StateLeaf | StateInner;

/** One change of a batch: `undefined` deletes the key. */
export interface NodeChange {
  readonly key: Packed;
  readonly value: Packed | undefined;
}

/**
 * The subtree at `depth` after a batch.
 * @param changes - Ascending by key, each key once; those from `start` to before `end` belong to this subtree.
 * @returns `node` itself when nothing in it changed. Each inner node that did is hashed once.
 */
export function updateNode(
  node: StateNode | undefined,
  changes: readonly NodeChange[],
  start: number,
  end: number,
  depth: number,
): StateNode | undefined {
  if (start === end) return node;
  if (!(node instanceof StateInner)) return buildNode(mergeLeaves(node, changes, start, end), depth);
  const middle = splitAt(changes, start, end, depth);
  const left = updateNode(node.left, changes, start, middle, depth + 1);
  const right = updateNode(node.right, changes, middle, end, depth + 1);
  return left === node.left && right === node.right ? node : join(left, right);
}

/** A subtree with one leaf is that leaf: the root depends on the content alone, not on how it came about. */
function join(left: StateNode | undefined, right: StateNode | undefined): StateNode | undefined {
  if (left === undefined && !(right instanceof StateInner)) return right;
  if (right === undefined && !(left instanceof StateInner)) return left;
  return new StateInner(left, right);
}

/** The leaves, ascending, of what was at most one leaf. */
function mergeLeaves(
  old: StateLeaf | undefined,
  changes: readonly NodeChange[],
  start: number,
  end: number,
): readonly StateLeaf[] {
  const leaves: StateLeaf[] = [];
  let kept = old;
  for (let i = start; i < end; i++) {
    const { key, value } = changes[i] as NodeChange;
    if (kept !== undefined && kept.key < key) {
      leaves.push(kept);
      kept = undefined;
    }
    const replaced = kept?.key === key ? kept : undefined;
    if (replaced !== undefined) kept = undefined;
    if (value === undefined) continue;
    leaves.push(replaced?.value === value ? replaced : new StateLeaf(key, value));
  }
  if (kept !== undefined) leaves.push(kept);
  return leaves;
}

/** The subtree at `depth` with the given leaves, ascending by key. */
function buildNode(
  leaves: readonly StateLeaf[],
  depth: number,
  start = 0,
  end: number = leaves.length,
): StateNode | undefined {
  if (end - start <= 1) return start === end ? undefined : leaves[start];
  const middle = splitAt(leaves, start, end, depth);
  return new StateInner(buildNode(leaves, depth + 1, start, middle), buildNode(leaves, depth + 1, middle, end));
}

/** The first position from `start` on whose key has bit `depth` set; the keys agree in all earlier bits. */
function splitAt(sorted: readonly { readonly key: Packed }[], start: number, end: number, depth: number): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bitAt((sorted[middle] as { readonly key: Packed }).key, depth) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The leaf with `key`, if there is one. */
export function findLeaf(root: StateNode | undefined, key: Packed): StateLeaf | undefined {
  let node = root;
  for (let depth = 0; node instanceof StateInner; depth++) node = bitAt(key, depth) === 0 ? node.left : node.right;
  return node?.key === key ? node : undefined;
}
