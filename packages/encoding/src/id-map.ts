const CAPACITY_MIN = 256;
/** Digits of an id that make 32 bits. */
const DIGITS = 8;

/**
 * A map by ids in hexadecimal, such as hashes, for what comes and goes all the time; in order of arrival, as `Map` is.
 *
 * A `Map` whose entries change makes itself a new table every few thousand of them. Tables outlive the young generation,
 * and one that was left behind keeps alive whatever it had last, until old objects are collected: nearly all that passed
 * through a map lived ten times as long as it was needed. Here the places of what left are used again.
 *
 * The first 64 bits of an id and a salt choose its chain (multiply-shift: Dietzfelbinger et al. 1997): whoever makes ids
 * up, but does not know the salt, cannot have many of them in one chain.
 */
export class IdMap<K extends string, V> {
  /** Number of the last entry of each chain, counted from 1; a power of two of them. */
  #heads = new Int32Array(CAPACITY_MIN);
  /** Number of the entry before each in its chain. */
  #before = new Int32Array(CAPACITY_MIN);
  #shift = 32 - Math.log2(CAPACITY_MIN);
  /** In order of arrival, with gaps where entries left. */
  #ids: (K | undefined)[] = [];
  #values: (V | undefined)[] = [];
  /** Entries and gaps. */
  #used = 0;
  /** Before it all are gaps. */
  #first = 0;
  #size = 0;
  readonly #factors: readonly [number, number];

  /** @param salt - At least 16 hexadecimal digits. */
  constructor(salt: string) {
    this.#factors = [bitsOf(salt, 0) | 1, bitsOf(salt, DIGITS) | 1];
  }

  get size(): number {
    return this.#size;
  }

  get(id: K): V | undefined {
    const number = this.#find(id);
    return number === 0 ? undefined : this.#values[number - 1];
  }

  has(id: K): boolean {
    return this.#find(id) !== 0;
  }

  /** A new id comes last; one that is there keeps its place. */
  set(id: K, value: V): void {
    const number = this.#find(id);
    if (number !== 0) {
      this.#values[number - 1] = value;
      return;
    }
    if (this.#used === this.#before.length) this.#makeRoom();
    this.#ids[this.#used] = id;
    this.#values[this.#used] = value;
    this.#used += 1;
    this.#size += 1;
    this.#chain(this.#used);
  }

  /** @returns Whether it was there. */
  delete(id: K): boolean {
    const number = this.#find(id);
    if (number === 0) return false;
    // Its number stays in the chain and is passed over until all are chained anew.
    this.#ids[number - 1] = undefined;
    this.#values[number - 1] = undefined;
    this.#size -= 1;
    while (this.#first < this.#used && this.#ids[this.#first] === undefined) this.#first += 1;
    return true;
  }

  /** In order of arrival. Meanwhile entries may be deleted, but none set. */
  *keys(): IterableIterator<K> {
    for (let i = this.#first; i < this.#used; i++) if (this.#ids[i] !== undefined) yield this.#ids[i] as K;
  }

  /** See `keys`. */
  *values(): IterableIterator<V> {
    for (let i = this.#first; i < this.#used; i++) if (this.#ids[i] !== undefined) yield this.#values[i] as V;
  }

  /** @returns Number of the entry, 0 where there is none. */
  #find(id: K): number {
    let number = this.#heads[this.#chainOf(id)] as number;
    while (number !== 0 && this.#ids[number - 1] !== id) number = this.#before[number - 1] as number;
    return number;
  }

  #chain(number: number): void {
    const chain = this.#chainOf(this.#ids[number - 1] as K);
    this.#before[number - 1] = this.#heads[chain] as number;
    this.#heads[chain] = number;
  }

  #chainOf(id: K): number {
    const [first, second] = this.#factors;
    return (Math.imul(bitsOf(id, 0), first) + Math.imul(bitsOf(id, DIGITS), second)) >>> this.#shift;
  }

  /** Closes the gaps; where few were, or most are, there is then twice or half the room. */
  #makeRoom(): void {
    let kept = 0;
    for (let i = 0; i < this.#used; i++) {
      if (this.#ids[i] === undefined) continue;
      this.#ids[kept] = this.#ids[i];
      this.#values[kept] = this.#values[i];
      kept += 1;
    }
    this.#used = kept;
    this.#first = 0;
    this.#resize(kept);
    for (let number = 1; number <= kept; number++) this.#chain(number);
  }

  #resize(kept: number): void {
    const before = this.#before.length;
    let capacity = before;
    if (2 * kept > before) capacity = 2 * before;
    else if (8 * kept < before && before > CAPACITY_MIN) capacity = before / 2;
    if (capacity === before) this.#heads.fill(0);
    else {
      this.#heads = new Int32Array(capacity);
      this.#before = new Int32Array(capacity);
      this.#shift = 32 - Math.log2(capacity);
    }
    this.#ids.length = Math.min(this.#ids.length, capacity);
    this.#values.length = Math.min(this.#values.length, capacity);
    this.#ids.fill(undefined, kept);
    this.#values.fill(undefined, kept);
  }
}

/** 32 bits that the digits from `at` on spell. */
function bitsOf(id: string, at: number): number {
  let bits = 0;
  for (let i = at; i < at + DIGITS; i++) {
    const code = id.charCodeAt(i);
    bits = (bits << 4) | ((code & 0xf) + 9 * (code >> 6));
  }
  return bits;
}
