import { expect, it } from 'vitest';
import {
  addInFlight,
  clearInFlight,
  freeInFlight,
  IN_FLIGHT_BYTES_MAX,
  IN_FLIGHT_MESSAGES_MAX,
  type InFlight,
  isInFlightFull,
} from '../src/index.ts';

const empty = (): InFlight => ({ inFlight: [], inFlightBytes: 0 });

it('is full by count or by bytes, and gives back what arrived', () => {
  const window = empty();
  for (let i = 1; i <= IN_FLIGHT_MESSAGES_MAX; i++) {
    expect(isInFlightFull(window)).toBe(false);
    addInFlight(window, i * 10, 1);
  }
  expect(isInFlightFull(window)).toBe(true);
  freeInFlight(window, 19);
  expect([window.inFlight.length, window.inFlightBytes]).toEqual([IN_FLIGHT_MESSAGES_MAX - 1, 63]);
  addInFlight(window, 900, IN_FLIGHT_BYTES_MAX);
  freeInFlight(window, 899);
  expect(isInFlightFull(window)).toBe(true);
  freeInFlight(window, 900);
  expect(window).toEqual(empty());
});

it('forgets what is lost', () => {
  const window = empty();
  addInFlight(window, 1, 5);
  clearInFlight(window);
  expect(window).toEqual(empty());
});
