import { describe, expect, it } from 'vitest';
import { VerdictCache } from '../src/verdict-cache.ts';

describe('VerdictCache', () => {
  it('remembers both verdicts, and tells them from the unknown', () => {
    const cache = new VerdictCache();
    cache.set('a', true);
    cache.set('b', false);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([true, false, undefined]);
  });

  it('never holds more than its bound', () => {
    const cache = new VerdictCache(10);
    for (let i = 0; i < 1000; i++) {
      cache.set(`hash ${i}`, i % 2 === 0);
      if (i % 3 === 0) cache.get(`hash ${i - 4}`);
      expect(cache.size).toBeLessThanOrEqual(10);
    }
  });

  it('keeps what is used and forgets what is not', () => {
    const cache = new VerdictCache(10);
    cache.set('used', true);
    cache.set('unused', true);
    for (let i = 0; i < 50; i++) {
      cache.set(`hash ${i}`, false);
      expect(cache.get('used')).toBe(true);
    }
    expect(cache.get('unused')).toBeUndefined();
  });

  it('makes no room for a verdict that it has', () => {
    const cache = new VerdictCache(4);
    cache.set('old', true);
    cache.set('a', true);
    cache.set('b', true);
    for (let i = 0; i < 9; i++) cache.set('b', true);
    expect(cache.get('old')).toBe(true);
  });

  it('forgets what it is told to, in both generations', () => {
    const cache = new VerdictCache(4);
    cache.set('a', true);
    cache.set('b', false);
    cache.set('c', true);
    expect(cache.get('a')).toBe(true);
    for (const name of ['a', 'b', 'unknown']) cache.delete(name);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, undefined, true]);
  });
});
