import { parentPort } from 'node:worker_threads';

/** A thread that fails at the first question. */
parentPort?.on('message', () => {
  throw new Error('broken');
});
