import type { Instant } from './events.ts';
import { CLOCK_SKEW_MS_MAX } from './limits.ts';

/** A peer's clock as it told it, and when, by our monotonic clock. */
interface ClockSource {
  readonly hello: { readonly clock: number };
  readonly heardAt: number;
}

/**
 * How far a peer's clock is ahead of ours, milliseconds. What it said is carried on by the clock that never jumps: a
 * jump of ours shows at once, and not only at its next `Hello`.
 */
export function clockOffset({ hello, heardAt }: ClockSource, now: Instant): number {
  return hello.clock + (now.monotonic - heardAt) - now.wall;
}

/**
 * How far the lower median of the members' clocks is ahead of ours, milliseconds.
 * @param offsets - Of the other members heard recently; ours is 0 and counts too.
 */
function medianOffset(offsets: readonly number[]): number {
  const sorted = [...offsets, 0].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** Whether a node with these offsets to the other members must not propose block times. */
export function isSkewed(offsets: readonly number[]): boolean {
  return Math.abs(medianOffset(offsets)) > CLOCK_SKEW_MS_MAX;
}
