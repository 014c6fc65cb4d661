const SLOTS_MIN = 64;
/** A table is doubled when more of it is taken. */
const LOAD_MAX = 0.6;

/**
 * A set of hashes, of which it knows the first 32 bits: what it was given it has, and of what it was not it denies all
 * but a few. Flat memory, 7 to 14 bytes for each.
 */
export class Fingerprints {
  /** Open addressing with linear probing; 0 is a free place. */
  #slots: Uint32Array;
  #shift: number;
  #count = 0;

  /** @param capacity - Of another set that grew as large as this one will: growing moves everything. */
  constructor(capacity: number = SLOTS_MIN) {
    this.#slots = new Uint32Array(capacity);
    this.#shift = 32 - Math.log2(capacity);
  }

  /** Places, taken or free; a power of two. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** Different ones that were added. */
  get count(): number {
    return this.#count;
  }

  /** @param fingerprint - 32 bits, unsigned. */
  has(fingerprint: number): boolean {
    return this.#slots[this.#place(fingerprint || 1)] !== 0;
  }

  /** See `has`. */
  add(fingerprint: number): void {
    const at = this.#place(fingerprint || 1);
    if (this.#slots[at] !== 0) return;
    this.#slots[at] = fingerprint || 1;
    this.#count += 1;
    if (this.#count > LOAD_MAX * this.#slots.length) this.#grow();
  }

  /** Where it is, or where it belongs. */
  #place(fingerprint: number): number {
    const slots = this.#slots;
    let at = fingerprint >>> this.#shift;
    while (slots[at] !== 0 && slots[at] !== fingerprint) at = (at + 1) & (slots.length - 1);
    return at;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    this.#shift -= 1;
    for (const fingerprint of old) if (fingerprint !== 0) this.#slots[this.#place(fingerprint)] = fingerprint;
  }
}
