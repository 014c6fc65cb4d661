import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  accountId,
  blockHash,
  bytesEqual,
  chainId,
  compareBytes,
  concatBytes,
  configurationHash,
  copyBytes,
  EncodingError,
  fromHex,
  height,
  instanceId,
  isHex,
  nodeId,
  payloadId,
  publicKeyHex,
  toHex,
  transactionId,
  utf8Decode,
  utf8Encode,
} from '../src/index.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('hexadecimal', () => {
  it('is lower case, two digits a byte, on every host', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(toHex(all)).toBe(Buffer.from(all).toString('hex'));
    expect(toHex(all.subarray(3, 5))).toBe('0304');
    vi.stubGlobal('Buffer', undefined);
    vi.resetModules();
    const browser = await import('../src/hex.ts');
    vi.unstubAllGlobals();
    expect(browser.toHex(all)).toBe(toHex(all));
  });

  it('comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(['0', 'AB', '0x00', 'g0', ' 00', '00\n', '0\u0660'])('%j is none', (text) => {
    expect(isHex(text)).toBe(false);
    expect(() => fromHex(text)).toThrow(code('HEX_MALFORMED'));
  });

  it('can be asked for its length', () => {
    expect([isHex('0011', 2), isHex('0011', 1), isHex('', 0)]).toEqual([true, false, true]);
  });
});

describe('identifiers', () => {
  const hash = 'ab'.repeat(32);

  it.each([chainId, blockHash, transactionId, accountId, payloadId, configurationHash, instanceId, publicKeyHex])(
    'of 32 bytes take 64 lower-case digits only',
    (make) => {
      expect(make(hash)).toBe(hash);
      for (const bad of ['', hash.slice(2), `${hash}00`, hash.toUpperCase(), `${hash}\n`, `0x${hash.slice(2)}`]) {
        expect(() => make(bad)).toThrow(code('ID_MALFORMED'));
      }
    },
  );

  it('of nodes are 1 to 32 of a-z, 0-9 and -', () => {
    for (const good of ['a', '0', '-', 'v-1', 'x'.repeat(32)]) expect(nodeId(good)).toBe(good);
    for (const bad of ['', 'A', 'a_b', 'a.b', 'x'.repeat(33), 'a\n', 'ü']) {
      expect(() => nodeId(bad)).toThrow(code('ID_MALFORMED'));
    }
  });

  it('of heights are safe integers from 0', () => {
    for (const good of [0, 1, Number.MAX_SAFE_INTEGER]) expect(height(good)).toBe(good);
    for (const bad of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => height(bad)).toThrow(code('ID_MALFORMED'));
  });

  it('fail with an error that names kind and text, shortened', () => {
    try {
      chainId('x'.repeat(1000));
    } catch (error) {
      expect(error).toBeInstanceOf(EncodingError);
      expect((error as EncodingError).details).toEqual({ kind: 'chain id', text: 'x'.repeat(80) });
    }
  });
});

describe('bytes', () => {
  it('compare bytewise, a prefix first', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(bytesEqual(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  it('are joined and copied', () => {
    const joined = concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3));
    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
    const copy = copyBytes(joined.subarray(1));
    expect([copy, copy.buffer.byteLength]).toEqual([Uint8Array.of(2, 3), 2]);
  });

  it('of text are UTF-8, and nothing else is text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Decode(utf8Encode(text))).toBe(text);
      }),
    );
    expect(utf8Decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
    expect(utf8Decode(Uint8Array.of(0xc0, 0x80))).toBeUndefined();
    expect(() => utf8Encode('\udc00')).toThrow(code('CBOR_UNENCODABLE'));
  });
});
