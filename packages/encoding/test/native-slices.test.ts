import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { latin1, toHex, utf8Encode } from '../src/index.ts';
import { slices } from '../src/native-slices.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The same functions as a browser loads them. */
async function withoutBuffer(): Promise<typeof import('../src/index.ts')> {
  vi.stubGlobal('Buffer', undefined);
  vi.resetModules();
  return await import('../src/index.ts');
}

describe('the conversions of Node', () => {
  it('are found on this host, so that the comparison below means something', () => {
    expect(slices).toBeDefined();
  });

  it('give what browsers get, of views too', async () => {
    const plain = await withoutBuffer();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 20 }), (bytes, from) => {
        const view = bytes.subarray(Math.min(from, bytes.length));
        expect(toHex(view)).toBe(plain.toHex(view));
        expect(latin1(view)).toBe(plain.latin1(view));
        expect([...latin1(view)].map((unit) => unit.charCodeAt(0))).toEqual([...view]);
      }),
    );
    const long = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251);
    expect(latin1(long)).toBe(plain.latin1(long));
    expect(toHex(long)).toBe(plain.toHex(long));
  });
});

describe('utf8Encode', () => {
  it('gives what TextEncoder gives, of short and long texts', () => {
    const encoder = new TextEncoder();
    const text = fc.oneof(fc.string({ maxLength: 80 }), fc.string({ unit: 'grapheme', maxLength: 80 }));
    fc.assert(fc.property(text, (one) => void expect(utf8Encode(one)).toEqual(encoder.encode(one))));
    for (const length of [0, 1, 63, 64, 65, 200]) {
      const one = `${'x'.repeat(length)}é`;
      expect(utf8Encode(one)).toEqual(encoder.encode(one));
      expect(utf8Encode('x'.repeat(length))).toEqual(encoder.encode('x'.repeat(length)));
    }
    for (const bad of ['\ud800', `${'a'.repeat(63)}\udc00`, `${'a'.repeat(90)}\ud800`])
      expect(() => utf8Encode(bad)).toThrow(expect.objectContaining({ code: 'CBOR_UNENCODABLE' }));
  });
});
