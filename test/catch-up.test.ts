import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operations } from '@varve/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { expectOneChain, placeOf } from './support/chain.ts';
import { eventually, TestDevnet } from './support/devnet.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { coordination } = operations;
/** More than any leader keeps in memory below its anchor (256 entries): what is older comes by block sync only. */
const BLOCKS_MISSED = 300;

let devnet: TestDevnet;
const acknowledged = new Map<string, string>();
const client = (i: number): ReturnType<TestDevnet['client']> => devnet.client(i);

beforeAll(async () => {
  devnet = await TestDevnet.start(3);
});
afterAll(() => devnet?.stop());

it('a validator that missed more blocks than the log keeps fetches them and votes again', async () => {
  await devnet.kill(3);
  const present = client(0);
  const from = (await present.status()).height;
  const work = Array.from({ length: 4 }, async (_, worker) => {
    const own = client(worker % 2);
    for (let n = 0; (await own.status()).height < from + BLOCKS_MISSED; n++) {
      const result = await own.submit(coordination.create(`/absent-${worker}-${n}`, 'x'.repeat(100)));
      acknowledged.set(result.transactionId, placeOf(result));
    }
  });
  await Promise.all(work);
  const missed = await expectOneChain([client(0), client(1)], acknowledged);
  expect(missed.hashes.length).toBeGreaterThan(from + BLOCKS_MISSED);

  await devnet.restart(3);
  await client(2).waitForHeight(missed.hashes.length - 1, { timeoutMs: 60_000 });
  const caughtUp = await expectOneChain([client(0), client(1), client(2)], acknowledged);
  expect(caughtUp.hashes.slice(0, missed.hashes.length)).toEqual(missed.hashes);
  await eventually('it takes part', async () => (await client(2).status()).mode === 'validator');

  // Its vote counts: without it there is no quorum now.
  await devnet.kill(1);
  const result = await client(2).submit(coordination.create('/with-its-vote', ''));
  acknowledged.set(result.transactionId, placeOf(result));
  await devnet.restart(1);
  await expectOneChain([client(0), client(1), client(2)], acknowledged);
});

it('no validator found fault with what it was sent', () => {
  const lines = devnet.members.flatMap(({ dataDirectory }) =>
    readFileSync(join(dataDirectory, 'node.log'), 'utf8').trim().split('\n'),
  );
  const loud = lines.map((line) => JSON.parse(line) as { level: number }).filter(({ level }) => level >= 50);
  expect(loud).toEqual([]);
});
