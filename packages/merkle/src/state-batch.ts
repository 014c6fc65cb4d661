import { LeafRun } from './leaf-run.ts';
import { RefList } from './ref-list.ts';
import type { NodeRef, StateNodes } from './state-nodes.ts';

/** What a batch made of a tree. Nodes shared by both versions are in neither list. */
export interface BatchResult {
  /** The subtree given, itself, where nothing in it changed. */
  readonly root: NodeRef;
  /** Keys added less keys deleted. */
  readonly sizeChange: number;
  /** Nodes of the version before that are not in the new one. */
  readonly superseded: Int32Array;
}

/**
 * Applies batches of changes to trees by copying what lies on the way to them, one batch at a time. The walk down happens
 * once for all changes and marks what is to be hashed; then each inner node is hashed once, level by level from the deepest.
 */
export class StateBatch {
  readonly #nodes: StateNodes;
  readonly #superseded = new RefList();
  /** New leaves, as references. */
  readonly #leaves = new RefList();
  /** New inner nodes by depth. */
  readonly #inner: RefList[] = [];
  #sizeChange = 0;

  constructor(nodes: StateNodes) {
    this.#nodes = nodes;
  }

  /** @param run - Leaves of new values, not hashed yet, and deletions. All of them are taken over: used or released. */
  apply(root: NodeRef, run: LeafRun): BatchResult {
    this.#superseded.clear();
    this.#leaves.clear();
    for (const level of this.#inner) level.clear();
    this.#sizeChange = 0;
    const changed = this.#update(root, run, 0, run.length, 0);
    for (let i = 0; i < this.#leaves.length; i++) this.#nodes.hashLeaf(-this.#leaves.at(i));
    for (let depth = this.#inner.length - 1; depth >= 0; depth--) this.#nodes.hashInner(this.#inner[depth] as RefList);
    return { root: changed, sizeChange: this.#sizeChange, superseded: this.#superseded.toArray() };
  }

  /** Nodes of the last batch's new version that are not in the one before. */
  created(): Int32Array {
    const all = new RefList();
    for (const list of [this.#leaves, ...this.#inner]) for (let i = 0; i < list.length; i++) all.push(list.at(i));
    return all.toArray();
  }

  /** The subtree at `depth` after the changes from `start` to before `end`, all of which lie in it. */
  #update(ref: NodeRef, run: LeafRun, start: number, end: number, depth: number): NodeRef {
    if (start === end) return ref;
    if (end === start + 1) return this.#updateOnce(ref, run, start, depth);
    if (ref <= 0) return this.#updateLeaf(ref, run, start, end, depth);
    const middle = run.splitAt(start, end, depth);
    const left = this.#nodes.child(ref, 0);
    const right = this.#nodes.child(ref, 1);
    const newLeft = this.#update(left, run, start, middle, depth + 1);
    const newRight = this.#update(right, run, middle, end, depth + 1);
    if (newLeft === left && newRight === right) return ref;
    this.#superseded.push(ref);
    return this.#join(newLeft, newRight, depth);
  }

  /** The same for one change, which goes down one side only. */
  #updateOnce(ref: NodeRef, run: LeafRun, at: number, depth: number): NodeRef {
    if (ref <= 0) return this.#updateLeafOnce(ref, run.entry(at), depth);
    const side = run.bit(at, depth);
    const child = this.#nodes.child(ref, side);
    const changed = this.#updateOnce(child, run, at, depth + 1);
    if (changed === child) return ref;
    this.#superseded.push(ref);
    const other = this.#nodes.child(ref, 1 - side);
    return side === 0 ? this.#join(changed, other, depth) : this.#join(other, changed, depth);
  }

  /** What becomes of a leaf, or of nothing, by more than one change. */
  #updateLeaf(ref: NodeRef, run: LeafRun, start: number, end: number, depth: number): NodeRef {
    if (ref === 0 && !run.hasDeletions) {
      for (let i = start; i < end; i++) this.#settle(run.entry(i));
      return this.#build(run, start, end, depth);
    }
    const merged = this.#merge(ref, run, start, end);
    return this.#build(merged, 0, merged.length, depth);
  }

  /** The same for one change, as it is for most that meet a large tree. */
  #updateLeafOnce(ref: NodeRef, entry: number, depth: number): NodeRef {
    if (ref === 0) return this.#settle(entry);
    const order = this.#nodes.compareKeys(-ref, Math.abs(entry));
    if (order === 0) return this.#replace(-ref, entry);
    const added = this.#settle(entry);
    if (added === 0) return ref;
    return order < 0 ? this.#buildTwo(ref, added, depth) : this.#buildTwo(added, ref, depth);
  }

  /** The subtree at `depth` with two leaves, ascending, whose keys agree in all earlier bits. */
  #buildTwo(low: NodeRef, high: NodeRef, depth: number): NodeRef {
    const side = this.#nodes.keyBit(-low, depth);
    if (side !== this.#nodes.keyBit(-high, depth)) return this.#makeInner(low, high, depth);
    const both = this.#buildTwo(low, high, depth + 1);
    return side === 0 ? this.#makeInner(both, 0, depth) : this.#makeInner(0, both, depth);
  }

  /** The leaves, ascending, of what was at most one leaf. */
  #merge(ref: NodeRef, run: LeafRun, start: number, end: number): LeafRun {
    const merged = new LeafRun(this.#nodes, end - start + 1);
    let kept = -ref;
    for (let i = start; i < end; i++) {
      const entry = run.entry(i);
      const order = kept === 0 ? 1 : this.#nodes.compareKeys(kept, Math.abs(entry));
      if (order < 0) {
        merged.push(kept, this.#nodes.keyPrefix(kept));
        kept = 0;
      }
      const result = order === 0 ? this.#replace(kept, entry) : this.#settle(entry);
      if (order === 0) kept = 0;
      if (result !== 0) merged.push(-result, run.prefix(i));
    }
    if (kept !== 0) merged.push(kept, this.#nodes.keyPrefix(kept));
    return merged;
  }

  /** A change where its key was not. */
  #settle(entry: number): NodeRef {
    if (entry < 0) {
      this.#nodes.leaves.release(-entry);
      return 0;
    }
    this.#leaves.push(-entry);
    this.#sizeChange += 1;
    return -entry;
  }

  /** A change of the key of leaf `old`. */
  #replace(old: number, entry: number): NodeRef {
    if (entry > 0 && this.#nodes.hasSameValue(old, entry)) {
      this.#nodes.leaves.release(entry);
      return -old;
    }
    this.#superseded.push(-old);
    this.#sizeChange -= 1;
    return this.#settle(entry);
  }

  /** The subtree at `depth` with the leaves from `start` to before `end`. */
  #build(run: LeafRun, start: number, end: number, depth: number): NodeRef {
    if (start === end) return 0;
    if (end === start + 1) return -run.entry(start);
    const middle = run.splitAt(start, end, depth);
    const left = this.#build(run, start, middle, depth + 1);
    return this.#makeInner(left, this.#build(run, middle, end, depth + 1), depth);
  }

  /** A subtree with one leaf is that leaf: the root depends on the content alone, not on how it came about. */
  #join(left: NodeRef, right: NodeRef, depth: number): NodeRef {
    if (left === 0 && right <= 0) return right;
    if (right === 0 && left <= 0) return left;
    return this.#makeInner(left, right, depth);
  }

  #makeInner(left: NodeRef, right: NodeRef, depth: number): NodeRef {
    const id = this.#nodes.allocateInner(left, right);
    while (this.#inner.length <= depth) this.#inner.push(new RefList());
    this.#inner[depth]?.push(id);
    return id;
  }
}
