import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FinalWatch } from '../../src/load/final-watch.ts';
import { serve, stopServers } from './test-server.ts';

/** Longer than any look takes, and the least of it that must be noticed. */
const STANDSTILL_MS = 1_000;
const NOTICED_MS = 800;

afterEach(stopServers);

describe('FinalWatch', () => {
  it.each([
    { what: 'stands still', answer: { status: 200, body: { finalHeight: 5 } } },
    { what: 'is not told', answer: { status: 503, body: {} } },
    { what: 'cannot be asked', answer: undefined },
    { what: 'falls back', answer: { status: 200, body: { finalHeight: 4 } } },
  ])('finds the time in which the final height $what', async ({ answer }) => {
    let [height, isStill] = [5, false];
    const url = await serve(() => (isStill ? answer : { status: 200, body: { finalHeight: height++ } }));
    const watch = new FinalWatch(url);
    await sleep(100);
    isStill = true;
    await sleep(STANDSTILL_MS);
    isStill = false;
    height += 5;
    await sleep(100);
    expect(await watch.stop()).toBeGreaterThan(NOTICED_MS);
  });

  it('counts a standstill that has not ended', async () => {
    const url = await serve(() => ({ status: 200, body: { finalHeight: 5 } }));
    const watch = new FinalWatch(url);
    await sleep(STANDSTILL_MS);
    expect(await watch.stop()).toBeGreaterThan(NOTICED_MS);
  });

  it('finds less where blocks come all the time', async () => {
    let height = 0;
    const url = await serve(() => ({ status: 200, body: { finalHeight: height++ } }));
    const watch = new FinalWatch(url);
    await sleep(2 * STANDSTILL_MS);
    expect(await watch.stop()).toBeLessThan(2 * STANDSTILL_MS);
    expect(height).toBeGreaterThan(2);
  });
});
