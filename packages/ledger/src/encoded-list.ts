import { CborWriter } from '@varve/encoding';

/** A CBOR array whose items are encoded as they come, before anybody knows how many there will be. */
export class EncodedList {
  /** Takes the items, without the head of the array. */
  readonly items: CborWriter;
  #count = 0;

  /** @param capacity - See `CborWriter`. */
  constructor(capacity?: number) {
    this.items = new CborWriter(capacity);
  }

  /** Items that are complete. */
  get count(): number {
    return this.#count;
  }

  /** What was written since the item before is an item. */
  close(): void {
    this.#count += 1;
  }

  clear(): void {
    this.items.truncate(0);
    this.#count = 0;
  }

  /** Takes over the items of another list. */
  append(other: EncodedList): void {
    this.items.encoded(other.items.written);
    this.#count += other.count;
  }

  /** Writes the whole array. */
  writeTo(writer: CborWriter): void {
    writer.array(this.#count);
    writer.encoded(this.items.written);
  }
}
