import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CborWriter, concatBytes, encodeCbor, Scratch, toHex } from '../src/index.ts';

describe('CborWriter', () => {
  it('writes byte strings from hexadecimal, arrays and null as the general encoder does', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(64), (hashes, capacity) => {
        const writer = new CborWriter(capacity);
        writer.array(hashes.length + 1);
        for (const hash of hashes) writer.hexString(toHex(hash));
        writer.null();
        expect(toHex(writer.written)).toBe(toHex(encodeCbor([...hashes, null])));
      }),
    ));

  it('wraps what it wrote in a byte string, of whatever length', () => {
    for (const length of [0, 23, 24, 255, 256, 65_535, 65_536]) {
      const writer = new CborWriter(0);
      writer.text('before');
      const start = writer.length;
      const inner = new Uint8Array(length).fill(length & 255);
      writer.encoded(inner);
      writer.wrap(start);
      writer.uint(7);
      expect(toHex(writer.written)).toBe(toHex(concatBytes(encodeCbor('before'), encodeCbor(inner), encodeCbor(7))));
    }
  });

  it('takes back what was written from a place on', () => {
    const writer = new CborWriter();
    writer.text('kept');
    const { length } = writer;
    expect(() => writer.value(['gone', -1])).toThrow('CBOR_UNENCODABLE');
    writer.truncate(length);
    expect(toHex(writer.written)).toBe(toHex(encodeCbor('kept')));
  });

  it.each(['0', 'zz', 'AB'])('refuses %j as hexadecimal', (text) => {
    expect(() => new CborWriter().hexString(text)).toThrow('HEX_MALFORMED');
  });
});

describe('Scratch', () => {
  it('gives views of its beginning, the short ones again and again', () => {
    const scratch = new Scratch(3000);
    scratch.bytes.set([1, 2, 3]);
    expect(toHex(scratch.first(2))).toBe('0102');
    expect(scratch.first(2)).toBe(scratch.first(2));
    for (const length of [0, 1024, 1025, 3000]) expect(scratch.first(length)).toHaveLength(length);
    scratch.bytes[0] = 9;
    expect(toHex(scratch.first(2))).toBe('0902');
  });
});
