import { expect, it } from 'vitest';
import { RefList } from '../src/ref-list.ts';

it.each([0, 1, 64, 65, 1000, 100_000])(
  'a list of %i references holds them, and others once it is cleared',
  (length) => {
    const list = new RefList();
    for (const sign of [1, -1]) {
      const refs = Array.from({ length }, (_, i) => sign * (i + 1));
      for (const ref of refs) list.push(ref);
      expect([...list.toArray()]).toEqual(refs);
      expect([list.length, length === 0 ? undefined : list.at(length - 1)]).toEqual([length, refs.at(-1)]);
      list.clear();
      expect([list.length, [...list.toArray()]]).toEqual([0, []]);
    }
  },
);
