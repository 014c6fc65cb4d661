import type { NodeId } from '@varve/encoding';
import { addInFlight, clearInFlight, freeInFlight, type InFlight, isInFlightFull } from './in-flight.ts';

/**
 * What the leader knows of one voter, itself included.
 * - `probe`: where the logs agree is unknown; one batch at a time, the next after an answer or a heartbeat's answer.
 * - `replicate`: `nextIndex` runs ahead of the answers, up to the window.
 * - `snapshot`: it needs entries that this log no longer has; block sync brings it to where a probe succeeds.
 */
export interface Progress extends InFlight {
  readonly id: NodeId;
  matchIndex: number;
  nextIndex: number;
  mode: 'probe' | 'replicate' | 'snapshot';
  /** A probe is on its way. */
  paused: boolean;
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
  clearInFlight(progress);
}

/** Whether no entries may be sent now. */
export function isThrottled(progress: Progress): boolean {
  switch (progress.mode) {
    case 'probe':
      return progress.paused;
    case 'snapshot':
      return true;
    case 'replicate':
      return isInFlightFull(progress);
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
  addInFlight(progress, last, bytes);
}

/**
 * Notes that it holds everything up to `matchIndex`. Never goes back: answers of one epoch are true for that epoch.
 * @returns Whether that was news.
 */
export function noteAccepted(progress: Progress, matchIndex: number): boolean {
  const isNews = matchIndex > progress.matchIndex;
  if (isNews) progress.matchIndex = matchIndex;
  progress.nextIndex = Math.max(progress.nextIndex, progress.matchIndex + 1);
  freeInFlight(progress, progress.matchIndex);
  return isNews;
}
