import { join } from 'node:path';
import { type Client, operations, type TransactionResult } from '@varve/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectOneChain, placeOf } from './support/chain.ts';
import { temporaryFolder, varve } from './support/command.ts';
import { eventually, TestDevnet } from './support/devnet.ts';
import { endHostile, HostileProcess } from './support/hostile.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const VALIDATORS = 4;
const PER_CLIENT = 60;
const INTERVAL_MS = 100;
const WAIT_MS = 60_000;

describe('tendermint with one of four not honest', () => {
  const folder = temporaryFolder();
  const acknowledged = new Map<string, string>();
  let devnet: TestDevnet;
  let hostile: HostileProcess | undefined;
  const honest = () => Array.from({ length: VALIDATORS - 1 }, (_, i) => devnet.client(i));

  beforeAll(async () => {
    devnet = await TestDevnet.start(VALIDATORS, 'tendermint');
  });
  afterAll(async () => {
    await endHostile();
    await devnet?.stop();
    folder.clean();
  });

  /** Submits at the honest ones at a fixed rate, whatever becomes of what was submitted before; all of it becomes final. */
  async function submitAll(name: string): Promise<void> {
    const answers: Promise<TransactionResult>[] = [];
    const submit = async (client: Client, path: string): Promise<TransactionResult> => {
      const result = await client.submit(operations.coordination.create(path, name), { timeoutMs: WAIT_MS });
      acknowledged.set(result.transactionId, placeOf(result));
      return result;
    };
    for (let n = 0; n < PER_CLIENT; n++) {
      answers.push(...honest().map((client, at) => submit(client, `/${name}-${at}-${n}`)));
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    const results = await Promise.all(answers);
    expect(results.filter(({ status, outcome }) => status !== 'final' || outcome?.code !== 'OK')).toEqual([]);
  }

  it('one stopped: all that is submitted becomes final once', async () => {
    await devnet.kill(VALIDATORS);
    await submitAll('stopped');
    const { places } = await expectOneChain(honest(), acknowledged);
    expect(places.size).toBe(acknowledged.size);
  });

  it('one equivocates and sends garbage: all that is submitted becomes final once', async () => {
    hostile = await HostileProcess.replace(devnet, VALIDATORS, { unreadableMs: 1_000 });
    await submitAll('hostile');
    const { places } = await expectOneChain(honest(), acknowledged);
    expect(places.size).toBe(acknowledged.size);
    expect(acknowledged.size).toBe(2 * (VALIDATORS - 1) * PER_CLIENT);
  });

  it('whoever sends what cannot be read is cut off, and may come back', async () => {
    await eventually('each link came up again', () => (hostile?.report.links ?? 0) >= 2 * (VALIDATORS - 1), WAIT_MS);
    expect(hostile?.report.garbageBytes).toBeGreaterThan(0);
    for (const client of honest()) {
      const { mode, observerOnly, conditions } = await client.status();
      expect({ mode, observerOnly }).toEqual({ mode: 'validator', observerOnly: null });
      // A liar may cost a round its time, but no more than that.
      expect(conditions.filter(({ detail }) => detail !== 'the engine waits')).toEqual([]);
      await eventually('nothing is wrong', async () => (await client.status()).conditions.length === 0, WAIT_MS);
    }
  });

  it('every honest validator serves evidence that proves offline who contradicted itself', async () => {
    const name = devnet.members[VALIDATORS - 1]?.name;
    for (const [at, client] of honest().entries()) {
      await eventually('evidence', async () => (await client.evidencePage()).total > 0);
      const { evidence } = await client.evidencePage();
      expect(new Set(evidence.map(({ validator }) => validator))).toEqual(new Set([name]));
      const [first] = evidence;
      const file = join(folder.path, `evidence-${at}`);
      const got = await varve(['evidence', 'get', first?.id ?? '', '--out', file, '--node', client.url]);
      expect(got.code, got.stderr).toBe(0);
      const verdict = await varve(['evidence', 'verify', file, '--genesis', devnet.file.genesisFile, '--json']);
      expect(verdict.code, verdict.stderr).toBe(0);
      expect(JSON.parse(verdict.stdout)).toMatchObject({ valid: true, validator: name });
    }
  });
});
