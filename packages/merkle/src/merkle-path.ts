import { bytesEqual } from '@varve/encoding';
import { MerkleLog } from './merkle-log.ts';
import { EMPTY_ROOT, isHash, leafHash, nodeHash } from './tree-hash.ts';

/**
 * The path from a leaf to `merkleRoot(leaves)`, from below.
 * @throws {MerkleError} `MERKLE_OUT_OF_RANGE` for an index that is none.
 * @see RFC 9162 §2.1.3.1.
 */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  return MerkleLog.of(leaves).inclusion(index, leaves.length);
}

/**
 * The proof that the tree over `leaves` begins with the tree over the first `oldSize` of them.
 * @throws {MerkleError} `MERKLE_OUT_OF_RANGE` when `oldSize` is above their number.
 * @see RFC 9162 §2.1.4.1.
 */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  return MerkleLog.of(leaves).consistency(oldSize, leaves.length);
}

/**
 * Whether `path` proves that leaf `index` of the tree with `size` leaves and root `root` has this data. Total: any
 * input has an answer, and exactly one path per leaf is accepted.
 * @see RFC 9162 §2.1.3.2.
 */
export function verifyInclusion(
  root: Uint8Array,
  leafData: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): boolean {
  if (!isHash(root) || !isPath(path) || !(leafData instanceof Uint8Array)) return false;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let position = index;
  let last = size - 1;
  let hash = leafHash(leafData);
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      // A node without sibling is passed on: climb to where the sibling on its left was joined.
      [position, last] = climbToLeftSibling(position, last);
    } else hash = nodeHash(hash, sibling);
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && bytesEqual(hash, root);
}

/**
 * Whether `path` proves that the tree with `newSize` leaves and root `newRoot` begins with that of `oldSize` leaves
 * and root `oldRoot`. Total. Equal sizes need equal roots and an empty path; size 0 its own root and an empty path.
 * @see RFC 9162 §2.1.4.2.
 */
export function verifyConsistency(
  oldRoot: Uint8Array,
  oldSize: number,
  newRoot: Uint8Array,
  newSize: number,
  path: readonly Uint8Array[],
): boolean {
  if (!isHash(oldRoot) || !isHash(newRoot) || !isPath(path)) return false;
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize) || oldSize < 0 || oldSize > newSize)
    return false;
  if (oldSize === newSize) return path.length === 0 && bytesEqual(oldRoot, newRoot) && isRootOfSize(oldRoot, oldSize);
  if (oldSize === 0) return path.length === 0 && isRootOfSize(oldRoot, 0);
  let position = oldSize - 1;
  let last = newSize - 1;
  while (position % 2 === 1) {
    position = (position - 1) / 2;
    last = Math.floor(last / 2);
  }
  // A complete old tree is itself the first node; the path then leaves it out.
  const [first, ...rest] = position === 0 ? [oldRoot, ...path] : path;
  if (first === undefined) return false;
  let oldHash: Uint8Array = first;
  let newHash: Uint8Array = first;
  for (const node of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldHash = nodeHash(node, oldHash);
      newHash = nodeHash(node, newHash);
      [position, last] = climbToLeftSibling(position, last);
    } else newHash = nodeHash(newHash, node);
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && bytesEqual(oldHash, oldRoot) && bytesEqual(newHash, newRoot);
}

function climbToLeftSibling(position: number, last: number): [position: number, last: number] {
  let [at, end] = [position, last];
  while (at % 2 === 0 && at !== 0) {
    at /= 2;
    end = Math.floor(end / 2);
  }
  return [at, end];
}

function isPath(path: unknown): boolean {
  return Array.isArray(path) && path.every(isHash);
}

/** Only the empty tree has a root that its size alone decides. */
function isRootOfSize(root: Uint8Array, size: number): boolean {
  return size > 0 || bytesEqual(root, EMPTY_ROOT);
}
