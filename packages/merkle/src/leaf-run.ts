import type { StateNodes } from './state-nodes.ts';

/** Bits of a key that the first sort looks at; the rest of a double's 53 bits holds the position. */
const SORTED_BITS_MAX = 48;
const PREFIX_BITS = 32;

/**
 * Leaves in the order of their keys, each key once, with what the walk down a tree needs of a key beside them: it would
 * else have to fetch every leaf from memory at every level. A negative entry deletes the key of that leaf.
 */
export class LeafRun {
  readonly #nodes: StateNodes;
  readonly #entries: Int32Array;
  /** The first 32 bits of each key. */
  readonly #prefixes: Uint32Array;
  #length = 0;
  #hasDeletions = false;

  constructor(nodes: StateNodes, capacity: number) {
    this.#nodes = nodes;
    this.#entries = new Int32Array(capacity);
    this.#prefixes = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get hasDeletions(): boolean {
    return this.#hasDeletions;
  }

  /** The leaf at a position, negative for a deletion. */
  entry(at: number): number {
    return this.#entries[at] as number;
  }

  prefix(at: number): number {
    return this.#prefixes[at] as number;
  }

  push(entry: number, prefix: number): void {
    this.#entries[this.#length] = entry;
    this.#prefixes[this.#length] = prefix;
    this.#length += 1;
    if (entry < 0) this.#hasDeletions = true;
  }

  /** The first position from `start` on whose key has bit `depth` set; the keys agree in all earlier bits. */
  splitAt(start: number, end: number, depth: number): number {
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.bit(middle, depth) === 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Bit `depth` of the key at a position. */
  bit(at: number, depth: number): number {
    if (depth < PREFIX_BITS) return ((this.#prefixes[at] as number) >>> (PREFIX_BITS - 1 - depth)) & 1;
    return this.#nodes.keyBit(Math.abs(this.#entries[at] as number), depth);
  }
}

/**
 * Puts leaves in order of their keys.
 * @param entries - Leaves in any order, negative for deletions.
 * @returns `undefined` where a key occurs twice.
 */
export function sortedRun(nodes: StateNodes, entries: readonly number[]): LeafRun | undefined {
  const run = new LeafRun(nodes, entries.length);
  const positionBits = Math.ceil(Math.log2(entries.length + 1));
  const positions = 2 ** positionBits;
  const droppedBits = SORTED_BITS_MAX - Math.min(SORTED_BITS_MAX, 53 - positionBits);
  // Numbers sort natively, many times faster than keys by a function.
  const order = new Float64Array(entries.length);
  for (let i = 0; i < entries.length; i++) {
    const bits = Math.floor(nodes.keyBits48(Math.abs(entries[i] as number)) / 2 ** droppedBits);
    order[i] = bits * positions + i;
  }
  order.sort();
  const entryAt = (at: number): number => entries[(order[at] as number) % positions] as number;
  const bitsAt = (at: number): number => Math.floor((order[at] as number) / positions);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && bitsAt(end) === bitsAt(start)) end += 1;
    if (end === start + 1) run.push(entryAt(start), nodes.keyPrefix(Math.abs(entryAt(start))));
    else if (
      !pushAlike(
        nodes,
        run,
        Array.from({ length: end - start }, (_, i) => entryAt(start + i)),
      )
    )
      return undefined;
    start = end;
  }
  return run;
}

/** Leaves whose first bits are the same. */
function pushAlike(nodes: StateNodes, run: LeafRun, alike: number[]): boolean {
  alike.sort((a, b) => nodes.compareKeys(Math.abs(a), Math.abs(b)));
  for (const [i, entry] of alike.entries()) {
    const before = alike[i - 1];
    if (before !== undefined && nodes.compareKeys(Math.abs(before), Math.abs(entry)) === 0) return false;
    run.push(entry, nodes.keyPrefix(Math.abs(entry)));
  }
  return true;
}
