/**
 * Some of the operations 0 … n−1, as bits. Its key leaves out the full words in front and the empty words behind: in a
 * search that takes operations nearly in the order of their calls, a key is as long as the operations overlap, and not
 * as long as the history.
 */
export class OperationSet {
  readonly #words: Uint32Array;
  /** Words in front that are known to be full. */
  #full = 0;
  /** One past the last word that may hold a bit. */
  #end = 0;

  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  add(operation: number): void {
    const word = operation >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (operation & 31));
    this.#end = Math.max(this.#end, word + 1);
    while (this.#full < this.#end && this.#words[this.#full] === 0xffffffff) this.#full++;
  }

  delete(operation: number): void {
    const word = operation >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) & ~(1 << (operation & 31));
    this.#full = Math.min(this.#full, word);
    while (this.#end > 0 && this.#words[this.#end - 1] === 0) this.#end--;
  }

  /** Two sets of one size have equal keys only when they are equal. */
  key(): string {
    let key = `${this.#full}`;
    for (let word = this.#full; word < this.#end; word++) key += `.${(this.#words[word] ?? 0).toString(36)}`;
    return key;
  }
}
