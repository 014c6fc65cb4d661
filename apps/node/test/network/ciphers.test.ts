import { pureJsCrypto } from '@chainsafe/libp2p-noise';
import { describe, expect, it } from 'vitest';
import { ciphers } from '../../src/network/ciphers.ts';
import { pattern } from './harness.ts';

const KEYS = [pattern(32), pattern(32).reverse()];
const nonce = pattern(12);

/** A copy: some ciphers write the result over what they are given. */
const encrypt = (by: typeof ciphers, text: Uint8Array, associated: Uint8Array, key: Uint8Array): Uint8Array =>
  by.chaCha20Poly1305Encrypt(text.slice(), nonce, associated, key).subarray();
const decrypt = (by: typeof ciphers, sealed: Uint8Array, associated: Uint8Array, key: Uint8Array): Uint8Array =>
  by.chaCha20Poly1305Decrypt(sealed.slice(), nonce, associated, key).subarray();

describe('the ciphers of connections', () => {
  for (const bytes of [0, 1, 303, 304, 319, 320, 321, 1_199, 1_200, 65_519]) {
    it(`agree with another implementation on ${bytes} bytes`, () => {
      const text = pattern(bytes);
      for (const key of KEYS) {
        for (const associated of [new Uint8Array(0), pattern(32)]) {
          const sealed = encrypt(pureJsCrypto, text, associated, key);
          expect(Buffer.from(encrypt(ciphers, text, associated, key)).equals(sealed)).toBe(true);
          expect(Buffer.from(decrypt(ciphers, sealed, associated, key)).equals(text)).toBe(true);
        }
      }
    });

    it(`refuse ${bytes} bytes that were changed, or meant otherwise`, () => {
      const [key, other] = KEYS as [Uint8Array, Uint8Array];
      const sealed = encrypt(ciphers, pattern(bytes), pattern(32), key);
      for (const at of [0, bytes >> 1, sealed.length - 17, sealed.length - 16, sealed.length - 1]) {
        const changed = sealed.slice();
        changed[Math.max(at, 0)] = (changed[Math.max(at, 0)] as number) ^ 1;
        expect(() => decrypt(ciphers, changed, pattern(32), key)).toThrow();
      }
      expect(() => decrypt(ciphers, sealed.subarray(0, -1), pattern(32), key)).toThrow();
      expect(() => decrypt(ciphers, sealed, pattern(31), key)).toThrow();
      expect(() => decrypt(ciphers, sealed, pattern(32), other)).toThrow();
    });
  }
});
