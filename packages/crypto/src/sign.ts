import { ed25519 } from '@noble/curves/ed25519.js';
import { CryptoError } from './errors.ts';
import { type Native, native } from './native.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './verify.ts';

/** Length of an Ed25519 secret seed (RFC 8032 §5.1.5), bytes. */
export const SEED_BYTES = 32;

/** Signs with one key. The secret stays inside. */
export interface Signer {
  readonly publicKey: Uint8Array;
  /** Ed25519 signature of `message` (RFC 8032 §5.1.6): deterministic, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * A signer that keeps the expanded key: a validator seals with the same one for ever.
 * @param seed - 32 secret bytes, copied.
 * @param accelerators - `{}` gives @noble/curves; results do not depend on it.
 * @throws {CryptoError} `SEED_MALFORMED` unless it has 32 bytes.
 */
export function createSigner(seed: Uint8Array, accelerators: Native = native): Signer {
  if (seed.length !== SEED_BYTES) throw new CryptoError('SEED_MALFORMED', { length: seed.length });
  const { sodium } = accelerators;
  if (sodium === undefined) {
    const secret = new Uint8Array(seed);
    return { publicKey: ed25519.getPublicKey(secret), sign: (message) => ed25519.sign(message, secret) };
  }
  const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
  const secretKey = new Uint8Array(SEED_BYTES + PUBLIC_KEY_BYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return {
    publicKey,
    sign(message) {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      sodium.crypto_sign_detached(signature, message, secretKey);
      return signature;
    },
  };
}

/**
 * Ed25519 signature of `message`; `createSigner` is cheaper for many.
 * @param seed - 32 secret bytes.
 * @throws {CryptoError} `SEED_MALFORMED` unless it has 32 bytes.
 */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return createSigner(seed).sign(message);
}

/**
 * The public key of a secret seed, 32 bytes.
 * @throws {CryptoError} `SEED_MALFORMED` unless it has 32 bytes.
 */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return createSigner(seed).publicKey;
}

/** A new secret seed from the system's random generator, which it is a shell's business to call. */
export function generateSeed(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(SEED_BYTES));
}
