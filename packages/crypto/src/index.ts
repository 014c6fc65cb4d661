export { CryptoError, type CryptoErrors } from './errors.ts';
export { PAIR_BYTES, sha256Pairs } from './pair-hash.ts';
export { HASH_BYTES, sha256, sha256Hex, sha256Into, sha256Parts } from './sha256.ts';
export { createSigner, generateSeed, publicKeyOf, SEED_BYTES, type Signer, sign } from './sign.ts';
export { VERDICTS_MAX, VerdictCache } from './verdict-cache.ts';
export {
  isRegistrableKey,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  verifySignature,
  verifySignatureNative,
} from './verify.ts';
