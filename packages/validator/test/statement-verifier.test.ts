import { createSigner, sha256, verifySignature } from '@varve/crypto';
import { type PublicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { StatementVerifier } from '../src/statement-verifier.ts';

describe('StatementVerifier', () => {
  const [signer, other] = ['one', 'other'].map((label) => createSigner(sha256(utf8Encode(label))));
  if (signer === undefined || other === undefined) throw new Error('two signers');
  const keyOf = ({ publicKey }: { readonly publicKey: Uint8Array }) => toHex(publicKey) as PublicKeyHex;
  const message = utf8Encode('a vote');
  const signature = signer.sign(message);
  const calls: Uint8Array[] = [];
  const create = () =>
    new StatementVerifier((publicKey, bytes, signed) => {
      calls.push(bytes);
      return verifySignature(publicKey, bytes, signed);
    });

  it('judges a good statement once', () => {
    calls.length = 0;
    const verifier = create();
    for (let i = 0; i < 100; i++) expect(verifier.isSigned(keyOf(signer), message, signature)).toBe(true);
    expect(calls).toHaveLength(1);
  });

  it('lends no verdict to another key, message or signature', () => {
    const verifier = create();
    expect(verifier.isSigned(keyOf(signer), message, signature)).toBe(true);
    expect(verifier.isSigned(keyOf(other), message, signature)).toBe(false);
    expect(verifier.isSigned(keyOf(signer), utf8Encode('another'), signature)).toBe(false);
    expect(verifier.isSigned(keyOf(signer), message, other.sign(message))).toBe(false);
    expect(verifier.isSigned(keyOf(signer), message, signature.subarray(1))).toBe(false);
    expect(verifier.isSigned(keyOf(signer), message, signature)).toBe(true);
  });
});
