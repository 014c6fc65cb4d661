import { SIGNATURE_BYTES, sha256Parts, VerdictCache } from '@varve/crypto';
import { fromHex, type PublicKeyHex, toHex } from '@varve/encoding';
import { STATEMENT_VERDICTS_MAX } from './limits.ts';
import type { SignatureRule } from './signatures.ts';

/**
 * Judges what members sign for their engines, each statement once: votes travel on inside other messages, and a liar
 * could have one true vote verified as often as it can send it.
 */
export class StatementVerifier {
  readonly #rule: SignatureRule;
  /** Good ones only: whoever sends a bad one is cut off. */
  readonly #good: VerdictCache = new VerdictCache(STATEMENT_VERDICTS_MAX);

  constructor(rule: SignatureRule) {
    this.#rule = rule;
  }

  isSigned(signingKey: PublicKeyHex, message: Uint8Array, signature: Uint8Array): boolean {
    // With keys and signatures of fixed lengths no two statements share these bytes.
    if (signature.length !== SIGNATURE_BYTES) return false;
    const key = fromHex(signingKey);
    const hash = toHex(sha256Parts(key, signature, message));
    if (this.#good.get(hash) === true) return true;
    const isGood = this.#rule(key, message, signature);
    if (isGood) this.#good.set(hash, true);
    return isGood;
  }
}
