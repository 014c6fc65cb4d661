import { concatBytes, sharedBytes, utf8Encode } from '@varve/encoding';

/** The path of the root, which always exists and holds nothing but children. */
export const ROOT_PATH = '/';
/** Digits of a sequence suffix. */
const SEQUENCE_DIGITS = 10;
const ASCII_MAX = 0x7f;
/** The greatest counter that a sequence suffix can show. */
export const SEQUENCE_MAX: number = 10 ** SEQUENCE_DIGITS - 1;

/** A part of a path that is empty, `.` or `..`. */
const PART_MALFORMED = /\/\.{0,2}(?:\/|$)/;

/** Whether `path` is the root, or `/` and parts joined by `/`, none of them empty, `.` or `..` (FORMATS, paths). */
export function isNodePath(path: string): boolean {
  if (path === ROOT_PATH) return true;
  return path.startsWith('/') && path.isWellFormed() && !PART_MALFORMED.test(path);
}

/** The parent's path of a node path that is not the root. */
export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || ROOT_PATH;
}

/** Name of a node among its siblings: the last part of its path. */
export function nodeName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path of the child `name`. */
export function childPath(parent: string, name: string): string {
  return parent === ROOT_PATH ? `/${name}` : `${parent}/${name}`;
}

/** `prefix` with the sequence suffix of `counter`. */
export function sequentialPath(prefix: string, counter: number): string {
  return prefix + String(counter).padStart(SEQUENCE_DIGITS, '0');
}

/**
 * State key, in module `coordination`, of a node's data: `n`, then its path in UTF-8. The entry's bytes are the node's
 * value, its version is the version clients see.
 * @throws {EncodingError} `CBOR_UNENCODABLE` for a lone surrogate; other malformed paths just have no entry.
 */
export function coordinationKey(path: string): Uint8Array {
  const key = pathKey(1, path);
  key[0] = 0x6e;
  return key;
}

/** State key of what is kept of a node beside its data: `c`, then its path. */
export function familyKey(path: string): Uint8Array {
  const key = pathKey(1, path);
  key[0] = 0x63;
  return key;
}

/** State key of the child in `slot` of a parent: `s`, the slot as 4 big-endian bytes, then the parent's path. */
export function childSlotKey(parent: string, slot: number): Uint8Array {
  const key = pathKey(5, parent);
  key[0] = 0x73;
  for (let i = 1; i <= 4; i++) key[i] = slot >>> (32 - 8 * i);
  return key;
}

/** Room for `headBytes`, then the path in UTF-8. Most paths are ASCII: those are written without a copy. */
function pathKey(headBytes: number, path: string): Uint8Array {
  const key = sharedBytes(headBytes + path.length);
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code > ASCII_MAX) return concatBytes(new Uint8Array(headBytes), utf8Encode(path));
    key[headBytes + i] = code;
  }
  return key;
}
