import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { SharedMemory, sharedBytes, sharedCopy } from '../src/index.ts';

describe('sharedCopy', () => {
  it('gives copies that nothing else writes to, at every length', () => {
    const originals = Array.from({ length: 700 }, (_, length) => new Uint8Array(length).fill(length & 255));
    const copies = originals.map((bytes) => sharedCopy(bytes));
    for (const bytes of originals) bytes.fill(1);
    for (const [length, copy] of copies.entries()) {
      expect(copy).toEqual(new Uint8Array(length).fill(length & 255));
      copy.fill(2);
    }
  });

  it('shares memory among small ones alone, and no more than 8 KiB', () => {
    expect(sharedCopy(new Uint8Array(512)).buffer.byteLength).toBe(8192);
    expect(sharedCopy(new Uint8Array(513)).buffer.byteLength).toBe(513);
  });

  it('copies a large Buffer too, whose slice would be a view', () => {
    const buffer = Buffer.alloc(1000);
    const copy = sharedCopy(buffer);
    buffer.fill(1);
    expect(copy).toEqual(new Uint8Array(1000));
  });
});

it('sharedBytes gives zeros that nothing else writes to, at every length', () => {
  const arrays = Array.from({ length: 700 }, (_, length) => sharedBytes(length));
  for (const [length, bytes] of arrays.entries()) {
    expect(bytes).toEqual(new Uint8Array(length));
    bytes.fill(length & 255);
  }
  for (const [length, bytes] of arrays.entries()) expect(bytes).toEqual(new Uint8Array(length).fill(length & 255));
});

it('SharedMemory gives pieces of the size asked for, and none to what is long', () => {
  const memory = new SharedMemory(1024);
  const copies = Array.from({ length: 20 }, (_, i) => memory.copy(new Uint8Array(300).fill(i)));
  for (const [i, copy] of copies.entries()) expect(copy).toEqual(new Uint8Array(300).fill(i));
  expect(new Set(copies.map(({ buffer }) => buffer)).size).toBe(7);
  for (const { buffer } of copies) expect(buffer.byteLength).toBe(1024);
  expect(memory.copy(new Uint8Array(513)).buffer.byteLength).toBe(513);
});

it('SharedMemory uses the place of what was taken back again, and gives zeros there', () => {
  const memory = new SharedMemory(1024);
  const first = memory.copy(new Uint8Array(100).fill(1));
  const second = memory.copy(new Uint8Array(100).fill(2));
  memory.takeBack(first);
  memory.takeBack(second);
  const third = memory.bytes(50);
  expect([third.buffer === first.buffer, third.byteOffset, third]).toEqual([true, 100, new Uint8Array(50)]);
  expect(first).toEqual(new Uint8Array(100).fill(1));
  const large = memory.copy(new Uint8Array(600));
  memory.takeBack(large);
  expect(memory.bytes(10).byteOffset).toBe(150);
});
