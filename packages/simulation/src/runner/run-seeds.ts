import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { SeedQuestion, SeedResult, SeedRunOptions } from './seed-run.ts';
import { threadOptions, threadUrl } from './thread.ts';

/** Which seeds to run, and how. */
export interface RunSeedsOptions {
  /** The next seed and how to run it; `undefined` when there are no more. */
  readonly next: () => SeedQuestion | undefined;
  /** Threads. */
  readonly jobs: number;
  /** Results in the order in which they come. */
  readonly onResult: (result: SeedResult) => void;
  /** No new seeds after it fires; those under way are ended. */
  readonly signal?: AbortSignal;
}

/** Runs seeds on several threads until there are no more. */
export async function runSeeds(options: RunSeedsOptions): Promise<void> {
  // Every core runs a seed: helpers of a collection would only take turns with them. An eighth of the time on Node 24.
  setFlagsFromString('--single-threaded-gc');
  await Promise.all(Array.from({ length: options.jobs }, () => runThread(options)));
}

function runThread({ next, onResult, signal }: RunSeedsOptions): Promise<void> {
  const first = next();
  if (first === undefined) return Promise.resolve();
  const worker = new Worker(threadUrl('worker'), threadOptions());
  return new Promise<void>((resolve, reject) => {
    const end = (): void => {
      signal?.removeEventListener('abort', end);
      worker.terminate().then(() => resolve(), reject);
    };
    signal?.addEventListener('abort', end);
    worker.on('error', reject);
    worker.on('message', (result: SeedResult) => {
      onResult(result);
      const question = signal?.aborted ? undefined : next();
      if (question) worker.postMessage(question);
      else end();
    });
    worker.postMessage(first);
  });
}

/** Questions for the seeds from `first` to `last`, all with the same options. */
export function seedQuestions(first: number, last: number, options: SeedRunOptions): () => SeedQuestion | undefined {
  let seed = first;
  return () => (seed > last ? undefined : { seed: seed++, options });
}
