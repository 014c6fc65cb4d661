import { toHex } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecurringTexts } from '../src/recurring-texts.ts';

describe('RecurringTexts', () => {
  it('gives the text of the bytes, whatever was asked before', () => {
    const texts = new RecurringTexts(toHex);
    const parts = fc.array(fc.uint8Array({ maxLength: 32, max: 3 }), { maxLength: 40 });
    fc.assert(
      fc.property(parts, (asked) => {
        for (const bytes of asked) expect(texts.of(bytes, 0, bytes.length)).toBe(toHex(bytes));
      }),
    );
  });

  it('makes a text once while it is in use, and holds no more than it has slots for', () => {
    let made = 0;
    const texts = new RecurringTexts((bytes) => {
      made += 1;
      return toHex(bytes);
    });
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    for (let i = 0; i < 10; i++) expect(texts.of(bytes, 1, 3)).toBe('010203');
    expect(made).toBe(1);
    const many = Array.from({ length: 5000 }, (_, i) => Uint8Array.of(i & 255, i >> 8));
    for (const one of [...many, ...many]) expect(texts.of(one, 0, 2)).toBe(toHex(one));
    expect(made).toBeGreaterThan(8000);
  });

  it('remembers its own copy of the bytes, and nothing of what is refused', () => {
    const texts = new RecurringTexts((bytes) => {
      if (bytes[0] === 0) throw new TypeError('refused');
      return toHex(bytes);
    });
    const bytes = Uint8Array.of(1, 2);
    texts.of(bytes, 0, 2);
    bytes[1] = 3;
    expect(texts.of(bytes, 0, 2)).toBe('0103');
    for (let i = 0; i < 2; i++) expect(() => texts.of(new Uint8Array(2), 0, 2)).toThrow('refused');
  });
});
