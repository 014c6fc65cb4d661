import { MerkleError } from './errors.ts';
import { HashSlab } from './hash-slab.ts';
import { EMPTY_ROOT, leafHash, nodeHash } from './tree-hash.ts';

/**
 * An append-only RFC 9162 tree that answers for each of its earlier sizes too. It keeps the hashes of all complete
 * subtrees, 64 bytes a leaf, and derives the incomplete ones on the right edge: every question takes O(log n) hashes
 * (a consistency proof O(log² n)). The history tree of the ledger is one, with block hashes as leaf data.
 */
export class MerkleLog {
  /** `#levels[k]` holds the roots of the complete subtrees of 2^k leaves, from the left. */
  readonly #levels: HashSlab[] = [new HashSlab()];

  /** The log with these leaves. */
  static of(leaves: Iterable<Uint8Array>): MerkleLog {
    const log = new MerkleLog();
    for (const data of leaves) log.append(data);
    return log;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#level(0).length;
  }

  /** Appends a leaf; `data` is any bytes, not yet hashed, and is not kept. */
  append(data: Uint8Array): void {
    let hash = leafHash(data);
    for (let k = 0; ; k++) {
      const level = this.#level(k);
      level.push(hash);
      if (level.length % 2 === 1) return;
      hash = nodeHash(this.#at(k, level.length - 2), hash);
    }
  }

  /** Forgets the leaves from `size` on. @throws {MerkleError} `MERKLE_OUT_OF_RANGE` above the present size. */
  truncate(size: number): void {
    this.#demandSize(size);
    for (const [k, level] of this.#levels.entries()) level.truncate(Math.floor(size / 2 ** k));
  }

  /** Root over all leaves, 32 bytes. */
  root(): Uint8Array {
    return this.rootAt(this.size);
  }

  /** Root over the first `size` leaves. @throws {MerkleError} `MERKLE_OUT_OF_RANGE` above the present size. */
  rootAt(size: number): Uint8Array {
    this.#demandSize(size);
    return this.#rangeRoot(0, size).slice();
  }

  /**
   * The path from a leaf to the root over the first `size` leaves, from below (RFC 9162 §2.1.3.1).
   * @throws {MerkleError} `MERKLE_OUT_OF_RANGE` unless index < size ≤ the present size.
   */
  inclusion(index: number, size: number): Uint8Array[] {
    this.#demandSize(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) outOfRange(index, size);
    const path: Uint8Array[] = [];
    for (let width = 1, position = index; width < size; width *= 2, position = Math.floor(position / 2)) {
      const start = (position % 2 === 0 ? position + 1 : position - 1) * width;
      // The last node of a level may have no sibling; it is then passed on and adds nothing to the path.
      if (start < size) path.push(this.#rangeRoot(start, Math.min(start + width, size)).slice());
    }
    return path;
  }

  /**
   * The proof that the tree of `newSize` leaves begins with that of `oldSize` (RFC 9162 §2.1.4.1).
   * @returns An empty path for equal sizes, and from size 0, with which every tree begins.
   * @throws {MerkleError} `MERKLE_OUT_OF_RANGE` unless oldSize ≤ newSize ≤ the present size.
   */
  consistency(oldSize: number, newSize: number): Uint8Array[] {
    this.#demandSize(newSize);
    if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > newSize) outOfRange(oldSize, newSize);
    return oldSize === 0 ? [] : this.#subproof(oldSize, 0, newSize, true);
  }

  /** SUBPROOF(m, D[start:end], known): `known` while the old tree's root is that of the range. */
  #subproof(m: number, start: number, end: number, known: boolean): Uint8Array[] {
    if (m === end - start) return known ? [] : [this.#rangeRoot(start, end).slice()];
    const k = splitPoint(end - start);
    if (m <= k) return [...this.#subproof(m, start, start + k, known), this.#rangeRoot(start + k, end).slice()];
    return [...this.#subproof(m - k, start + k, end, false), this.#rangeRoot(start, start + k).slice()];
  }

  /** Root over leaves start ≤ i < end, where `start` is a multiple of a power of two that is at least end − start. */
  #rangeRoot(start: number, end: number): Uint8Array {
    let root: Uint8Array | undefined;
    let rest = end - start;
    let position = end;
    for (let k = 0; rest > 0; k++) {
      const width = 2 ** k;
      if (Math.floor(rest / width) % 2 === 0) continue;
      rest -= width;
      position -= width;
      const subtree = this.#at(k, position / width);
      root = root === undefined ? subtree : nodeHash(subtree, root);
    }
    return root ?? EMPTY_ROOT;
  }

  #level(k: number): HashSlab {
    let level = this.#levels[k];
    if (level === undefined) {
      level = new HashSlab();
      this.#levels[k] = level;
    }
    return level;
  }

  #at(k: number, index: number): Uint8Array {
    return this.#levels[k]?.at(index) ?? outOfRange(index, this.#levels[k]?.length ?? 0);
  }

  #demandSize(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) outOfRange(size, this.size);
  }
}

/** The greatest power of two below `n`, which is at least 2. */
function splitPoint(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function outOfRange(asked: number, size: number): never {
  throw new MerkleError('MERKLE_OUT_OF_RANGE', { asked, size });
}
