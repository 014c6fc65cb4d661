import { describe, expect, it } from 'vitest';
import {
  createProgress,
  enterMode,
  IN_FLIGHT_BYTES_MAX,
  IN_FLIGHT_MESSAGES_MAX,
  isThrottled,
  noteAccepted,
  noteSent,
} from '../src/index.ts';
import { names } from '../src/testing/index.ts';

const [A = '' as never] = names(1);

describe('the window', () => {
  it('sends one probe at a time', () => {
    const progress = createProgress(A, 5);
    expect(isThrottled(progress)).toBe(false);
    noteSent(progress, 9, 10);
    expect([isThrottled(progress), progress.nextIndex]).toEqual([true, 5]);
  });

  it.each([
    { what: 'messages', bytes: 1, count: IN_FLIGHT_MESSAGES_MAX },
    { what: 'bytes', bytes: IN_FLIGHT_BYTES_MAX / 4, count: 4 },
  ])('is full after $count messages by its limit of $what, and empties with the answers', ({ bytes, count }) => {
    const progress = createProgress(A, 1);
    enterMode(progress, 'replicate', 1);
    for (let i = 1; i <= count; i++) {
      expect(isThrottled(progress)).toBe(false);
      noteSent(progress, i, bytes);
    }
    expect(isThrottled(progress)).toBe(true);
    expect(noteAccepted(progress, 1)).toBe(true);
    expect(isThrottled(progress)).toBe(false);
    noteAccepted(progress, count);
    expect([progress.inFlight.length, progress.inFlightBytes]).toEqual([0, 0]);
  });

  it('never takes back what was acknowledged, and never asks for it again', () => {
    const progress = createProgress(A, 10);
    noteAccepted(progress, 8);
    expect(noteAccepted(progress, 3)).toBe(false);
    enterMode(progress, 'probe', 2);
    expect([progress.matchIndex, progress.nextIndex]).toEqual([8, 9]);
  });
});
