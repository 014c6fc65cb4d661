import type { NodeId } from '@varve/encoding';

/** Batches of entries on the way to one follower, at most. */
export const IN_FLIGHT_BATCHES_MAX = 64;
/** Payload bytes on the way to one follower, at most (one batch may exceed it). */
export const IN_FLIGHT_BYTES_MAX: number = 8 * 1024 * 1024;

/**
 * What the leader knows of one voter, itself included.
 * - `probe`: where the logs agree is unknown; one batch at a time, the next after an answer or a heartbeat's answer.
 * - `replicate`: `nextIndex` runs ahead of the answers, up to the window.
 * - `snapshot`: it needs entries that this log no longer has; block sync brings it to where a probe succeeds.
 */
export interface Progress {
  readonly id: NodeId;
  matchIndex: number;
  nextIndex: number;
  mode: 'probe' | 'replicate' | 'snapshot';
  /** A probe is on its way. */
  paused: boolean;
  inFlight: { readonly last: number; readonly bytes: number }[];
  inFlightBytes: number;
  /** Heard since the last quorum check. */
  active: boolean;
  /** Highest commit index it was sent. */
  commitTold: number;
  /** Highest read round it confirmed. */
  round: number;
}

/** Progress of a voter of which a new leader knows nothing. */
export function createProgress(id: NodeId, nextIndex: number): Progress {
  return {
    id,
    matchIndex: 0,
    nextIndex,
    mode: 'probe',
    paused: false,
    inFlight: [],
    inFlightBytes: 0,
    active: true,
    commitTold: 0,
    round: 0,
  };
}

/** Sets the mode and forgets what was on its way. */
export function enterMode(progress: Progress, mode: Progress['mode'], nextIndex: number): void {
  progress.mode = mode;
  progress.nextIndex = Math.max(nextIndex, progress.matchIndex + 1);
  progress.paused = false;
  progress.inFlight = [];
  progress.inFlightBytes = 0;
}

/** Whether no entries may be sent now. */
export function isThrottled(progress: Progress): boolean {
  switch (progress.mode) {
    case 'probe':
      return progress.paused;
    case 'snapshot':
      return true;
    case 'replicate':
      return progress.inFlight.length >= IN_FLIGHT_BATCHES_MAX || progress.inFlightBytes >= IN_FLIGHT_BYTES_MAX;
  }
}

/** Notes that entries up to `last` with `bytes` of payload were sent. */
export function noteSent(progress: Progress, last: number, bytes: number): void {
  if (progress.mode === 'probe') {
    progress.paused = true;
    return;
  }
  if (last < progress.nextIndex) return;
  progress.nextIndex = last + 1;
  progress.inFlight.push({ last, bytes });
  progress.inFlightBytes += bytes;
}

/**
 * Notes that it holds everything up to `matchIndex`. Never goes back: answers of one epoch are true for that epoch.
 * @returns Whether that was news.
 */
export function noteAccepted(progress: Progress, matchIndex: number): boolean {
  const isNews = matchIndex > progress.matchIndex;
  if (isNews) progress.matchIndex = matchIndex;
  progress.nextIndex = Math.max(progress.nextIndex, progress.matchIndex + 1);
  let freed = 0;
  for (const batch of progress.inFlight) {
    if (batch.last > progress.matchIndex) break;
    progress.inFlightBytes -= batch.bytes;
    freed += 1;
  }
  if (freed > 0) progress.inFlight.splice(0, freed);
  return isNews;
}
