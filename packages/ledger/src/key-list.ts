/** Keys are packed into pieces of this size; a longer key gets one of its own. */
const PIECE_BYTES = 2 ** 16;

/** A list of many keys in little memory: an array for each would take ten times as much. */
export class KeyList {
  readonly #pieces: Uint8Array[] = [];
  readonly #lengths: number[] = [];
  /** Bytes used of the last piece. */
  #used = 0;

  push(key: Uint8Array): void {
    let piece = this.#pieces.at(-1);
    if (piece === undefined || this.#used + key.length > piece.length) {
      piece = new Uint8Array(Math.max(PIECE_BYTES, key.length));
      this.#pieces.push(piece);
      this.#used = 0;
    }
    piece.set(key, this.#used);
    this.#used += key.length;
    this.#lengths.push(key.length);
  }

  /** Copies, in the order in which they came. */
  *[Symbol.iterator](): Generator<Uint8Array, void, undefined> {
    let [piece, at] = [0, 0];
    for (const length of this.#lengths) {
      if (at + length > (this.#pieces[piece]?.length ?? 0)) [piece, at] = [piece + 1, 0];
      yield (this.#pieces[piece] as Uint8Array).slice(at, at + length);
      at += length;
    }
  }
}
