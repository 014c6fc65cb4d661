import type { NodeId } from '@varve/encoding';
import { type Rng, uniformBelow } from '../random.ts';

/** A copy of `value` with one leaf, or one element of a list, changed into something of the same type. */
export function mutated(rng: Rng, value: unknown, names: readonly NodeId[]): unknown {
  const count = places(value);
  return count === 0 ? value : changeAt(rng, value, names, { left: uniformBelow(rng, count) });
}

/** How many places there are to change. */
function places(value: unknown): number {
  if (value instanceof Uint8Array) return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + places(item), 1);
  if (value === null || typeof value !== 'object') return value === undefined ? 0 : 1;
  return fieldsOf(value).reduce((sum, [, field]) => sum + places(field), 0);
}

/** What a message is, and what a payload's hash is, are not for changing: another kind is another message. */
function fieldsOf(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([name]) => name !== 'kind' && name !== 'payload');
}

function changeAt(rng: Rng, value: unknown, names: readonly NodeId[], place: { left: number }): unknown {
  if (value === undefined) return value;
  if (Array.isArray(value)) {
    place.left -= 1;
    if (place.left === -1) return changeList(rng, value);
    return value.map((item) => (place.left < 0 ? item : changeAt(rng, item, names, place)));
  }
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) {
    place.left -= 1;
    return place.left === -1 ? changeLeaf(rng, value, names) : value;
  }
  const copy: Record<string, unknown> = { ...value };
  for (const [name, field] of fieldsOf(value)) {
    if (place.left < 0) break;
    copy[name] = changeAt(rng, field, names, place);
  }
  return copy;
}

function changeList(rng: Rng, list: readonly unknown[]): readonly unknown[] {
  const at = uniformBelow(rng, list.length + 1);
  const item = list[at];
  return item === undefined ? list.slice(0, -1) : [...list.slice(0, at), item, ...list.slice(at)];
}

function changeLeaf(rng: Rng, leaf: unknown, names: readonly NodeId[]): unknown {
  switch (typeof leaf) {
    case 'number': {
      const others = [0, 1, leaf + 1, Math.max(0, leaf - 1), uniformBelow(rng, 20), Number.MAX_SAFE_INTEGER];
      return others[uniformBelow(rng, others.length)];
    }
    case 'boolean':
      return !leaf;
    case 'string':
      return names[uniformBelow(rng, names.length)] ?? leaf;
    default:
      return leaf instanceof Uint8Array ? leaf.map((byte) => byte ^ (uniformBelow(rng, 8) === 0 ? 1 : 0)) : leaf;
  }
}
