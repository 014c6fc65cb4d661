import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { ICryptoInterface } from '@chainsafe/libp2p-noise';
import { asCrypto, defaultCrypto } from '@chainsafe/libp2p-noise/crypto';

/** From so many bytes on OpenSSL is cheaper than WebAssembly. */
const OPENSSL_BYTES_MIN = 320;
const ALGORITHM = 'chacha20-poly1305';
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Noise never changes the bytes of a key: a new one comes as a new array. */
const keys = new WeakMap<Uint8Array, KeyObject>();

/**
 * What Noise computes with: that of the library, but for what every frame is encrypted and decrypted by. The library hands OpenSSL the
 * key's bytes each time, and to find out what they are costs Node 10 µs: three times what the cipher takes for a small frame.
 */
export const ciphers: ICryptoInterface = {
  ...defaultCrypto,

  chaCha20Poly1305Encrypt(plaintext, nonce, associated, key) {
    if (plaintext.byteLength < OPENSSL_BYTES_MIN)
      return asCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, associated, key);
    const cipher = createCipheriv(ALGORITHM, keyObject(key), nonce, OPTIONS);
    cipher.setAAD(associated, { plaintextLength: plaintext.byteLength });
    const text = cipher.update(plaintext.subarray());
    cipher.final();
    return Buffer.concat([text, cipher.getAuthTag()]);
  },

  /** @throws where the tag is not that of these bytes: the connection ends. */
  chaCha20Poly1305Decrypt(ciphertext, nonce, associated, key, destination) {
    if (ciphertext.byteLength < OPENSSL_BYTES_MIN)
      return asCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, associated, key, destination);
    const bytes = ciphertext.subarray();
    const end = bytes.length - TAG_BYTES;
    const decipher = createDecipheriv(ALGORITHM, keyObject(key), nonce, OPTIONS);
    decipher.setAAD(associated, { plaintextLength: end });
    decipher.setAuthTag(bytes.subarray(end));
    const text = decipher.update(bytes.subarray(0, end));
    decipher.final();
    return text;
  },
};

function keyObject(key: Uint8Array): KeyObject {
  const known = keys.get(key);
  if (known) return known;
  const made = createSecretKey(key);
  keys.set(key, made);
  return made;
}
