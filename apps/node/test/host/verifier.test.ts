import { createSigner } from '@varve/crypto';
import { BatchVerifier } from '@varve/crypto/batch';
import { utf8Encode } from '@varve/encoding';
import type { VerifyItem } from '@varve/validator';
import { describe, expect, it } from 'vitest';
import { Verifier } from '../../src/host/verifier.ts';
import { startSignatureWorker, VerifierThread } from '../../src/host/verifier-thread.ts';
import type { JobDone, SignatureJudge } from '../../src/host/verify-jobs.ts';
import { startThread } from '../../src/thread.ts';

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

type Start = (done: JobDone) => SignatureJudge;
const failed = (reason: string): void => {
  throw new Error(reason);
};
const batchVerifier = await BatchVerifier.create({ batchMin: 2, sightings: 1 });
const WAYS: readonly { readonly way: string; readonly start: Start }[] = [
  { way: 'in batches', start: (done) => new Verifier(batchVerifier, done) },
  { way: 'one by one', start: (done) => new Verifier(undefined, done) },
  {
    way: 'in batches on a thread of their own',
    start: (done) => new VerifierThread(startSignatureWorker(true), done, failed),
  },
  {
    way: 'one by one on a thread of their own',
    start: (done) => new VerifierThread(startSignatureWorker(false), done, failed),
  },
];

/** What is told, in order, once all jobs are done. */
async function judged(start: Start, jobs: readonly (readonly VerifyItem[])[]): Promise<unknown[]> {
  const told: unknown[] = [];
  let judge: SignatureJudge | undefined;
  await new Promise<void>((done) => {
    judge = start((job, verdicts) => {
      told.push([job, ...verdicts]);
      if (told.length === jobs.length) done();
    });
    for (const [job, items] of jobs.entries()) judge.add(job, items);
  });
  await judge?.stop();
  return told;
}

describe.each(WAYS)('signatures judged $way', ({ start }) => {
  it('each job is answered once, in order, with the verdicts in order', async () => {
    const jobs = [
      [item(0, true, true), item(1, false, true), item(2, true, false)],
      [],
      [item(3, false, false)],
      Array.from({ length: 1500 }, (_, i) => item(i, i % 7 !== 3, i % 2 === 0)),
      [item(4, true, false), item(5, true, true)],
    ];
    const expected = [
      [0, true, false, true],
      [1],
      [2, false],
      [3, ...Array.from({ length: 1500 }, (_, i) => i % 7 !== 3)],
      [4, true, true],
    ];
    expect(await judged(start, jobs)).toEqual(expected);
  });

  it('what is ordered already is judged by ZIP-215', async () => {
    expect(await judged(start, [[item(0, true, false), forAnyone(false), item(1, false, false)]])).toEqual([
      [0, true, true, false],
    ]);
  });

  it('nothing holds under a key or a signature of another length', async () => {
    const good = item(0, true, true);
    const shortKey = { ...good, publicKey: good.publicKey.subarray(1) };
    const longSignature = { ...good, signature: new Uint8Array(65) };
    expect(await judged(start, [[shortKey, good, longSignature], [good]])).toEqual([
      [0, false, true, false],
      [1, true],
    ]);
  });

  it('long messages are judged too', async () => {
    const long = (i: number): VerifyItem => {
      const message = new Uint8Array(1024 * 1024).fill(i);
      const signer = signers[0] as (typeof signers)[number];
      return { publicKey: signer.publicKey, message, signature: signer.sign(message), strict: true };
    };
    const many = Array.from({ length: 6 }, (_, i) => long(i));
    expect(await judged(start, [many, [item(1, false, true)]])).toEqual([
      [0, true, true, true, true, true, true],
      [1, false],
    ]);
  });

  it('nothing is told after the stop, and no verdict of what was under way', async () => {
    const told: number[] = [];
    let judge: SignatureJudge | undefined;
    await new Promise<void>((first) => {
      judge = start((job) => {
        told.push(job);
        first();
      });
      judge.add(1, [item(0, true, true)]);
    });
    judge?.add(
      2,
      Array.from({ length: 300 }, (_, i) => item(i, true, true)),
    );
    await new Promise((resolve) => setImmediate(resolve));
    const before = [...told];
    await judge?.stop();
    judge?.add(3, [item(0, true, true)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual(before);
  });
});

it('one by one, admission takes what libsodium takes', async () => {
  const start: Start = (done) => new Verifier(undefined, done);
  expect(await judged(start, [[forAnyone(true), item(0, true, true)]])).toEqual([[0, false, true]]);
});

describe('a thread that ends by itself', () => {
  it.each([
    { end: 'throw', said: /^Error: broken/ },
    { end: 'throw nothing', said: /^null$/ },
    { end: 'exit', said: /^it exited with 0$/ },
  ])('says so, once: $end', async ({ end, said }) => {
    const reasons: string[] = [];
    let judge: SignatureJudge | undefined;
    await new Promise<void>((resolve) => {
      const worker = startThread('failing-child', import.meta.url, { end });
      worker.on('exit', () => resolve());
      judge = new VerifierThread(
        worker,
        () => undefined,
        (reason) => reasons.push(reason),
      );
      judge.add(1, [item(0, true, true)]);
    });
    expect(reasons).toEqual([expect.stringMatching(said)]);
    await judge?.stop();
  });
});
