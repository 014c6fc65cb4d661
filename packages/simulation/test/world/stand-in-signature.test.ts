import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { realSignatures, standInSignatures } from '../../src/world/keys.ts';
import { isStandInSigned, standInSign } from '../../src/world/stand-in-signature.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ minLength: 1, maxLength: 100 });

/** The same bytes but for one bit. */
function changed(bytes: Uint8Array, bit: number): Uint8Array {
  const at = (bit >> 3) % bytes.length;
  return bytes.with(at, (bytes[at] ?? 0) ^ (1 << (bit & 7)));
}

describe('the stand-in signature', () => {
  it('is 64 bytes that follow from key and message, and is accepted', () => {
    fc.assert(
      fc.property(key, message, (publicKey, text) => {
        const signature = standInSign(publicKey, text);
        expect(signature.length).toBe(64);
        expect(standInSign(publicKey, text)).toEqual(signature);
        expect(isStandInSigned(publicKey, text, signature)).toBe(true);
      }),
    );
  });

  it('is refused with any changed bit of key, message or signature', () => {
    fc.assert(
      fc.property(key, message, fc.nat(10_000), (publicKey, text, bit) => {
        const signature = standInSign(publicKey, text);
        expect(isStandInSigned(changed(publicKey, bit), text, signature)).toBe(false);
        expect(isStandInSigned(publicKey, changed(text, bit), signature)).toBe(false);
        expect(isStandInSigned(publicKey, text, changed(signature, bit))).toBe(false);
      }),
    );
  });

  it('is refused at each of its bytes, in either half', () => {
    const [publicKey, text] = [new Uint8Array(32).fill(7), Uint8Array.of(1, 2, 3)];
    const signature = standInSign(publicKey, text);
    for (let at = 0; at < 64; at++) {
      expect(isStandInSigned(publicKey, text, signature.with(at, (signature[at] ?? 0) ^ 1)), `byte ${at}`).toBe(false);
    }
  });

  it.each([0, 1, 32, 63, 65, 128])('is refused with %i bytes', (length) => {
    const [publicKey, text] = [new Uint8Array(32), Uint8Array.of(1)];
    const long = new Uint8Array(length);
    long.set(standInSign(publicKey, text).subarray(0, length));
    expect(isStandInSigned(publicKey, text, long)).toBe(false);
  });
});

describe.each([
  ['stand-in', standInSignatures],
  ['real', realSignatures],
])('%s signatures of a world', (_, signatures) => {
  it('have a key for each label, and refuse what another key or message has', () => {
    const [a, b] = [signatures.key('a'), signatures.key('b')];
    const text = Uint8Array.of(1, 2, 3);
    expect(signatures.key('a').hex).toBe(a.hex);
    expect(a.hex).not.toBe(b.hex);
    expect(signatures.rule(a.publicKey, text, a.sign(text))).toBe(true);
    expect(signatures.rule(b.publicKey, text, a.sign(text))).toBe(false);
    expect(signatures.rule(a.publicKey, Uint8Array.of(1, 2), a.sign(text))).toBe(false);
  });
});
