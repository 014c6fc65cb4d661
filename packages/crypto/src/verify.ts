import { ed25519 } from '@noble/curves/ed25519.js';
import { type Native, type NodeCrypto, native } from './native.ts';

/** Length of an Ed25519 public key, bytes. */
export const PUBLIC_KEY_BYTES = 32;
/** Length of an Ed25519 signature, bytes. */
export const SIGNATURE_BYTES = 64;
/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 §4). */
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** A predicate over (public key, message, signature) that answers `false`, never throws, for wrong lengths. */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Two rules for one signature: see `verifySignature` and `verifySignatureNative`. */
export interface Verifier {
  readonly verifySignature: Verify;
  readonly verifySignatureNative: Verify;
}

/**
 * Both rules over the given accelerators. `verifySignature` has one accept set whatever they are.
 * @param accelerators - `{}` gives @noble/curves alone.
 */
export function createVerifier(accelerators: Native): Verifier {
  const { sodium, nodeCrypto } = accelerators;
  const fast = sodium ? sodiumVerify(sodium) : nodeCrypto ? opensslVerify(nodeCrypto) : undefined;
  // libsodium and OpenSSL check s < L, hash the bytes as given and compare R bytewise without the cofactor: what they
  // accept satisfies ZIP-215's equation too. What they refuse may still satisfy it.
  const verifySignature: Verify = fast
    ? (publicKey, message, signature) =>
        lengthsFit(publicKey, signature) &&
        (fast(publicKey, message, signature) || zip215Verify(publicKey, message, signature))
    : (publicKey, message, signature) =>
        lengthsFit(publicKey, signature) && zip215Verify(publicKey, message, signature);
  const strict = sodium && fast;
  const verifySignatureNative: Verify = strict
    ? (publicKey, message, signature) => lengthsFit(publicKey, signature) && strict(publicKey, message, signature)
    : verifySignature;
  return { verifySignature, verifySignatureNative };
}

function lengthsFit(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return publicKey.length === PUBLIC_KEY_BYTES && signature.length === SIGNATURE_BYTES;
}

function sodiumVerify(sodium: NonNullable<Native['sodium']>): Verify {
  return (publicKey, message, signature) => sodium.crypto_sign_verify_detached(signature, message, publicKey);
}

function opensslVerify(nodeCrypto: NodeCrypto): Verify {
  return (publicKey, message, signature) => {
    try {
      const der = new Uint8Array(SPKI_PREFIX.length + PUBLIC_KEY_BYTES);
      der.set(SPKI_PREFIX);
      der.set(publicKey, SPKI_PREFIX.length);
      const key = nodeCrypto.createPublicKey({ key: der as Buffer, format: 'der', type: 'spki' });
      return nodeCrypto.verify(null, message, key, signature);
    } catch {
      return false;
    }
  };
}

function zip215Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
}

const verifier = createVerifier(native);

/**
 * The one signature rule of the ledger: Ed25519 as ZIP-215 says, on every host. A native yes is final since it
 * implies ZIP-215's; on a native no @noble/curves decides, which costs some 30 times as much: meter it per peer.
 * @returns `false` for wrong lengths too.
 * @see https://zips.z.cash/zip-0215
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifier.verifySignature(publicKey, message, signature);
}

/**
 * The stricter and cheaper rule for admission to the pool: only what libsodium accepts, so that a flood of bad
 * signatures never reaches the slow path. Without libsodium it is `verifySignature` itself, so a host never admits
 * what it would refuse in a block. Never decides about anything already ordered: hosts may differ in it.
 * @returns `false` for wrong lengths too.
 */
export function verifySignatureNative(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifier.verifySignatureNative(publicKey, message, signature);
}

/**
 * Whether a key may be registered (accounts, validators, genesis): canonical encoding of a point of the curve in the
 * prime-order subgroup, and not of small order. Under ZIP-215 anyone can sign for a small-order key, and a key with
 * a torsion part verifies differently elsewhere.
 * @param publicKey - Any bytes; costs about a millisecond.
 */
export function isRegistrableKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  try {
    const point = ed25519.Point.fromBytes(publicKey, false);
    // The identity is torsion-free as well as of small order: both checks are needed.
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}
