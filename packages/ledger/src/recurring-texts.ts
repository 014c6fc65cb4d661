/** A power of two: more different texts than this in use at a time are made anew now and then. */
const SLOTS = 1024;
const BYTES_MAX = 32;

/**
 * Texts made of up to 32 bytes that come again and again, each made once while it is in use. Whoever sends transactions
 * chooses them, so there are so many slots and no more: a newcomer takes the slot of another.
 */
export class RecurringTexts {
  readonly #make: (bytes: Uint8Array) => string;
  readonly #texts: (string | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * BYTES_MAX);

  /** @param make - The text of some bytes, the same whenever it is called; what it throws, `of` throws. */
  constructor(make: (bytes: Uint8Array) => string) {
    this.#make = make;
  }

  /** The text of the `length` bytes from `start`, which must be in `bytes`; `length` is at most 32. */
  of(bytes: Uint8Array, start: number, length: number): string {
    const slot = slotOf(bytes, start, length);
    const known = this.#texts[slot];
    if (known !== undefined && this.#lengths[slot] === length && this.#holds(slot, bytes, start, length)) return known;
    const text = this.#make(bytes.subarray(start, start + length));
    this.#texts[slot] = text;
    this.#lengths[slot] = length;
    for (let i = 0; i < length; i++) this.#bytes[slot * BYTES_MAX + i] = bytes[start + i] as number;
    return text;
  }

  #holds(slot: number, bytes: Uint8Array, start: number, length: number): boolean {
    const at = slot * BYTES_MAX;
    for (let i = 0; i < length; i++) if (this.#bytes[at + i] !== bytes[start + i]) return false;
    return true;
  }
}

/** A few bytes tell hashes apart, and names by their length, ends and middle. */
function slotOf(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0) return 0;
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  return ((Math.imul((first << 16) | (middle << 8) | last, 0x9e37_79b1) >>> 16) + length) & (SLOTS - 1);
}
