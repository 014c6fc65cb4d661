import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdMap } from '../src/id-map.ts';

const idOf = (number: number): string => createHash('sha256').update(String(number)).digest('hex');
/** Ids that all stand in one chain, and differ only at their end. */
const colliding = (number: number): string => `${'7f'.repeat(8)}${idOf(number).slice(16)}`;
const SALT = '0123456789abcdef';

describe('IdMap', () => {
  it('holds what a Map holds, in its order, whatever comes and goes', () => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'set', 'set', 'delete', 'delete', 'oldest', 'look'),
      number: fc.nat(40),
      collides: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(1000), (steps, fill) => {
        const map = new IdMap<string, number | undefined>(SALT);
        const known = new Map<string, number | undefined>();
        for (let i = 0; i < fill; i++) {
          map.set(idOf(100 + i), i);
          known.set(idOf(100 + i), i);
        }
        for (const [at, { kind, number, collides }] of steps.entries()) {
          const id = collides ? colliding(number) : idOf(number);
          const value = at % 5 === 0 ? undefined : at;
          if (kind === 'set') {
            map.set(id, value);
            known.set(id, value);
          } else if (kind === 'delete') expect(map.delete(id)).toBe(known.delete(id));
          else if (kind === 'oldest') {
            const [oldest] = known.keys();
            if (oldest !== undefined) expect(map.delete(oldest)).toBe(known.delete(oldest));
          } else expect([map.has(id), map.get(id)]).toEqual([known.has(id), known.get(id)]);
        }
        expect(map.size).toBe(known.size);
        expect([...map.values()]).toEqual([...known.values()]);
        expect([...map.keys()]).toEqual([...known.keys()]);
        for (const [id, value] of known) expect([map.has(id), map.get(id)]).toEqual([true, value]);
      }),
    );
  });

  it('passes many through, grows for as many as stay, and empties', () => {
    const map = new IdMap<string, number>(SALT);
    const known = new Map<string, number>();
    let next = 0;
    for (const staying of [10, 5000, 3, 700, 0]) {
      for (let i = 0; i < 8000; i++) {
        map.set(idOf(next), next);
        known.set(idOf(next), next);
        next += 1;
        while (known.size > staying) {
          const [oldest] = known.keys();
          known.delete(oldest as string);
          expect(map.delete(oldest as string)).toBe(true);
        }
      }
      expect(map.size).toBe(staying);
      expect([...map.values()]).toEqual([...known.values()]);
      for (const [id, value] of known) expect(map.get(id)).toBe(value);
      expect(map.has(idOf(next))).toBe(false);
    }
  });

  it('lets entries be deleted while it gives them', () => {
    const map = new IdMap<string, number>(SALT);
    for (let i = 0; i < 300; i++) map.set(idOf(i), i);
    const seen: number[] = [];
    for (const value of map.values()) {
      seen.push(value);
      map.delete(idOf(value));
      map.delete(idOf(value + 1));
    }
    expect(seen).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i));
    expect(map.size).toBe(0);
  });
});
