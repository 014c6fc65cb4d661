import { CborReader, encodeCbor, utf8Decode } from '@varve/encoding';
import { readingAs, type StateEntry, type StateReader } from '@varve/ledger';
import { childPath, childSlotKey, coordinationKey, familyKey, ROOT_PATH } from './coordination-path.ts';

/** The module's name. */
export const COORDINATION = 'coordination';

/** What is kept of a node beside its data, so that its data version does not change when children come and go. */
export interface NodeFamily {
  /** How many children it has. They fill its slots from 0 without a gap. */
  readonly children: number;
  /** Counter of the next sequence suffix below it. */
  readonly nextSequence: number;
  /** Its own slot in its parent; 0 for the root. */
  readonly slot: number;
}

const FAMILY_NONE: NodeFamily = { children: 0, nextSequence: 0, slot: 0 };

/** State value under `familyKey`: CBOR `[children, nextSequence, slot]`. */
export function encodeFamily(family: NodeFamily): Uint8Array {
  return encodeCbor([family.children, family.nextSequence, family.slot]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
function decodeFamily(bytes: Uint8Array): NodeFamily {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(3);
    const family = { children: reader.uint(), nextSequence: reader.uint(), slot: reader.uint() };
    reader.end();
    return family;
  });
}

/** A node's value and version, or `undefined` where there is none; the root has no value. */
export function coordinationNodeIn(state: StateReader, path: string): StateEntry | undefined {
  return state.get(COORDINATION, coordinationKey(path));
}

/** What is kept beside a node's data; all zero for a root that never had a child. */
export function familyIn(state: StateReader, path: string): NodeFamily {
  const entry = state.get(COORDINATION, familyKey(path));
  return entry ? decodeFamily(entry.bytes) : FAMILY_NONE;
}

/** Name of the child in a filled slot. */
export function childInSlot(state: StateReader, parent: string, slot: number): string | undefined {
  const entry = state.get(COORDINATION, childSlotKey(parent, slot));
  return entry && utf8Decode(entry.bytes);
}

/**
 * Names of a node's children in slot order: creation order, but the last one takes the place of one deleted. Pages
 * read from one state together hold every child once; over states that differ they may not.
 * @param limit - The most names to return.
 * @param after - The last name of the page before.
 * @returns `undefined` where there is no such node, or `after` is none of its children.
 */
export function childrenOf(
  state: StateReader,
  path: string,
  limit: number,
  after?: string,
): readonly string[] | undefined {
  if (path !== ROOT_PATH && coordinationNodeIn(state, path) === undefined) return undefined;
  let slot = 0;
  if (after !== undefined) {
    const previous = childPath(path, after);
    if (after.includes('/') || coordinationNodeIn(state, previous) === undefined) return undefined;
    slot = familyIn(state, previous).slot + 1;
  }
  const end = Math.min(familyIn(state, path).children, slot + limit);
  const names: string[] = [];
  for (; slot < end; slot++) {
    const name = childInSlot(state, path, slot);
    if (name !== undefined) names.push(name);
  }
  return names;
}
