import { readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { goldenRecords } from './golden.ts';
import { slowVerifyReceipt } from './slow-verifier.ts';

const golden: Record<string, string> = JSON.parse(
  readFileSync(new URL('./golden/records.json', import.meta.url), 'utf8'),
);
const of = (name: string) => fromHex(golden[name] as string);

describe('the golden records', () => {
  it('come out the same today', () => {
    expect(goldenRecords()).toEqual(golden);
  });

  it.each([
    ['chain-id', 'genesis'],
    ['configuration-hash', 'configuration'],
    ['transaction-id', 'sig-structure'],
    ['block-hash', 'header'],
  ])('have as %s the SHA-256 of the %s', (hash, record) => {
    expect(toHex(sha256(of(record)))).toBe(golden[hash]);
  });

  it.each(['receipt', 'receipt-later'])('hold a %s that a verifier made from FORMATS accepts', (name) => {
    expect(slowVerifyReceipt(of(name), of('genesis'))).toEqual({
      transactionId: golden['transaction-id'],
      height: 1,
      blockHash: golden['block-hash'],
      code: 'OK',
    });
  });
});
