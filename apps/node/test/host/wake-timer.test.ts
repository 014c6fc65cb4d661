import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WakeTimer } from '../../src/host/wake-timer.ts';

let woken: number[];
let timer: WakeTimer;

beforeEach(() => {
  vi.useFakeTimers();
  woken = [];
  timer = new WakeTimer(() => woken.push(performance.now()));
});
afterEach(() => void vi.useRealTimers());

it('wakes at the time that was set last, be it earlier or later', () => {
  const start = performance.now();
  timer.set(start + 50);
  timer.set(start + 20);
  vi.advanceTimersByTime(20);
  expect(woken).toEqual([start + 20]);
  timer.set(start + 30);
  timer.set(start + 90);
  vi.advanceTimersByTime(69);
  expect(woken).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(woken).toEqual([start + 20, start + 90]);
});

it('wakes at once for what is past, within a minute for what is far, and never when stopped', () => {
  timer.set(performance.now() - 5);
  vi.advanceTimersByTime(1);
  expect(woken).toHaveLength(1);
  timer.set(Number.MAX_SAFE_INTEGER);
  vi.advanceTimersByTime(60_000);
  expect(woken).toHaveLength(2);
  timer.set(performance.now() + 5);
  timer.stop();
  vi.advanceTimersByTime(60_000);
  expect(woken).toHaveLength(2);
});
