import { utf8Encode } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { EntryCache } from '../src/entry-cache.ts';

const entry = (text: string) => ({ version: 0, modifiedHeight: 1, bytes: utf8Encode(text) });

describe('EntryCache', () => {
  it('gives what was set last, and nothing once it is deleted', () => {
    const cache = new EntryCache();
    expect(cache.get('a')).toBeUndefined();
    cache.set('a', entry('1'));
    const second = entry('2');
    cache.set('a', second);
    expect(cache.get('a')).toEqual(second);
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
  });

  it('forgets the older half, and never gives an older entry for a newer one', () => {
    const cache = new EntryCache();
    cache.set('a', entry('old'));
    for (let i = 0; i < 20_000; i++) cache.set(`x${i}`, entry('x'));
    expect(cache.get('a')).toBeDefined();
    const newer = entry('newer');
    cache.set('a', newer);
    for (let i = 0; i < 16_000; i++) cache.set(`y${i}`, entry('y'));
    expect(cache.get('a')).toEqual(newer);
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
    for (let i = 0; i < 40_000; i++) cache.set(`z${i}`, entry('z'));
    expect(cache.get('x19999')).toBeUndefined();
  });

  it('keeps nothing of the memory that a value came in', () => {
    const cache = new EntryCache();
    const payload = new Uint8Array(1_000_000).fill(7);
    const bytes = payload.subarray(1000, 1100);
    cache.set('a', { version: 3, modifiedHeight: 9, bytes });
    payload.fill(8);
    const kept = cache.get('a');
    expect(kept).toEqual({ version: 3, modifiedHeight: 9, bytes: new Uint8Array(100).fill(7) });
    expect(kept?.bytes.buffer.byteLength).toBeLessThan(4096);
  });

  it('keeps no large entry, nor the small one that it replaces', () => {
    const cache = new EntryCache();
    cache.set('a', entry('small'));
    cache.set('a', entry('l'.repeat(5000)));
    expect(cache.get('a')).toBeUndefined();
  });
});
