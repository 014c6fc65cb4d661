import { type CborValue, encodeCbor, toHex } from '@varve/encoding';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeResults } from '../src/index.ts';
import { ResultsWriter } from '../src/results-writer.ts';

const leaf = fc.oneof(
  fc.maxSafeNat(),
  fc.string({ unit: 'grapheme' }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
);
const good: fc.Arbitrary<CborValue> = fc.oneof(leaf, fc.array(leaf), fc.array(fc.array(leaf)));
const nested = (levels: number): CborValue => (levels === 0 ? 0 : [nested(levels - 1)]);
const bad = fc.constantFrom<CborValue>(-1, 0.5, Number.NaN, '\ud800', [1, -1], nested(6), 'x'.repeat(1100));
const LIMIT = 1000;

it('results are what the general encoder makes of what was taken; what is refused leaves no trace', () => {
  const writer = new ResultsWriter();
  const step = fc.record({ value: fc.oneof(good, bad), isEvent: fc.boolean(), topic: fc.string() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      writer.clear();
      const [values, events]: [CborValue[], { module: string; topic: string; value: CborValue }[]] = [[], []];
      for (const { value, isEvent, topic } of steps) {
        const write = () => (isEvent ? writer.emitted('module', topic, value, LIMIT) : writer.returned(value, LIMIT));
        if (!fits(value)) {
          expect(write).toThrow(expect.objectContaining({ code: 'RESULT_TOO_LARGE' }));
          continue;
        }
        write();
        if (isEvent) events.push({ module: 'module', topic, value });
        else values.push(value);
      }
      expect([writer.valueCount, writer.events.count]).toEqual([values.length, events.length]);
      expect(toHex(writer.encoded())).toBe(toHex(encodeResults({ values, events })));
    }),
  );
});

/** Three levels down, and with the heads of those levels within the limit and 16 bytes. */
function fits(value: CborValue): boolean {
  try {
    return encodeCbor([[[value]]]).length <= LIMIT + 16;
  } catch {
    return false;
  }
}

it.each([
  { text: 'x'.repeat(LIMIT + 16 - 3 - 3), fits: true },
  { text: 'x'.repeat(LIMIT + 16 - 3 - 2), fits: false },
])('a value of $text.length characters fits: $fits', ({ text, fits }) => {
  const writer = new ResultsWriter();
  const write = () => writer.returned(text, LIMIT);
  if (fits) write();
  else expect(write).toThrow(expect.objectContaining({ code: 'RESULT_TOO_LARGE' }));
});
