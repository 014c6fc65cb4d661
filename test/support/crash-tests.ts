import { type Client, operations } from '@varve/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectOneChain, placeOf } from './chain.ts';
import { eventually, TestDevnet } from './devnet.ts';
import { isAlive } from './process.ts';

const { coordination } = operations;
const VALIDATORS = 4;
/** Of how much must have been acknowledged before, during and after a fault, for it to have happened under load. */
const UNDER_LOAD = 50;

/**
 * What kill -9 must not do to a network of real processes.
 * @param rounds - How often all validators die at once.
 */
export function crashTests(protocol: string, rounds: number): void {
  vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

  let devnet: TestDevnet;
  /** All that any node ever called final, and where it said it was. */
  const acknowledged = new Map<string, string>();
  const submitted = new Set<string>();

  const clients = (): readonly Client[] => Array.from({ length: VALIDATORS }, (_, i) => devnet.client(i));

  beforeAll(async () => {
    devnet = await TestDevnet.start(VALIDATORS, protocol);
  });
  afterAll(() => devnet?.stop());

  /** Clients that submit one transaction after the other, at all validators, and note what is acknowledged. */
  class Load {
    readonly #stop = new AbortController();
    readonly #work: readonly Promise<void>[];
    /** Milliseconds of each acknowledgement, ascending. */
    readonly acknowledgedAt: number[] = [];
    readonly refusals: unknown[] = [];

    constructor(name: string, count: number) {
      this.#work = Array.from({ length: count }, (_, i) => this.#run(devnet.client(i % VALIDATORS), `${name}-${i}`));
    }

    async #run(client: Client, name: string): Promise<void> {
      for (let n = 0; !this.#stop.signal.aborted; n++) {
        try {
          const transaction = await client.build(coordination.create(`/${name}-${n}`, name));
          submitted.add(transaction.id);
          const result = await client.submit(transaction, { timeoutMs: 2_000, signal: this.#stop.signal });
          acknowledged.set(result.transactionId, placeOf(result));
          this.acknowledgedAt.push(performance.now());
        } catch (error) {
          if (this.#stop.signal.aborted) return;
          // What has no answer may still be executed, or not; a definite no must not be among the answers.
          const code = error instanceof Error && 'code' in error ? error.code : error;
          if (!['NODE_UNREACHABLE', 'WAIT_TIMEOUT', 'NODE_STOPPING'].includes(String(code))) this.refusals.push(error);
        }
      }
    }

    async finish(): Promise<void> {
      this.#stop.abort();
      await Promise.all(this.#work);
    }

    since(moment: number): number {
      return this.acknowledgedAt.filter((at) => at > moment).length;
    }
  }

  async function submitOne(at: number, path: string): Promise<void> {
    const result = await devnet.client(at).submit(coordination.create(path, ''));
    submitted.add(result.transactionId);
    acknowledged.set(result.transactionId, placeOf(result));
  }

  async function leaderIndex(): Promise<number> {
    let leader = -1;
    await eventually('a leader', async () => {
      for (const [i, client] of clients().entries()) {
        const status = await client.status().catch(() => undefined);
        if (status?.role === 'leader') leader = i;
      }
      return leader >= 0;
    });
    return leader;
  }

  describe('kill -9 of the leader under load', () => {
    let killed: number;

    it('loses nothing acknowledged and does nothing twice', async () => {
      const load = new Load('leader', 12);
      try {
        await eventually('a load', () => load.acknowledgedAt.length >= UNDER_LOAD);
        killed = await leaderIndex();
        await devnet.kill(killed + 1);
        const moment = performance.now();
        expect(isAlive(devnet.members[killed]?.pid ?? 0)).toBe(false);
        await eventually('commits again', () => load.since(moment + 1_000) >= UNDER_LOAD);
      } finally {
        await load.finish();
      }
      expect(load.refusals).toEqual([]);
      expect(await leaderIndex()).not.toBe(killed);
      const alive = clients().filter((_, i) => i !== killed);
      const { places } = await expectOneChain(alive, acknowledged);
      expect([...places.keys()].filter((id) => !submitted.has(id))).toEqual([]);
    });

    it('the killed one restarts and catches up', async () => {
      await devnet.restart(killed + 1);
      await submitOne(0, '/after-restart');
      await expectOneChain(clients(), acknowledged);
      expect(await devnet.client(killed).status()).toMatchObject({ mode: 'validator', observerOnly: null });
    });
  });

  it('all four killed at once under load and restarted, again and again: nothing final is lost', async () => {
    for (let round = 0; round < rounds; round++) {
      const load = new Load(`all-${round}`, 8);
      try {
        await eventually('a load', () => load.acknowledgedAt.length >= 20, 60_000);
        const pids = devnet.members.map(({ pid }) => pid);
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await eventually('all are dead', () => !pids.some(isAlive));
      } finally {
        await load.finish();
      }
      expect(load.refusals).toEqual([]);
      await devnet.command('devnet', '--detach');
    }
    await submitOne(3, '/after-all');
    const { places } = await expectOneChain(clients(), acknowledged);
    expect(acknowledged.size).toBeGreaterThan(rounds * 20);
    expect([...places.keys()].filter((id) => !submitted.has(id))).toEqual([]);
    for (const client of clients()) {
      expect(await client.status()).toMatchObject({ mode: 'validator', observerOnly: null, conditions: [] });
    }
  });
}
