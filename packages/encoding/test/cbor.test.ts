import { encode as encodeFreely, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CBOR_DEPTH_MAX, CborReader, type CborValue, decodeCbor, encodeCbor, fromHex, toHex } from '../src/index.ts';

const malformed = expect.objectContaining({ code: 'CBOR_MALFORMED' });
const unexpected = expect.objectContaining({ code: 'CBOR_UNEXPECTED' });
const unencodable = expect.objectContaining({ code: 'CBOR_UNENCODABLE' });
const encodingError = expect.objectContaining({ name: 'EncodingError' });

/** RFC 8949 Appendix A, what is in the profile. */
const APPENDIX_A: [hex: string, value: CborValue][] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['40', new Uint8Array()],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['64f0908591', '\ud800\udd51'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', Array.from({ length: 25 }, (_, i) => i + 1)],
];

/** RFC 8949 Appendix A, what is not. */
const APPENDIX_A_REFUSED: [hex: string, what: string][] = [
  ['1bffffffffffffffff', '18446744073709551615'],
  ['c249010000000000000000', '18446744073709551616 (a tag)'],
  ['3bffffffffffffffff', '-18446744073709551616'],
  ['20', '-1'],
  ['29', '-10'],
  ['3863', '-100'],
  ['3903e7', '-1000'],
  ['f90000', '0.0'],
  ['f98000', '-0.0'],
  ['f93c00', '1.0'],
  ['fb3ff199999999999a', '1.1'],
  ['fa47c35000', '100000.0'],
  ['f97c00', 'Infinity'],
  ['f97e00', 'NaN'],
  ['f7', 'undefined'],
  ['f0', 'simple(16)'],
  ['f8ff', 'simple(255)'],
  ['c074323031332d30332d32315432303a30343a30305a', 'a date'],
  ['c11a514b67b0', 'an epoch time'],
  ['d818456449455446', 'encoded CBOR'],
  ['a0', 'an empty map'],
  ['a201020304', 'a map'],
  ['826161a161626163', 'a map in an array'],
  ['5f42010243030405ff', 'an indefinite byte string'],
  ['7f657374726561646d696e67ff', 'an indefinite text'],
  ['9fff', 'an indefinite array'],
  ['83018202039f0405ff', 'an indefinite array in an array'],
  ['bf61610161629f0203ffff', 'an indefinite map'],
];

/** Forms that RFC 8949 §4.2.1 forbids, or that are cut short, too deep, or no CBOR. */
const REFUSED: [hex: string, what: string][] = [
  ['', 'nothing'],
  ['1800', '0 in two bytes'],
  ['1817', '23 in two bytes'],
  ['190018', '24 in three bytes'],
  ['1900ff', '255 in three bytes'],
  ['1a0000ffff', '65535 in five bytes'],
  ['1b00000000ffffffff', '2^32 - 1 in nine bytes'],
  ['1b0020000000000000', '2^53'],
  ['5800', 'an empty byte string in two bytes'],
  ['580101', 'a length of 1 in two bytes'],
  ['590001ff', 'a length of 1 in three bytes'],
  ['7800', 'an empty text in two bytes'],
  ['9800', 'an empty array in two bytes'],
  ['980101', 'an array of 1 in two bytes'],
  ['1c', 'a reserved length'],
  ['1f', 'an indefinite integer'],
  ['18', 'a cut argument'],
  ['1901', 'a cut argument of two'],
  ['41', 'a byte string without its byte'],
  ['6261', 'a cut text'],
  ['8201', 'an array without its second item'],
  ['0000', 'two values'],
  ['f600', 'null and more'],
  ['ff', 'a break'],
  ['61ff', 'a byte that is not UTF-8'],
  ['62c080', 'an overlong NUL'],
  ['63eda080', 'a surrogate in UTF-8'],
  ['64f4908080', 'a code point above U+10FFFF'],
  ['5b7fffffffffffffff00', 'a byte string of 2^63 - 1'],
  ['5b001fffffffffffff00', 'a byte string of 2^53 - 1'],
  ['9b001fffffffffffff00', 'an array of 2^53 - 1'],
  ['9affffffff00', 'an array of 2^32 - 1'],
  [`${'81'.repeat(9)}00`, 'nine levels'],
  ['81'.repeat(100_000), 'a hundred thousand levels'],
];

/** Any value of the profile, at most `depth` levels. */
function values(depth: number): fc.Arbitrary<CborValue> {
  const leaf: fc.Arbitrary<CborValue> = fc.oneof(
    fc.maxSafeNat(),
    fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(true, false, null),
  );
  if (depth === 0) return leaf;
  return fc.oneof({ weight: 2, arbitrary: leaf }, fc.array(values(depth - 1), { maxLength: 30 - 3 * depth }));
}

describe('encodeCbor and decodeCbor', () => {
  it.each(APPENDIX_A)('%s of RFC 8949 Appendix A', (hex, value) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(fromHex(hex))).toEqual(value);
  });

  it.each(APPENDIX_A_REFUSED)('refuse %s of RFC 8949 Appendix A: %s', (hex) => {
    expect(() => decodeCbor(fromHex(hex))).toThrow(encodingError);
  });

  it.each(REFUSED)('refuse %.40s: %s', (hex) => {
    expect(() => decodeCbor(fromHex(hex))).toThrow(encodingError);
  });

  it.each([-1, 0.5, -0, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '\ud800', 'a\udc00', [[-1]]])(
    'do not write %j',
    (value) => {
      expect(() => encodeCbor(value)).toThrow(unencodable);
      // A failed encoding leaves nothing behind for the next.
      expect(toHex(encodeCbor([1]))).toBe('8101');
    },
  );

  it('give bytes that no later value changes, and that are whole wherever they begin', () => {
    const lengths = Array.from({ length: 400 }, (_, i) => (i * 37) % 600);
    const made = lengths.map((length, i) => encodeCbor(new Uint8Array(length).fill(i & 255)));
    for (const [i, length] of lengths.entries()) {
      expect(decodeCbor(made[i] as Uint8Array)).toEqual(new Uint8Array(length).fill(i & 255));
    }
    const [first, second] = [encodeCbor([1, 2]), encodeCbor([3, 4])];
    first.fill(0);
    expect(decodeCbor(second)).toEqual([3, 4]);
  });

  it('agree on the depth', () => {
    const nested = (levels: number): CborValue => (levels === 0 ? 0 : [nested(levels - 1)]);
    expect(decodeCbor(encodeCbor(nested(CBOR_DEPTH_MAX)))).toEqual(nested(8));
    expect(() => encodeCbor(nested(CBOR_DEPTH_MAX + 1))).toThrow(unencodable);
  });

  it('hold long strings and a byte order mark', () => {
    const long = new Uint8Array(70_000).fill(5);
    expect(decodeCbor(encodeCbor([long, 'x'.repeat(5000)]))).toEqual([long, 'x'.repeat(5000)]);
    expect(decodeCbor(encodeCbor('\ufeffa'))).toBe('\ufeffa');
  });

  it('write what cborg writes, and read it back', () => {
    fc.assert(
      fc.property(values(4), (value) => {
        const bytes = encodeCbor(value);
        expect(toHex(bytes)).toBe(toHex(encodeFreely(value, rfc8949EncodeOptions)));
        expect(decodeCbor(bytes)).toEqual(value);
      }),
      { numRuns: 400 },
    );
  });

  it('have one encoding per value: what is read from any bytes is written as those bytes', () => {
    const mutated = fc
      .tuple(values(3), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }))
      .map(([value, changes]) => {
        const bytes = encodeCbor(value);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });
    const check = (bytes: Uint8Array) => {
      let value: CborValue;
      try {
        value = decodeCbor(bytes);
      } catch (error) {
        expect(error).toEqual(encodingError);
        return;
      }
      expect(toHex(encodeCbor(value))).toBe(toHex(bytes));
    };
    fc.assert(fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 20 })), check), { numRuns: 2000 });
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        check(Uint8Array.of(first, second));
        check(Uint8Array.of(first, second, 0));
      }
    }
  });

  it('refuse every longer form of a length or number', () => {
    const forms = (major: number, n: number) =>
      [1, 2, 4, 8].map((width) => {
        const bytes = new Uint8Array(1 + width);
        bytes[0] = (major << 5) | (24 + Math.log2(width));
        for (let i = width, rest = n; i > 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
        return bytes;
      });
    fc.assert(
      fc.property(fc.constantFrom(0, 2, 3, 4), fc.nat({ max: 300 }), (major, n) => {
        const body = major === 0 ? [] : new Array<number>(n).fill(major === 4 ? 0 : 0x61);
        const read = (head: Uint8Array) => () => decodeCbor(Uint8Array.from([...head, ...body]));
        const shortest = n < 24 ? -1 : n < 256 ? 0 : 1;
        for (const [i, head] of forms(major, n).entries()) {
          if (i > shortest) expect(read(head)).toThrow(malformed);
          if (i === shortest) expect(read(head)).not.toThrow();
        }
      }),
    );
  });
});

describe('CborReader', () => {
  const reader = (hex: string) => new CborReader(fromHex(hex));

  it('reads a record from left to right, byte strings as views', () => {
    const one = reader('8601426869616b81f5f682f5c119');
    one.array(6);
    one.exactly(1);
    expect(one.byteString(2).buffer).toBe(one.bytes.buffer);
    one.exactText('k');
    expect(one.list((inner) => inner.boolean())).toEqual([true]);
    expect(one.nullable((inner) => inner.uint())).toBeNull();
    one.array(2);
    expect(one.nullable((inner) => inner.boolean())).toBe(true);
    one.tag(1);
    expect(() => one.end()).toThrow(malformed);
    expect(() => one.uint()).toThrow(malformed);
  });

  it.each([
    ['an integer', '40', (r: CborReader) => r.uint()],
    ['a byte string', '60', (r: CborReader) => r.byteString()],
    ['a byte string of 2', '4101', (r: CborReader) => r.byteString(2)],
    ['text', '40', (r: CborReader) => r.text()],
    ['an array', 'a0', (r: CborReader) => r.array()],
    ['an array of 2', '8101', (r: CborReader) => r.array(2)],
    ['a list of at most 1', '820101', (r: CborReader) => r.list((inner) => inner.uint(), 1)],
    ['a boolean', '00', (r: CborReader) => r.boolean()],
    ['version 1', '02', (r: CborReader) => r.exactly(1)],
    ['a domain', '6161', (r: CborReader) => r.exactText('b')],
    ['tag 18', 'd1', (r: CborReader) => r.tag(18)],
  ])('demands %s', (_, hex, read) => {
    expect(() => read(reader(hex))).toThrow(unexpected);
  });

  it('reads the head of a string alone, whose content must be there', () => {
    const one = reader('8242686961ff');
    one.array(2);
    expect(one.byteStringLength()).toBe(2);
    expect(one.offset).toBe(2);
    one.offset += 2;
    expect(one.textLength()).toBe(1);
    expect(() => reader('4101').byteStringLength(2)).toThrow(unexpected);
    expect(() => reader('4201').byteStringLength()).toThrow(malformed);
    expect(() => reader('6261').textLength()).toThrow(malformed);
    expect(() => reader('40').textLength()).toThrow(unexpected);
  });

  it('counts the arrays around a value', () => {
    expect(reader('818100').value(6)).toEqual([[0]]);
    expect(() => reader('818100').value(7)).toThrow(malformed);
  });

  it('does not allocate for arrays longer than the input', () => {
    let items = 0;
    expect(() => reader('9a7fffffff00').list(() => items++)).toThrow(malformed);
    expect(items).toBe(0);
  });
});
