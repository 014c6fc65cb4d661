import type { Instant } from './events.ts';

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

/** How the clocks of members compare with ours: asked after every event, so only counted. */
export interface ClockCount {
  /** Other members heard recently. */
  readonly members: number;
  /** Those whose clocks are more than `CLOCK_SKEW_MS_MAX` ahead of ours, and behind it. */
  readonly ahead: number;
  readonly behind: number;
}

/**
 * Whether the lower median of these clocks and ours, whose offset is 0, is more than `CLOCK_SKEW_MS_MAX` away: then
 * this node must not propose block times.
 */
export function isSkewed({ members, ahead, behind }: ClockCount): boolean {
  // Of members + 1 offsets in order, the lower median is the one with so many before it.
  const before = members >> 1;
  return behind > before || members + 1 - ahead <= before;
}
