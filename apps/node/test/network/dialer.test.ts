import { multiaddr } from '@multiformats/multiaddr';
import { publicKeyHex } from '@varve/encoding';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffMs, Dialer } from '../../src/network/dialer.ts';

const peer = publicKeyHex('ab'.repeat(32));
const address = multiaddr('/ip4/127.0.0.1/tcp/1');
const targets = new Map([[peer, address]]);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A dialer whose dials fail until `state.succeeds`; `dials` has the time of each, in ms. */
function makeDialer() {
  const startedAt = Date.now();
  const state = { succeeds: false, isConnected: false, waitMs: 0 };
  const dials: number[] = [];
  const dialer = new Dialer({
    isConnected: () => state.isConnected,
    waitMs: () => state.waitMs,
    dial: async () => {
      dials.push(Date.now() - startedAt);
      if (!state.succeeds) throw new RangeError('refused');
      state.isConnected = true;
    },
  });
  return { dialer, dials, state };
}

it.each([
  { attempts: 0, random: 0, ms: 75 },
  { attempts: 0, random: 1, ms: 125 },
  { attempts: 1, random: 0.5, ms: 200 },
  { attempts: 4, random: 0.5, ms: 1_600 },
  { attempts: 5, random: 0.5, ms: 2_000 },
  { attempts: 1_000_000, random: 1, ms: 2_500 },
])('waits $ms ms after $attempts failures', ({ attempts, random, ms }) => {
  expect(backoffMs(attempts, () => random)).toBe(ms);
});

describe('Dialer', () => {
  it('dials at once, backs off, and never gives up', async () => {
    const { dialer, dials } = makeDialer();
    dialer.setTargets(targets);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dials[0]).toBe(0);
    expect(dials.length).toBeGreaterThan(24);
    expect(dials.length).toBeLessThan(48);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(dials.length).toBeGreaterThan(1_400);
  });

  it('is quiet while connected and dials soon after a loss', async () => {
    const { dialer, dials, state } = makeDialer();
    state.succeeds = true;
    dialer.setTargets(targets);
    await vi.advanceTimersByTimeAsync(10_000);
    dialer.succeeded(peer);
    dialer.setTargets(targets);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(dials).toEqual([0]);
    state.isConnected = false;
    dialer.lost(peer);
    await vi.advanceTimersByTimeAsync(125);
    expect(dials).toHaveLength(2);
  });

  it('keeps backing off from a peer that accepts connections and drops them', async () => {
    const { dialer, dials, state } = makeDialer();
    state.succeeds = true;
    dialer.setTargets(targets);
    for (let i = 0; i < 60_000; i += 10) {
      await vi.advanceTimersByTimeAsync(10);
      if (!state.isConnected) continue;
      state.isConnected = false;
      dialer.lost(peer);
    }
    expect(dials.length).toBeLessThan(48);
  });

  it('waits out a cool-down', async () => {
    const { dialer, dials, state } = makeDialer();
    state.waitMs = 5_000;
    dialer.setTargets(targets);
    await vi.advanceTimersByTimeAsync(4_999);
    state.waitMs = 0;
    expect(dials).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(dials).toEqual([5_000]);
  });

  it('forgets peers that are taken off the list, and all on stop', async () => {
    const { dialer, dials } = makeDialer();
    dialer.setTargets(targets);
    await vi.advanceTimersByTimeAsync(1);
    dialer.setTargets(new Map());
    dialer.lost(peer);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dials).toHaveLength(1);
    dialer.setTargets(targets);
    dialer.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dials).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
