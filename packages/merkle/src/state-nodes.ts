import { HASH_BYTES, sha256Into, sha256Pairs } from '@varve/crypto';
import { NodeSlab } from './node-slab.ts';
import type { RefList } from './ref-list.ts';

/** Length of a hash in 32-bit words. */
const HASH_WORDS = HASH_BYTES / 4;
/** A leaf is `hash ‖ key ‖ value`, an inner node `hash ‖ left ‖ right` with two references. */
const LEAF_WORDS = 3 * HASH_WORDS;
const INNER_WORDS = HASH_WORDS + 2;
/** Inner nodes hashed by one call. */
const BATCH_NODES = 256;

// Room for what is being hashed. One call uses it at a time, so that all trees share it: some are made for one root only.
const pairs = new Int32Array(2 * HASH_WORDS * BATCH_NODES);
const pairBytes = new Uint8Array(pairs.buffer);
const hashes = new Int32Array(HASH_WORDS * BATCH_NODES);
const hashBytes = new Uint8Array(hashes.buffer);
/** The prefix of a leaf's input is the last byte of the first word. */
const leafInput = new Int32Array(1 + 2 * HASH_WORDS);
const leafInputBytes = new Uint8Array(leafInput.buffer, 3);
const leafOutput = hashBytes.subarray(0, HASH_BYTES);

/** A subtree: an inner node by its number, a leaf by its negative number, 0 for the empty subtree. */
export type NodeRef = number;

/**
 * All nodes of the state trees that share memory. Keys and hashes are read and written as words, since copying bytes
 * one by one, or making a view for each, takes longer than hashing them.
 */
export class StateNodes {
  readonly leaves: NodeSlab = new NodeSlab(LEAF_WORDS);
  readonly inner: NodeSlab = new NodeSlab(INNER_WORDS);

  /** A new leaf, not hashed yet. `value` may be absent where only the key is needed. */
  allocateLeaf(key: Uint8Array, value: Uint8Array | undefined): number {
    const id = this.leaves.allocate();
    const bytes = this.leaves.bytes(id);
    const at = 4 * this.leaves.at(id) + HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i++) bytes[at + i] = key[i] as number;
    if (value !== undefined) for (let i = 0; i < HASH_BYTES; i++) bytes[at + HASH_BYTES + i] = value[i] as number;
    return id;
  }

  /** A new inner node, not hashed yet. */
  allocateInner(left: NodeRef, right: NodeRef): number {
    const id = this.inner.allocate();
    const words = this.inner.words(id);
    const at = this.inner.at(id) + HASH_WORDS;
    words[at] = left;
    words[at + 1] = right;
    return id;
  }

  release(ref: NodeRef): void {
    if (ref < 0) this.leaves.release(-ref);
    else this.inner.release(ref);
  }

  /** Child of an inner node: 0 left, 1 right. */
  child(id: number, side: number): NodeRef {
    return this.inner.words(id)[this.inner.at(id) + HASH_WORDS + side] as NodeRef;
  }

  /** Bit `depth` of a leaf's key, the most significant bit of the first byte being bit 0. */
  keyBit(leaf: number, depth: number): number {
    const byte = this.leaves.bytes(leaf)[4 * this.leaves.at(leaf) + HASH_BYTES + (depth >> 3)] as number;
    return (byte >> (7 - (depth & 7))) & 1;
  }

  /** The first 32 bits of a leaf's key. */
  keyPrefix(leaf: number): number {
    const bytes = this.leaves.bytes(leaf);
    const at = 4 * this.leaves.at(leaf) + HASH_BYTES;
    return prefixAt(bytes, at);
  }

  /** The first 48 bits of a leaf's key. */
  keyBits48(leaf: number): number {
    const bytes = this.leaves.bytes(leaf);
    const at = 4 * this.leaves.at(leaf) + HASH_BYTES + 4;
    return this.keyPrefix(leaf) * 0x10000 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
  }

  /** Bytewise order of two leaves' keys: below 0, 0, above 0. */
  compareKeys(a: number, b: number): number {
    const left = this.leaves.bytes(a);
    const right = this.leaves.bytes(b);
    const l = 4 * this.leaves.at(a) + HASH_BYTES;
    const r = 4 * this.leaves.at(b) + HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i++) {
      const difference = (left[l + i] as number) - (right[r + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  hasSameValue(a: number, b: number): boolean {
    const left = this.leaves.words(a);
    const right = this.leaves.words(b);
    const l = this.leaves.at(a) + 2 * HASH_WORDS;
    const r = this.leaves.at(b) + 2 * HASH_WORDS;
    for (let i = 0; i < HASH_WORDS; i++) if (left[l + i] !== right[r + i]) return false;
    return true;
  }

  hasKey(leaf: number, key: Uint8Array): boolean {
    const bytes = this.leaves.bytes(leaf);
    const at = 4 * this.leaves.at(leaf) + HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i++) if (bytes[at + i] !== key[i]) return false;
    return true;
  }

  /** A copy of a leaf's key. */
  key(leaf: number): Uint8Array {
    return this.#leafPart(leaf, 1);
  }

  /** A copy of a leaf's value. */
  value(leaf: number): Uint8Array {
    return this.#leafPart(leaf, 2);
  }

  /** A copy of a subtree's hash; 32 zero bytes for the empty one. */
  hash(ref: NodeRef): Uint8Array {
    if (ref === 0) return new Uint8Array(HASH_BYTES);
    if (ref < 0) return this.#leafPart(-ref, 0);
    const at = 4 * this.inner.at(ref);
    return this.inner.bytes(ref).slice(at, at + HASH_BYTES);
  }

  #leafPart(leaf: number, part: number): Uint8Array {
    const at = 4 * this.leaves.at(leaf) + part * HASH_BYTES;
    return this.leaves.bytes(leaf).slice(at, at + HASH_BYTES);
  }

  /** Hashes a leaf: SHA-256(0x00 ‖ key ‖ value), 65 bytes, which no inner node's 64 can equal. */
  hashLeaf(leaf: number): void {
    const words = this.leaves.words(leaf);
    const at = this.leaves.at(leaf);
    for (let i = 0; i < 2 * HASH_WORDS; i++) leafInput[1 + i] = words[at + HASH_WORDS + i] as number;
    sha256Into(leafOutput, leafInputBytes);
    for (let i = 0; i < HASH_WORDS; i++) words[at + i] = hashes[i] as number;
  }

  /** Hashes inner nodes, SHA-256(left ‖ right), none of which is below another; their children are hashed already. */
  hashInner(ids: RefList): void {
    for (let start = 0; start < ids.length; start += BATCH_NODES) {
      const count = Math.min(BATCH_NODES, ids.length - start);
      for (let i = 0; i < count; i++) {
        const id = ids.at(start + i);
        this.#copyHash(this.child(id, 0), 2 * HASH_WORDS * i);
        this.#copyHash(this.child(id, 1), 2 * HASH_WORDS * i + HASH_WORDS);
      }
      const output = hashBytes.subarray(0, HASH_BYTES * count);
      sha256Pairs(output, pairBytes.subarray(0, 2 * HASH_BYTES * count));
      for (let i = 0; i < count; i++) {
        const id = ids.at(start + i);
        const words = this.inner.words(id);
        const at = this.inner.at(id);
        for (let w = 0; w < HASH_WORDS; w++) words[at + w] = hashes[HASH_WORDS * i + w] as number;
      }
    }
  }

  #copyHash(ref: NodeRef, to: number): void {
    if (ref === 0) {
      pairs.fill(0, to, to + HASH_WORDS);
      return;
    }
    const slab = ref < 0 ? this.leaves : this.inner;
    const id = ref < 0 ? -ref : ref;
    const words = slab.words(id);
    const at = slab.at(id);
    for (let w = 0; w < HASH_WORDS; w++) pairs[to + w] = words[at + w] as number;
  }
}

/** The leaf with `key` below `root`, 0 where there is none. */
export function findLeaf(nodes: StateNodes, root: NodeRef, key: Uint8Array): number {
  let ref = root;
  for (let depth = 0; ref > 0; depth++) ref = nodes.child(ref, bitOf(key, depth));
  return ref < 0 && nodes.hasKey(-ref, key) ? -ref : 0;
}

/** Bit `depth` of `key`, the most significant bit of the first byte being bit 0. */
export function bitOf(key: Uint8Array, depth: number): number {
  return ((key[depth >> 3] as number) >> (7 - (depth & 7))) & 1;
}

/** The 32 bits from byte `at` on, most significant first. */
export function prefixAt(bytes: Uint8Array, at: number): number {
  let prefix = 0;
  for (let i = 0; i < 4; i++) prefix = (prefix << 8) | (bytes[at + i] as number);
  return prefix >>> 0;
}
