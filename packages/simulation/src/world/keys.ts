import { createSigner, sha256, verifySignature } from '@varve/crypto';
import { type PublicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import type { SignatureRule } from '@varve/validator';
import { isStandInSigned, standInSign } from './stand-in-signature.ts';

/** A key pair of a simulated world. */
export interface Key {
  readonly publicKey: Uint8Array;
  readonly hex: PublicKeyHex;
  sign(message: Uint8Array): Uint8Array;
}

/** How a world signs: for most seeds with the cheap stand-in, for some with Ed25519. */
export interface Signatures {
  key(label: string): Key;
  readonly rule: SignatureRule;
}

/** Public keys by label: making one takes longer than everything else about a key. */
const publicKeys = new Map<string, Uint8Array>();

function seedOf(label: string): Uint8Array {
  return sha256(utf8Encode(label));
}

function publicKeyFor(label: string): Uint8Array {
  const known = publicKeys.get(label) ?? createSigner(seedOf(label)).publicKey;
  publicKeys.set(label, known);
  return known;
}

/** Real public keys, stand-in signatures. */
export const standInSignatures: Signatures = {
  key(label) {
    const publicKey = publicKeyFor(label);
    return {
      publicKey,
      hex: toHex(publicKey) as PublicKeyHex,
      sign: (message) => standInSign(publicKey, message),
    };
  },
  rule: isStandInSigned,
};

/** Ed25519, by the one signature rule. */
export const realSignatures: Signatures = {
  key(label) {
    const signer = createSigner(seedOf(label));
    return {
      publicKey: signer.publicKey,
      hex: toHex(signer.publicKey) as PublicKeyHex,
      sign: (message) => signer.sign(message),
    };
  },
  rule: verifySignature,
};
