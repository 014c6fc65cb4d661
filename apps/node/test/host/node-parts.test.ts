import { describe, expect, it } from 'vitest';
import { NodeParts } from '../../src/host/node-parts.ts';

const REASON = { code: 'THREAD_FAILED', detail: 'gone' };

function started(stopped: string[]): NodeParts {
  const parts = new NodeParts();
  for (const name of ['store', 'loop', 'network']) {
    parts.add({
      stop: async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        stopped.push(name);
      },
    });
  }
  return parts;
}

describe('the parts of a node', () => {
  it('are stopped once, the newest first', async () => {
    const stopped: string[] = [];
    const parts = started(stopped);
    await Promise.all([parts.stop(), parts.stop()]);
    expect(stopped).toEqual(['network', 'loop', 'store']);
    expect(await parts.closed).toBeUndefined();
  });

  it('are all stopped before the node is closed, with the first reason', async () => {
    const stopped: string[] = [];
    const parts = started(stopped);
    expect([parts.fail(REASON.code, REASON.detail), parts.fail('STORE_FAILED', 'later')]).toEqual([true, false]);
    expect(await parts.closed).toEqual(REASON);
    expect(stopped).toHaveLength(3);
  });

  it('that are added after a failure keep the node from starting, and are stopped too', async () => {
    const stopped: string[] = [];
    const parts = started(stopped);
    parts.demandRunning();
    parts.fail(REASON.code, REASON.detail);
    await parts.closed;
    parts.add({ stop: () => void stopped.push('api') });
    expect(() => parts.demandRunning()).toThrow(expect.objectContaining({ code: REASON.code, message: REASON.detail }));
    await parts.stop();
    expect(stopped.at(-1)).toBe('api');
  });

  it('that cannot be stopped do not keep what comes later from it', async () => {
    const parts = new NodeParts();
    parts.add({ stop: () => Promise.reject(new Error('stuck')) });
    await expect(parts.stop()).rejects.toThrow('stuck');
    let isStopped = false;
    parts.add({
      stop: () => {
        isStopped = true;
      },
    });
    await parts.stop();
    expect(isStopped).toBe(true);
  });
});
