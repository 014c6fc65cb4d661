import { sha256Parts } from '@varve/crypto';
import { concatBytes, utf8Encode } from '@varve/encoding';

const TAG = utf8Encode('varve/stand-in-signature/1');

/**
 * A signature that anybody can make and check in a microsecond. Nobody in a simulation forges one but by intention, and
 * a changed message, key or signature is refused as with real ones.
 */
export function standInSign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = sha256Parts(TAG, publicKey, message);
  return concatBytes(digest, digest);
}

/** Whether `signature` is the stand-in signature of `message` under `publicKey`. */
export function isStandInSigned(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const digest = sha256Parts(TAG, publicKey, message);
  for (let i = 0; i < 32; i++) if (signature[i] !== digest[i] || signature[i + 32] !== digest[i]) return false;
  return true;
}
