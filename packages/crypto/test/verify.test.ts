import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { native } from '../src/native.ts';
import { createSigner } from '../src/sign.ts';
import { createVerifier, isRegistrableKey, verifySignature, verifySignatureNative } from '../src/verify.ts';
import { SMALL_ORDER_ENCODINGS } from './small-order.ts';
import { SPECCHECK_CASES } from './speccheck-cases.ts';

const { sodium, nodeCrypto } = native;
const noble = createVerifier({}).verifySignature;
const openssl = createVerifier(nodeCrypto ? { nodeCrypto } : {}).verifySignature;

/** Order of the prime subgroup, RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

describe('verifySignature', () => {
  it.each(SPECCHECK_CASES)(
    'gives ZIP-215 its verdict on speccheck case $case',
    ({ message, key, signature, zip215 }) => {
      const [k, m, s] = [fromHex(key), fromHex(message), fromHex(signature)] as const;
      expect(noble(k, m, s)).toBe(zip215);
      expect(openssl(k, m, s)).toBe(zip215);
      expect(verifySignature(k, m, s)).toBe(zip215);
    },
  );

  it('accepts all 196 pairs of small-order and non-canonical encodings, with and without libsodium', () => {
    expect(new Set(SMALL_ORDER_ENCODINGS).size).toBe(14);
    const message = utf8Encode('Zcash');
    let nativeAccepted = 0;
    for (const key of SMALL_ORDER_ENCODINGS) {
      for (const r of SMALL_ORDER_ENCODINGS) {
        const signature = fromHex(`${r}${'00'.repeat(32)}`);
        expect(verifySignature(fromHex(key), message, signature)).toBe(true);
        if (verifySignatureNative(fromHex(key), message, signature)) nativeAccepted += 1;
      }
    }
    // What separates the two rules: libsodium refuses every one of these.
    expect(nativeAccepted).toBe(0);
  });

  it('answers alike on every path for honest and mutated signatures, and native never accepts more', () => {
    const flips = fc.record({
      part: fc.constantFrom('none', 'key', 'message', 'signature'),
      at: fc.nat(),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 1 }),
        flips,
        (seed, message, flip) => {
          const signer = createSigner(seed);
          const parts = { key: signer.publicKey.slice(), message: message.slice(), signature: signer.sign(message) };
          if (flip.part !== 'none') {
            const target = parts[flip.part as keyof typeof parts];
            target[flip.at % target.length] = (target[flip.at % target.length] ?? 0) ^ (1 << flip.bit);
          }
          const expected = noble(parts.key, parts.message, parts.signature);
          expect(expected).toBe(flip.part === 'none');
          expect(openssl(parts.key, parts.message, parts.signature)).toBe(expected);
          expect(verifySignature(parts.key, parts.message, parts.signature)).toBe(expected);
          expect(verifySignatureNative(parts.key, parts.message, parts.signature)).toBe(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('refuses s + L, or signatures would be malleable', () => {
    const signer = createSigner(new Uint8Array(32).fill(9));
    const message = utf8Encode('malleable');
    const signature = signer.sign(message);
    const s = littleEndian(signature.subarray(32)) + L;
    for (let i = 0; i < 32; i++) signature[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    for (const verify of [noble, openssl, verifySignature, verifySignatureNative]) {
      expect(verify(signer.publicKey, message, signature)).toBe(false);
    }
  });

  it.each([
    { key: 0, signature: 64 },
    { key: 31, signature: 64 },
    { key: 33, signature: 64 },
    { key: 32, signature: 0 },
    { key: 32, signature: 63 },
    { key: 32, signature: 65 },
  ])('answers false for a key of $key and a signature of $signature bytes', ({ key, signature }) => {
    for (const verify of [noble, openssl, verifySignature, verifySignatureNative]) {
      expect(verify(new Uint8Array(key), new Uint8Array(3), new Uint8Array(signature))).toBe(false);
    }
  });

  it('takes a native yes as final and asks @noble/curves only on a no', () => {
    const answering = (answer: boolean) =>
      createVerifier({
        sodium: { ...sodium, crypto_sign_verify_detached: () => answer } as NonNullable<typeof sodium>,
      });
    const [key, message, signature] = [new Uint8Array(32).fill(7), new Uint8Array(1), new Uint8Array(64).fill(3)];
    expect(answering(true).verifySignature(key, message, signature)).toBe(true);
    expect(answering(false).verifySignature(key, message, signature)).toBe(false);
    const torsion = fromHex(SMALL_ORDER_ENCODINGS[1] ?? '');
    expect(
      answering(false).verifySignature(torsion, message, new Uint8Array([...torsion, ...new Uint8Array(32)])),
    ).toBe(true);
    expect(answering(false).verifySignatureNative(torsion, message, new Uint8Array(64))).toBe(false);
  });
});

describe('verifySignatureNative', () => {
  it('is verifySignature where libsodium is missing', () => {
    const without = createVerifier(nodeCrypto ? { nodeCrypto } : {});
    expect(without.verifySignatureNative).toBe(without.verifySignature);
  });
});

describe('isRegistrableKey', () => {
  it('refuses every small-order encoding, the identity too', () => {
    for (const key of SMALL_ORDER_ENCODINGS) expect(isRegistrableKey(fromHex(key))).toBe(false);
  });

  it('accepts honest keys, and refuses them with any torsion part added', () => {
    const key = createSigner(new Uint8Array(32).fill(1)).publicKey;
    expect(isRegistrableKey(key)).toBe(true);
    const point = ed25519.Point.fromBytes(key);
    for (const torsion of ED25519_TORSION_SUBGROUP) {
      const sum = point.add(ed25519.Point.fromHex(torsion));
      expect(isRegistrableKey(sum.toBytes())).toBe(sum.equals(point));
    }
  });

  it('refuses a non-canonical y, a y that is on no point, and wrong lengths', () => {
    const offCurve = new Uint8Array(32);
    offCurve[0] = 2;
    const point = findCanonicalBelow19();
    expect(isRegistrableKey(offCurve)).toBe(false);
    expect(isRegistrableKey(plusP(point))).toBe(false);
    for (const length of [0, 31, 33]) expect(isRegistrableKey(new Uint8Array(length))).toBe(false);
  });
});

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

/** A point whose y is below 19, so that y + p fits 255 bits too. */
function findCanonicalBelow19(): Uint8Array {
  for (let y = 3; y < 19; y++) {
    const bytes = new Uint8Array(32);
    bytes[0] = y;
    try {
      ed25519.Point.fromBytes(bytes);
      return bytes;
    } catch {}
  }
  throw new Error('no such point');
}

function plusP(bytes: Uint8Array): Uint8Array {
  const sum = littleEndian(bytes) + 2n ** 255n - 19n;
  return Uint8Array.from({ length: 32 }, (_, i) => Number((sum >> BigInt(8 * i)) & 0xffn));
}
