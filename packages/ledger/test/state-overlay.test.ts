import { utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StateEntry } from '../src/index.ts';
import { StateOverlay } from '../src/state-overlay.ts';

type Step =
  | { kind: 'put'; key: string; value: number | undefined }
  | { kind: 'get'; key: string; value: number | undefined }
  | { kind: 'keep' }
  | { kind: 'undo' };

const KEYS = ['a', 'b', 'c', 'd'] as const;
const entryOf = (value: number | undefined): StateEntry | undefined =>
  value === undefined ? undefined : { version: value, modifiedHeight: 1, bytes: new Uint8Array() };
const below = new Map([
  ['a', 1],
  ['b', 2],
]);
const base = { get: (_module: string, key: Uint8Array) => entryOf(below.get(new TextDecoder().decode(key))) };

const key = fc.constantFrom(...KEYS);
const value = fc.option(fc.integer({ min: 10, max: 19 }), { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value }),
  fc.record({ kind: fc.constant('get' as const), key, value }),
  fc.record({ kind: fc.constant('keep' as const) }),
  fc.record({ kind: fc.constant('undo' as const) }),
);

describe('StateOverlay', () => {
  it('reads and changes as copies of a whole map do, in order of the first change that stayed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const overlay = new StateOverlay(base);
        let kept = new Map<string, number>(below);
        let now = new Map(kept);
        const order: string[] = [];
        let touched: string[] = [];
        for (const one of steps) {
          if (one.kind === 'keep') {
            for (const name of touched) {
              const isChange = below.has(name) || now.has(name);
              if (isChange && !order.includes(name)) order.push(name);
            }
            kept = new Map(now);
            touched = [];
            overlay.keep();
          } else if (one.kind === 'undo') {
            now = new Map(kept);
            touched = [];
            overlay.undo();
          } else if (one.kind === 'get') {
            expect(overlay.get('m', utf8Encode(one.key))?.version).toBe(now.get(one.key));
          } else {
            if (one.value !== undefined || now.has(one.key)) touched.push(one.key);
            if (one.value === undefined) now.delete(one.key);
            else now.set(one.key, one.value);
            overlay.put('m', utf8Encode(one.key), entryOf(one.value));
          }
        }
        overlay.undo();
        const changes = overlay.changes.map(({ key: changed, before, after }) => [
          new TextDecoder().decode(changed),
          before?.version,
          after?.version,
        ]);
        expect(changes).toEqual(order.map((name) => [name, below.get(name), kept.get(name)]));
      }),
      { numRuns: 500 },
    );
  });

  it('tells modules apart, and reads each key from below once', () => {
    const reads: string[] = [];
    const overlay = new StateOverlay({
      get(module, key) {
        reads.push(`${module}/${new TextDecoder().decode(key)}`);
        return undefined;
      },
    });
    for (let i = 0; i < 2; i++) {
      overlay.get('m', utf8Encode('na'));
      overlay.get('mn', utf8Encode('a'));
    }
    overlay.put('mn', utf8Encode('a'), entryOf(1));
    expect(overlay.get('m', utf8Encode('na'))).toBeUndefined();
    // One array may be a key of two modules.
    const shared = utf8Encode('s');
    overlay.put('m', shared, entryOf(1));
    expect(overlay.get('mn', shared)).toBeUndefined();
    expect(reads).toEqual(['m/na', 'mn/a', 'm/s', 'mn/s']);
  });
});
