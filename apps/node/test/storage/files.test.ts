import { utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/storage/files/crc32c.ts';
import { unpackSnappy } from '../../src/storage/files/snappy.ts';

describe('crc32c', () => {
  it.each([
    // RFC 3720 §B.4, and the check value of the catalogue of CRCs.
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes ff', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['32 rising', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['32 falling', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['123456789', utf8Encode('123456789'), 0xe3069283],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

describe('unpackSnappy', () => {
  it('unpacks literals and copies that overlap', () => {
    // "ab" as a literal, then 6 bytes from 2 back.
    expect(unpackSnappy(Uint8Array.of(8, 0x04, 0x61, 0x62, 0x09, 0x02))).toEqual(utf8Encode('abababab'));
  });

  it.each([
    ['nothing', []],
    ['a length that is not reached', [9, 0x04, 0x61, 0x62]],
    ['a copy from before the beginning', [8, 0x04, 0x61, 0x62, 0x09, 0x07]],
    ['a literal that is cut off', [8, 0x1c, 0x61]],
    ['an enormous length', [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('refuses %s', (_, bytes) => {
    expect(unpackSnappy(Uint8Array.from(bytes))).toBeUndefined();
  });
});
