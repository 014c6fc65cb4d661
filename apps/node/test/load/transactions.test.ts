import { createSigner, generateSeed } from '@varve/crypto';
import { chainId } from '@varve/encoding';
import { decodeTransaction } from '@varve/ledger';
import { describe, expect, it } from 'vitest';
import { LoadError } from '../../src/load/errors.ts';
import { paddingFor, signedAhead, TransactionMaker, transactionBytesOf } from '../../src/load/transactions.ts';

const chain = chainId('ab'.repeat(32));
const signers = [createSigner(generateSeed()), createSigner(generateSeed())];
const makerOf = (bytes: number): TransactionMaker => new TransactionMaker(chain, signers, bytes);
const idOf = (bytes: Uint8Array): string => decodeTransaction(bytes).id;

/** The error of a size that no transaction has, or `undefined`. */
function refusal(bytes: number): LoadError | undefined {
  try {
    paddingFor(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof LoadError) return error;
    throw error;
  }
}

describe('TransactionMaker', () => {
  it.each([300, 1_000, 20_000])('makes transactions of exactly %i bytes', (bytes) => {
    expect(
      makerOf(bytes)
        .make(5)
        .map(({ length }) => length),
    ).toEqual(Array(5).fill(bytes));
  });

  it('makes each with another id and path, signed by accounts in turn, for its chain', () => {
    const made = makerOf(300)
      .make(6)
      .map((bytes) => decodeTransaction(bytes));
    expect(new Set(made.map(({ id }) => id)).size).toBe(6);
    expect(new Set(made.map(({ operations }) => operations[0]?.arguments[0])).size).toBe(6);
    expect(new Set(made.map(({ account }) => account)).size).toBe(2);
    expect(new Set(made.map((transaction) => transaction.chainId))).toEqual(new Set([chain]));
  });
});

describe('paddingFor', () => {
  it('finds every size that there is, and refuses those between', () => {
    const { bytesMin } = (refusal(1) as LoadError<'TRANSACTION_SIZE_UNREACHABLE'>).details;
    const sizes = new Map<number, number>();
    for (let bytes = bytesMin; bytes < bytesMin + 700; bytes++)
      if (refusal(bytes) === undefined) sizes.set(bytes, paddingFor(bytes));
    // Values grow by one byte each, and never is one left out.
    expect([...sizes.values()]).toEqual(Array.from({ length: sizes.size }, (_, i) => i));
    // A length takes a byte more from 24 and from 256 on: of the value, and of what it is in.
    expect(sizes.size).toBeGreaterThanOrEqual(700 - 4);
    for (const bytes of [...sizes.keys()].filter((_, i) => i % 50 === 0))
      expect(makerOf(bytes).make(1)[0]).toHaveLength(bytes);
  });

  it.each([1, 100, 40_000, 999_999])('says that %i bytes are too few or too many', (bytes) => {
    expect(refusal(bytes)).toMatchObject({ code: 'TRANSACTION_SIZE_UNREACHABLE', details: { bytes } });
  });
});

describe('transactionBytesOf', () => {
  it.each([
    ['300B', 300],
    ['300', 300],
    ['0', undefined],
    ['', undefined],
    ['300KB', undefined],
    ['-5', undefined],
    ['1e3', undefined],
  ])('%s is %s', (text, bytes) => expect(transactionBytesOf(text)).toBe(bytes));
});

describe('signedAhead', () => {
  it('gives what it signed, and then more', async () => {
    const next = await signedAhead(makerOf(300), 250);
    const given = Array.from({ length: 4 }, () => next(100) ?? []).flat();
    expect(new Set(given.map(idOf)).size).toBe(400);
  });

  it('gives nothing more once it is aborted, and then signs nothing', async () => {
    const abort = new AbortController();
    const next = await signedAhead(makerOf(300), 10, abort.signal);
    expect(next(5)).toHaveLength(5);
    abort.abort();
    expect(next(5)).toBeUndefined();
    expect((await signedAhead(makerOf(300), 1e9, abort.signal))(5)).toBeUndefined();
  });
});
