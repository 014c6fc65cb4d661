import { CLOCK_SKEW_MS_MAX } from './limits.ts';

/**
 * How far the lower median of the members' clocks is ahead of ours, milliseconds.
 * @param offsets - Of the other members heard recently; ours is 0 and counts too.
 */
function clockOffset(offsets: readonly number[]): number {
  const sorted = [...offsets, 0].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** Whether a node with these offsets to the other members must not propose block times. */
export function isSkewed(offsets: readonly number[]): boolean {
  return Math.abs(clockOffset(offsets)) > CLOCK_SKEW_MS_MAX;
}
