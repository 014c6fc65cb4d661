/** What can be wrong with a question to a tree, or with the bytes of a proof. */
export type MerkleErrors = {
  /** A leaf or a size that the tree does not have; `size` is what it has. */
  MERKLE_OUT_OF_RANGE: { asked: number; size: number };
  /** Keys and values of a state tree are hashes, and a batch names a key once. */
  STATE_CHANGES_INVALID: { reason: string };
  /** A version of a state tree that was dropped, or one that does not join on to those that are kept. */
  STATE_VERSION_UNKNOWN: { height: number };
  /** The bytes are not a state proof of the shape in `state-proof.ts`. */
  STATE_PROOF_MALFORMED: { reason: string };
};

/** A failed operation on a tree. Verifying never throws it: a bad proof is a value there. */
export class MerkleError<C extends keyof MerkleErrors = keyof MerkleErrors> extends Error {
  override readonly name = 'MerkleError';
  readonly code: C;
  readonly details: MerkleErrors[C];

  constructor(code: C, details: MerkleErrors[C], options?: ErrorOptions) {
    super(`${code}: ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = details;
  }
}
