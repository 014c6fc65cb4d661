import { HASH_BYTES, sha256Parts } from '@varve/crypto';
import { bytesEqual, CborReader, type CborValue, EncodingError, encodeCbor } from '@varve/encoding';
import { MerkleError } from './errors.ts';
import { isHash } from './tree-hash.ts';

/** Deepest end of a path: two keys that differ in their last bit only. */
export const STATE_DEPTH_MAX = 256;

/** Where the way to the asked key ends. */
export type StateProofEnd =
  /** Nothing lies there: the key is absent. */
  | { readonly kind: 'empty' }
  /** The key's own leaf. */
  | { readonly kind: 'leaf'; readonly value: Uint8Array }
  /** The only leaf below has another key: the asked one is absent. */
  | { readonly kind: 'otherLeaf'; readonly key: Uint8Array; readonly value: Uint8Array };

/** The way from the root of a state tree towards a key; see `encodeStateProof` for its bytes. */
export interface StateProof {
  /** Number of inner nodes on the way, 0 to 256. */
  readonly depth: number;
  /** Bit i, most significant first, tells whether the sibling below the inner node at depth i is not empty. */
  readonly bitmap: Uint8Array;
  /** Hashes of those siblings, from the root. */
  readonly siblings: readonly Uint8Array[];
  readonly end: StateProofEnd;
}

/** What a state proof proves, or why it proves nothing. */
export type StateVerdict =
  | { readonly ok: true; readonly value: Uint8Array | undefined }
  | { readonly ok: false; readonly reason: 'KEY_MALFORMED' | 'PROOF_MALFORMED' | 'LEAF_ELSEWHERE' | 'ROOT_MISMATCH' };

/**
 * A proof as canonical CBOR:
 * ```
 * state-proof = [depth, bitmap bstr, [* sibling 32], end]
 * end         = [0]                          ; empty: the key is absent
 *             / [1, value 32]                ; the key's leaf
 *             / [2, otherKey 32, otherValue 32] ; another leaf, whose key shares the first `depth` bits and differs
 * ```
 * `depth` is 0 to 256; `bitmap` has ⌈depth/8⌉ bytes, bit i of it (most significant bit of the first byte first) is set
 * when the sibling at depth i is not empty, and bits from `depth` on are zero; `siblings` has one hash for each set
 * bit, from the root, never 32 zero bytes. A tree and a key thus have exactly one proof.
 */
export function encodeStateProof(proof: StateProof): Uint8Array {
  return encodeCbor([proof.depth, proof.bitmap, proof.siblings, encodeEnd(proof.end)]);
}

function encodeEnd(end: StateProofEnd): CborValue {
  switch (end.kind) {
    case 'empty':
      return [0];
    case 'leaf':
      return [1, end.value];
    case 'otherLeaf':
      return [2, end.key, end.value];
  }
}

/**
 * The proof of exactly these bytes; hashes are views on them.
 * @throws {MerkleError} `STATE_PROOF_MALFORMED` for anything but the one encoding of a well-formed proof.
 */
export function decodeStateProof(bytes: Uint8Array): StateProof {
  let proof: StateProof;
  try {
    const reader = new CborReader(bytes);
    reader.array(4);
    const depth = reader.uint();
    const bitmap = reader.byteString();
    const siblings = reader.list((item) => item.byteString(HASH_BYTES), STATE_DEPTH_MAX);
    proof = { depth, bitmap, siblings, end: readEnd(reader) };
    reader.end();
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new MerkleError('STATE_PROOF_MALFORMED', { reason: cause.message }, { cause });
  }
  if (!isPathWellFormed(proof)) {
    throw new MerkleError('STATE_PROOF_MALFORMED', { reason: 'depth, bitmap and siblings do not fit' });
  }
  return proof;
}

function readEnd(reader: CborReader): StateProofEnd {
  const start = reader.offset;
  const items = reader.array();
  const kind = reader.uint();
  if (kind === 0 && items === 1) return { kind: 'empty' };
  if (kind === 1 && items === 2) return { kind: 'leaf', value: reader.byteString(HASH_BYTES) };
  if (kind === 2 && items === 3) {
    return { kind: 'otherLeaf', key: reader.byteString(HASH_BYTES), value: reader.byteString(HASH_BYTES) };
  }
  return reader.unexpected('end of a state proof', start);
}

/**
 * What `proof` proves about `key` in the state with root `root`. Total: it never throws, whatever it is given.
 * @returns The key's value, or `undefined` where the key is proven absent; else why nothing is proven.
 */
export function verifyStateProof(root: Uint8Array, key: Uint8Array, proof: StateProof): StateVerdict {
  if (!isHash(key)) return { ok: false, reason: 'KEY_MALFORMED' };
  if (!isPathWellFormed(proof) || !isEndWellFormed(proof.end)) return { ok: false, reason: 'PROOF_MALFORMED' };
  const { depth, bitmap, siblings, end } = proof;
  if (end.kind === 'otherLeaf' && (bytesEqual(end.key, key) || !shareBits(end.key, key, depth))) {
    return { ok: false, reason: 'LEAF_ELSEWHERE' };
  }
  let hash = endHash(key, end);
  let next = siblings.length;
  for (let at = depth - 1; at >= 0; at--) {
    const sibling = bit(bitmap, at) === 1 ? (siblings[--next] as Uint8Array) : EMPTY;
    hash = bit(key, at) === 0 ? sha256Parts(hash, sibling) : sha256Parts(sibling, hash);
  }
  if (!isHash(root) || !bytesEqual(hash, root)) return { ok: false, reason: 'ROOT_MISMATCH' };
  return { ok: true, value: end.kind === 'leaf' ? end.value : undefined };
}

const EMPTY = new Uint8Array(HASH_BYTES);
const LEAF_PREFIX = Uint8Array.of(0);

function endHash(key: Uint8Array, end: StateProofEnd): Uint8Array {
  if (end.kind === 'empty') return EMPTY;
  return sha256Parts(LEAF_PREFIX, end.kind === 'leaf' ? key : end.key, end.value);
}

function isPathWellFormed(proof: StateProof): boolean {
  const { depth, bitmap, siblings } = proof ?? {};
  if (!Number.isSafeInteger(depth) || depth < 0 || depth > STATE_DEPTH_MAX) return false;
  if (!(bitmap instanceof Uint8Array) || bitmap.length !== Math.ceil(depth / 8)) return false;
  let set = 0;
  for (let at = 0; at < 8 * bitmap.length; at++) {
    if (bit(bitmap, at) === 0) continue;
    if (at >= depth) return false;
    set += 1;
  }
  return (
    Array.isArray(siblings) &&
    siblings.length === set &&
    siblings.every((one) => isHash(one) && !bytesEqual(one, EMPTY))
  );
}

function isEndWellFormed(end: StateProofEnd): boolean {
  switch (end?.kind) {
    case 'empty':
      return true;
    case 'leaf':
      return isHash(end.value);
    case 'otherLeaf':
      return isHash(end.key) && isHash(end.value);
    default:
      return false;
  }
}

function shareBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let at = 0; at < bits; at++) if (bit(a, at) !== bit(b, at)) return false;
  return true;
}

function bit(bytes: Uint8Array, at: number): number {
  return ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
}
