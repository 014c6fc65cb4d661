import { createSigner } from '@varve/crypto';
import { BatchVerifier } from '@varve/crypto/batch';
import { utf8Encode } from '@varve/encoding';
import type { VerifyItem } from '@varve/validator';
import { describe, expect, it } from 'vitest';
import { Verifier } from '../../src/host/verifier.ts';

const signers = [1, 2, 3].map((fill) => createSigner(new Uint8Array(32).fill(fill)));
/** y = 1 is of small order: everything is signed by it under ZIP-215, and nothing for libsodium. */
const IDENTITY = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));

function item(i: number, isGood: boolean, strict: boolean): VerifyItem {
  const signer = signers[i % signers.length];
  if (signer === undefined) throw new Error('there are signers');
  const message = utf8Encode(`message ${i}`);
  return {
    publicKey: signer.publicKey,
    message: isGood ? message : utf8Encode('else'),
    signature: signer.sign(message),
    strict,
  };
}

const forAnyone = (strict: boolean): VerifyItem => ({
  publicKey: IDENTITY,
  message: utf8Encode('anything'),
  signature: Uint8Array.from([...IDENTITY, ...new Uint8Array(32)]),
  strict,
});

/** What is told, in order, once all jobs are done. */
async function judged(batch: BatchVerifier | undefined, jobs: readonly (readonly VerifyItem[])[]): Promise<unknown[]> {
  const told: unknown[] = [];
  await new Promise<void>((done) => {
    const verifier = new Verifier(batch, (job, verdicts) => {
      told.push([job, ...verdicts]);
      if (told.length === jobs.length) done();
    });
    for (const [job, items] of jobs.entries()) verifier.add(job, items);
  });
  return told;
}

describe.each(['batch', 'single'])('signatures judged by way of %s', (mode) => {
  const batch = async (): Promise<BatchVerifier | undefined> =>
    mode === 'batch' ? BatchVerifier.create({ batchMin: 2, sightings: 1 }) : undefined;

  it('each job is answered once, in order, with the verdicts in order', async () => {
    const jobs = [
      [item(0, true, true), item(1, false, true), item(2, true, false)],
      [],
      [item(3, false, false)],
      Array.from({ length: 700 }, (_, i) => item(i, i % 7 !== 3, i % 2 === 0)),
      [item(4, true, false), item(5, true, true)],
    ];
    const expected = [
      [0, true, false, true],
      [1],
      [2, false],
      [3, ...Array.from({ length: 700 }, (_, i) => i % 7 !== 3)],
      [4, true, true],
    ];
    expect(await judged(await batch(), jobs)).toEqual(expected);
  });

  it('what is ordered already is judged by ZIP-215', async () => {
    expect(await judged(await batch(), [[item(0, true, false), forAnyone(false), item(1, false, false)]])).toEqual([
      [0, true, true, false],
    ]);
  });
});

it('one by one, admission takes what libsodium takes', async () => {
  expect(await judged(undefined, [[forAnyone(true), item(0, true, true)]])).toEqual([[0, false, true]]);
});
