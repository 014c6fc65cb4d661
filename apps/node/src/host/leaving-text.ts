import type { LeavingStatus } from '@varve/validator';

/** Whether a validator that lost its seat may stop, for people. */
export function describeLeaving({ code, reported, quorum, lastHeight }: LeavingStatus): string {
  const what = code === 'SAFE_TO_STOP' ? 'its blocks are needed no more' : 'let it run';
  return `${code}: ${what}; ${reported} of ${quorum} validators report block ${lastHeight} as final`;
}
