import { afterEach, describe, expect, it } from 'vitest';
import { HttpLoad } from '../../src/load/http-load.ts';
import { closedLoop, type LoadShape, offeredLoop, openLoop } from '../../src/load/throughput.ts';
import { type Answer, type Request, serve, stopServers } from './test-server.ts';

const FINE: Answer = { status: 200, body: { results: [] } };
const load = new HttpLoad();
/** So many transactions of ten bytes in all, then no more. */
const stock = (left: number) => (count: number) => {
  if (left < count) return undefined;
  left -= count;
  return Array.from({ length: count }, () => new Uint8Array(10));
};
const shapeOf = (urls: readonly string[], changes: Partial<LoadShape> = {}): LoadShape => ({
  urls,
  wait: 'final',
  batch: 5,
  concurrency: 3,
  ...changes,
});

afterEach(stopServers);

describe('closedLoop', () => {
  it('hands in batches, to all nodes in turn, until there are no more', async () => {
    const seen: Request[] = [];
    const urls = await Promise.all(
      [1, 2].map((node) =>
        serve((request) => {
          seen.push({ ...request, path: `${node}${request.path}` });
          return FINE;
        }),
      ),
    );
    const result = await closedLoop(load, shapeOf(urls), stock(60), 60);
    expect(result.transactions).toBe(60);
    expect(result.transactionsPerSecond).toBeCloseTo(60 / result.seconds);
    expect(result.latencyMs.p99).toBeGreaterThan(0);
    expect(seen).toHaveLength(12);
    expect(new Set(seen.map(({ path }) => path))).toEqual(
      new Set(['1/v1/transactions?wait=final', '2/v1/transactions?wait=final']),
    );
    for (const request of seen) expect(request).toMatchObject({ contentType: 'application/cbor-seq', bytes: 50 });
  });

  it('never has more requests under way than it may', async () => {
    let [underWay, most] = [0, 0];
    const url = await serve(async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay--;
      return FINE;
    });
    await closedLoop(load, shapeOf([url]), stock(100), 60);
    expect(most).toBe(3);
  });

  it('ends with the time', async () => {
    const url = await serve(() => FINE);
    expect((await closedLoop(load, shapeOf([url]), stock(1e9), 0.2)).seconds).toBeLessThan(30);
  });

  it.each([
    {
      answer: { status: 429, body: { code: 'POOL_FULL' } },
      code: 'LOAD_REFUSED',
      message: /answered 429: .*POOL_FULL/,
    },
    { answer: { status: 202, body: {} }, code: 'LOAD_REFUSED', message: /answered 202/ },
    { answer: undefined, code: 'LOAD_UNANSWERED', message: /^http:\/\/127\.0\.0\.1:\d+ did not answer: / },
  ])('fails with $code where something does not succeed', async ({ answer, code, message }) => {
    const url = await serve(() => answer);
    const failed = closedLoop(load, shapeOf([url]), stock(60), 60);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('offeredLoop', () => {
  it('sends at its rate whatever becomes of it, and counts what succeeded', async () => {
    let count = 0;
    const url = await serve(() => {
      count++;
      if (count === 1) return { status: 503, body: {} };
      if (count > 2) return FINE;
      const results = ['final', 'refused', 'final', 'pending', 'committed'].map((status) => ({ status }));
      return { status: 207, body: { results } };
    });
    const result = await offeredLoop(load, shapeOf([url]), stock(1e9), 100, 0.5);
    expect(result).toMatchObject({ offered: 50, transactions: 8 * 5 + 2 });
    expect(result.failures.map(({ code }) => code)).toEqual(['LOAD_REFUSED', 'LOAD_REFUSED']);
    // The last of ten requests is due after nine tenths of the time.
    expect(result.seconds).toBeGreaterThan(0.44);
  });

  it('sends one of each at least, and says how long the node is to wait', async () => {
    const paths: string[] = [];
    const url = await serve(({ path, contentType }) => {
      paths.push(`${contentType} ${path}`);
      return FINE;
    });
    const shape = shapeOf([url], { batch: 1, wait: 'committed', timeoutMs: 700 });
    expect(await offeredLoop(load, shape, stock(1e9), 0.1, 1)).toMatchObject({ offered: 1, transactions: 1 });
    expect(paths).toEqual(['application/cose /v1/transactions?wait=committed&timeout=700']);
  });

  it('leaves out a node that was taken away meanwhile', async () => {
    const urls: string[] = [];
    let after = 0;
    urls.push(
      await serve(() => FINE),
      await serve(() => {
        if (urls.length === 1) after++;
        else urls.pop();
        return FINE;
      }),
    );
    expect(await offeredLoop(load, shapeOf(urls), stock(1e9), 250, 1)).toMatchObject({ offered: 250, failures: [] });
    // One more may have been on its way.
    expect(after).toBeLessThan(3);
  });

  it('stops when it gets no more', async () => {
    const url = await serve(() => FINE);
    expect(await offeredLoop(load, shapeOf([url]), stock(20), 1000, 60)).toMatchObject({ offered: 20 });
  });
});

describe('openLoop', () => {
  it('throws what failed, when all are answered', async () => {
    let count = 0;
    const url = await serve(() => (count++ === 0 ? { status: 503, body: {} } : FINE));
    await expect(openLoop(load, shapeOf([url]), stock(1e9), 100, 0.2)).rejects.toMatchObject({ code: 'LOAD_REFUSED' });
    expect(count).toBe(4);
  });
});
