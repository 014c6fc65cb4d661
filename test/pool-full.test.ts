import { operations, VarveError } from '@varve/client';
import { expect, it, vi } from 'vitest';
import { eventually, TestDevnet } from './support/devnet.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** More than any pool holds, in transactions of about 60 kB. Given longer, the SDK would wait for room. */
const SUBMISSIONS_MAX = 2000;

it('a pool without a quorum fills up, says POOL_FULL, and executes what it took once the quorum is back', async () => {
  const devnet = await TestDevnet.start(3);
  try {
    const client = devnet.client(0);
    await devnet.kill(2);
    await devnet.kill(3);
    const value = 'x'.repeat(30_000);
    const taken: string[] = [];
    let refused: unknown;
    for (let i = 0; i < SUBMISSIONS_MAX && refused === undefined; i++) {
      const both = [operations.coordination.create(`/a-${i}`, value), operations.coordination.create(`/b-${i}`, value)];
      await client.submit(both, { wait: 'none', timeoutMs: 500 }).then(
        ({ transactionId }) => taken.push(transactionId),
        (error: unknown) => {
          refused = error;
        },
      );
    }
    expect(refused).toBeInstanceOf(VarveError);
    expect(refused).toMatchObject({ code: 'POOL_FULL', status: 429, retry: 'later' });
    const { pool } = await client.status();
    expect(pool.transactions).toBe(taken.length);
    expect(pool.bytes).toBeGreaterThan(60 * 1024 * 1024);

    await devnet.restart(2);
    await devnet.restart(3);
    await eventually(
      'all that was taken is executed',
      async () => (await client.status()).pool.transactions === 0,
      120_000,
    );
    // The pool empties when the last is executed, which is a moment before that is on disk and told.
    for (const id of taken) {
      await eventually('its outcome is told', async () => (await client.transaction(id)).execution !== null);
      expect(await client.transaction(id)).toMatchObject({ execution: { outcome: { code: 'OK' } } });
    }
    await client.submit(operations.coordination.create('/after', 'x'), { timeoutMs: 60_000 });
  } finally {
    await devnet.stop();
  }
});
