import { Worker } from 'node:worker_threads';
import type { Investigation } from './investigate.ts';
import type { SeedRunOptions } from './seed-run.ts';
import { threadOptions, threadUrl } from './thread.ts';

/**
 * Looks into a seed on a thread of its own, which takes many runs.
 * @returns `undefined` when `signal` fires before that is done.
 */
export function investigateApart(
  seed: number,
  options: SeedRunOptions,
  signal: AbortSignal,
): Promise<Investigation | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  const worker = new Worker(threadUrl('investigator'), threadOptions());
  return new Promise<Investigation | undefined>((resolve, reject) => {
    const end = (found: Investigation | undefined): void => {
      signal.removeEventListener('abort', giveUp);
      worker.terminate().then(() => resolve(found), reject);
    };
    const giveUp = (): void => end(undefined);
    signal.addEventListener('abort', giveUp);
    worker.on('error', reject);
    worker.on('message', end);
    worker.postMessage({ seed, options });
  });
}
