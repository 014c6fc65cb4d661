import { operations, VarveError } from '@varve/client';
import { expect, it, vi } from 'vitest';
import { eventually, TestDevnet } from './support/devnet.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** More than any pool holds, in transactions of about 60 kB. */
const SUBMISSIONS_MAX = 2000;
/** So many requests are under way at a time. */
const CONCURRENCY = 8;

it('a pool without a quorum fills up, says POOL_FULL, and executes what it took once the quorum is back', async () => {
  const devnet = await TestDevnet.start(3);
  try {
    const client = devnet.client(0);
    await devnet.kill(2);
    await devnet.kill(3);
    const value = 'x'.repeat(30_000);
    const taken: string[] = [];
    let refused: unknown;
    let submissions = 0;
    await sideBySide(async () => {
      if (refused !== undefined || submissions === SUBMISSIONS_MAX) return false;
      const i = submissions++;
      const both = [operations.coordination.create(`/a-${i}`, value), operations.coordination.create(`/b-${i}`, value)];
      try {
        taken.push((await client.submit(both, { wait: 'none', timeoutMs: 5_000 })).transactionId);
      } catch (error) {
        refused = error;
      }
      return true;
    });
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
    const untold = [...taken];
    await sideBySide(async () => {
      const id = untold.pop();
      if (id === undefined) return false;
      await eventually('its outcome is told', async () => {
        const { execution } = await client.transaction(id);
        if (execution !== null) expect(execution).toMatchObject({ outcome: { code: 'OK' } });
        return execution !== null;
      });
      return true;
    });
    await client.submit(operations.coordination.create('/after', 'x'), { timeoutMs: 60_000 });
  } finally {
    await devnet.stop();
  }
});

/** Calls `work` again and again, some calls at a time, until it returns `false`. */
async function sideBySide(work: () => Promise<boolean>): Promise<void> {
  const worker = async (): Promise<void> => {
    while (await work());
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
