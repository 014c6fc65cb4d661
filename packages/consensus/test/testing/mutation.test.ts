import { expect, it } from 'vitest';
import { createRng } from '../../src/index.ts';
import { entryOf, hashOf, names } from '../../src/testing/index.ts';
import { mutated } from '../../src/testing/mutation.ts';

const [a] = names(1);
const message = { kind: 'some', term: 3, granted: true, voter: a, entries: [entryOf(1, 1, a as never, 'x')] };

it('reaches every field, changes no kind and no payload, and leaves the original alone', () => {
  const rng = createRng(hashOf('mutation'));
  const before = structuredClone(message);
  const changed = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const copy = mutated(rng, message, names(5)) as typeof message;
    expect(copy.kind).toBe('some');
    for (const name of ['term', 'granted', 'voter', 'entries'] as const)
      if (JSON.stringify(copy[name]) !== JSON.stringify(message[name])) changed.add(name);
    for (const entry of copy.entries) expect(entry.payload).toBe(message.entries[0]?.payload);
  }
  expect([...changed].sort()).toEqual(['entries', 'granted', 'term', 'voter']);
  expect(message).toEqual(before);
});
